/* SPDX-License-Identifier: MIT */
/*
 * watch_pause.h - how long to leave a server alone after a watch connection has ended.  Pure: chance is passed in.
 *
 * An end at a regular age is the server's own limit for idle connections, and a brief one means that it does not like them.
 */
#ifndef MPFAILOVER_WATCH_PAUSE_H
#define MPFAILOVER_WATCH_PAUSE_H

#include <stdint.h>

enum {
	WATCH_AGAIN_MS = 50,
	WATCH_BRIEF_MS = 5000,
	WATCH_LONGEST_PAUSE_MS = 600000,
};

/* All zero at the start. */
struct watch_history {
	uint64_t last_age_ms;
	uint32_t brief; /* such ends in a row */
};

/* The connection ended at an age of AGE_MS.  RANDOM: any 32 bits. */
uint64_t watch_pause_ms(struct watch_history *history, uint64_t age_ms, uint32_t interval_ms, uint32_t random);

#endif
