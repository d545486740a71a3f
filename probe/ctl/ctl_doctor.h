/* SPDX-License-Identifier: MIT */
/*
 * ctl_doctor.h - the parts of `mpfailoverctl doctor`, one for each thing that it can be asked about.
 */
#ifndef MPFAILOVER_CTL_DOCTOR_H
#define MPFAILOVER_CTL_DOCTOR_H

#include <sys/types.h>

#include "probe/ctl/diagnosis.h"
#include "probe/ctl/privilege.h"
#include "probe/ctl/program.h"

/* LIBRARY in all of them: its path, perhaps with $LIB.  Each completes a diagnosis that was begun. */

/* If COMMAND, its words, were started by the launcher; TABLE: the path of its table, which may be made later. */
void doctor_command(struct diagnosis *out, char *const *command, const char *library, const char *table);

/* TABLE: the path for a process whose environment names none. */
void doctor_process(struct diagnosis *out, pid_t pid, const char *library, const char *table);

/* What is installed here, part by part: fills OUT, and returns how many. */
enum { DOCTOR_PARTS = 9 };
unsigned doctor_installation(struct diagnosis out[DOCTOR_PARTS], const char *library, const char *table);

/* Do connections leave by the uplinks of the configuration?  False: it has none, and OUT is as it was. */
bool doctor_uplinks(struct diagnosis *out, const char *table);

/* For all programs, by an operator. */
void doctor_switched_off(struct diagnosis *out);

/* Go and the like: no preloaded library can act in PROGRAM, which was found. */
bool doctor_out_of_reach(struct diagnosis *out, const struct program *program);

/* How a program is started. */
struct doctor_start {
	enum privilege privilege;
	const char *preload; /* LD_PRELOAD before ours is added, NULL: unset */
	const char *library;
};

/* Could the library act in PROGRAM, which was found, when it is started so? */
void doctor_examine(struct diagnosis *out, const struct program *program, const struct doctor_start *start);

#endif
