/* SPDX-License-Identifier: MIT */
/*
 * lateness.h - was this process itself away?  Pure: the clocks are passed in.
 *
 * A loop that was stopped, starved, busy, or asleep with its machine cannot tell a silent server from its own silence: what
 * failed meanwhile says nothing.
 */
#ifndef MPFAILOVER_LATENESS_H
#define MPFAILOVER_LATENESS_H

#include <stdbool.h>
#include <stdint.h>

enum { LATENESS_LIMIT_MS = 250, LATENESS_TELL_MS = 10000 };

struct lateness {
	uint64_t expected_ms; /* when the loop should have woken, at the latest */
	uint64_t asleep_ms;   /* how long the machine has been suspended since its boot */
	uint64_t back_ms;     /* when the last absence ended, 0: there was none */
	uint64_t away_ms;     /* how long that was */
	uint64_t told_ms;     /* when that was last worth a word, 0: never */
};

/* ASLEEP_MS, here and below: CLOCK_BOOTTIME less CLOCK_MONOTONIC. */
struct lateness lateness_start(uint64_t now_ms, uint64_t asleep_ms);

/* The loop is about to wait for at most WAIT_MS. */
void lateness_wait(struct lateness *lateness, uint64_t now_ms, uint64_t wait_ms);

/* In a turn of the loop that began at WOKE_MS it is NOW_MS.  True, at most every 10 s: it was away, and that is worth
 * a word. */
bool lateness_note(struct lateness *lateness, uint64_t woke_ms, uint64_t now_ms, uint64_t asleep_ms);

/* Does an absence make a failure of what was started at STARTED_MS void? */
bool lateness_voids(const struct lateness *lateness, uint64_t started_ms);

#endif
