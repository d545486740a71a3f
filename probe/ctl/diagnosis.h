/* SPDX-License-Identifier: MIT */
/*
 * diagnosis.h - what doctor finds: would the library act, and if not, why not, and what to do instead.
 */
#ifndef MPFAILOVER_DIAGNOSIS_H
#define MPFAILOVER_DIAGNOSIS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "probe/ctl/ctl.h"
#include "probe/ctl/ctl_json.h"

/* The first that applies is told.  Each has a name and a remedy in diagnosis.c, and a line in mpfailoverctl.8. */
enum diagnosis_code {
	DIAGNOSIS_ACTS,
	DIAGNOSIS_NOT_FOUND,
	DIAGNOSIS_NOT_EXECUTABLE,
	DIAGNOSIS_UNREADABLE,
	DIAGNOSIS_FOREIGN,
	DIAGNOSIS_NO_PROCESS,
	DIAGNOSIS_DROPS_PRELOAD,
	DIAGNOSIS_GO,
	DIAGNOSIS_PASCAL,
	DIAGNOSIS_STATIC,
	DIAGNOSIS_STATIC_PIE,
	DIAGNOSIS_SET_ID,
	DIAGNOSIS_CAPABILITIES,
	DIAGNOSIS_LIBC,
	DIAGNOSIS_NO_LIBRARY,
	DIAGNOSIS_OWN_FUNCTIONS,
	DIAGNOSIS_OFF,
	DIAGNOSIS_NOT_PRELOADED,
	DIAGNOSIS_NOT_LOADED,
	DIAGNOSIS_NO_TABLE,
	DIAGNOSIS_STALE,
	DIAGNOSIS_UPLINKS,
	DIAGNOSIS_CODES,
};

enum { DIAGNOSIS_TEXT = 512, DIAGNOSIS_NOTES = 16 };

struct diagnosis {
	char subject[DIAGNOSIS_TEXT]; /* what was asked for */
	enum diagnosis_code code;
	char reason[DIAGNOSIS_TEXT]; /* what was found, or why not: one line */
	const char *remedy;          /* if it would not act: one line; NULL: the usual one */
	unsigned note_count;
	char note[DIAGNOSIS_NOTES][DIAGNOSIS_TEXT]; /* what else is worth knowing */
	/* For programs that read this; "" or 0: not known, or none. */
	char program[PATH_MAX], library[PATH_MAX], table[PATH_MAX];
	uint32_t generation; /* of the table */
};

void diagnosis_begin(struct diagnosis *out, const char *subject);

/* Texts are cut where there is no more room, and what would upset a terminal is taken out of them. */
void diagnosis_set(struct diagnosis *diagnosis, enum diagnosis_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void diagnosis_note(struct diagnosis *diagnosis, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Also when it has only old verdicts to go by. */
bool diagnosis_acts(const struct diagnosis *diagnosis);

/* For programs: "acts", "static" ... */
const char *diagnosis_name(enum diagnosis_code code);

/* "" if there is nothing to be done. */
const char *diagnosis_remedy(const struct diagnosis *diagnosis);

enum ctl_exit diagnosis_exit(const struct diagnosis *diagnosis);

/* IS_PROGRAM: it begins with whether the library acts in that. */
void diagnosis_print(const struct diagnosis *diagnosis, FILE *out, bool is_program);

/* Nothing if it acts; else only reason and remedy, as warnings of the launcher. */
void diagnosis_print_warning(const struct diagnosis *diagnosis, FILE *out);

/* As an object. */
json_t *diagnosis_json(const struct diagnosis *diagnosis);

#endif
