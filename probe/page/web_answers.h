/* SPDX-License-Identifier: MIT */
/*
 * web_answers.h - what may be asked for over HTTP, and the answers.
 *
 * All of it belongs to one thread.  An answer is made once for all who ask at about the same time: every 200 ms at most, and
 * every millisecond for each KiB of it.  So many cost as much as one; and if nobody may take longer than ten seconds to read, what
 * they hold of each kind is at most ten MiB and one.
 */
#ifndef MPFAILOVER_WEB_ANSWERS_H
#define MPFAILOVER_WEB_ANSWERS_H

#include <stddef.h>
#include <stdint.h>

struct handover;
struct history;
struct punctuality;
struct web_answers;

/* Where they come from.  All but the table is the loop's, which stores while we look. */
struct web_sources {
	const char *table;             /* path */
	const struct history *history; /* NULL: none */
	const struct handover *handover;
	const struct punctuality *punctuality;
	uint32_t started_s;
};

struct web_answers *web_answers_new(const struct web_sources *sources); /* NULL: no memory */
void web_answers_free(struct web_answers *answers);                     /* NULL is fine */

struct web_answer {
	unsigned status;
	const char *type;
	const char *policy; /* Content-Security-Policy, NULL: that of what is no page */
	char tag[24];       /* for If-None-Match, with its quotes; "": none */
	const char *data;
	size_t size;
	/* Private. */
	unsigned references;
	uint64_t made_ms;
	char *owned;
};

/* A reference to the answer for PATH, at NOW_MS of any clock.  NULL: there is nothing of that name. */
struct web_answer *web_answers_take(struct web_answers *answers, const char *path, uint64_t now_ms);

void web_answer_release(struct web_answer *answer); /* NULL is fine */

#endif
