/* SPDX-License-Identifier: MIT */
/*
 * handover.h - what the event loop hands over to the thread that answers HTTP: the last events, and how the
 * last reload went.
 *
 * The loop never waits: it stores, and a reader looks whether what it has copied was whole.
 */
#ifndef MPFAILOVER_HANDOVER_H
#define MPFAILOVER_HANDOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HANDOVER_LINES = 256, HANDOVER_LINE_SIZE = 2044 };

struct handover_line {
	uint32_t sequence; /* odd while it is being written */
	char text[HANDOVER_LINE_SIZE];
};

/* All zero at the start. */
struct handover {
	uint32_t told; /* lines, ever; line n is at n % HANDOVER_LINES */
	struct handover_line lines[HANDOVER_LINES];
	uint32_t reload_failed; /* the last one */
};

/* One that does not fit is left out. */
void handover_tell(struct handover *handover, const char *line);

/* Line number NUMBER.  False: it is gone, or just going. */
bool handover_line(const struct handover *handover, uint32_t number, char out[HANDOVER_LINE_SIZE]);

/* The lines that there are: from *FIRST to one before what is returned. */
uint32_t handover_end(const struct handover *handover, uint32_t *first);

#endif
