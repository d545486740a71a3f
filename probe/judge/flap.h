/* SPDX-License-Identifier: MIT */
/*
 * flap.h - how often a candidate's verdict has changed of late, and what follows from that.  Pure: the clock is passed in.
 *
 * Damping: each time that a candidate goes down, the hold-up of its next return doubles, up to FLAP_HOLD_MAX_MS (or what is
 * configured, if that is longer).  Each FLAP_CALM_MS without going down halve it again, so that in the long run a candidate is
 * failed back to once in FLAP_CALM_MS at most.  A hold-up of 0 stays 0.
 *
 * Telling: within an hour FLAP_TOLD changes are told one by one, and what is beyond that by a summary every FLAP_SUMMARY_MS.
 */
#ifndef MPFAILOVER_FLAP_H
#define MPFAILOVER_FLAP_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/table.h"

enum {
	FLAP_CALM_MS = 600000,
	FLAP_HOLD_MAX_MS = 600000,
	FLAP_LEAST_MS = 1000, /* what a shorter hold-up counts as, where hooks are damped */
	FLAP_TOLD = 120,
	FLAP_SUMMARY_MS = 600000,
	FLAP_MINUTES = 60,
};

/* All zero at the start. */
struct flap {
	uint16_t minute[FLAP_MINUTES]; /* changes in each */
	uint64_t last_minute;          /* since the clock's start: the newest of them */
	uint32_t changes;              /* sum of them */
	uint32_t untold;               /* since the last summary */
	uint64_t summary_ms;           /* when that was */
	uint32_t level;                /* hold-up is doubled level - 1 times */
	bool down;
	uint64_t calm_ms; /* up, or the level lowered, since then */
};

/* The verdict has become TO.  True: this change is told by itself. */
bool flap_changed(struct flap *flap, enum mpf_verdict to, uint64_t now_ms, uint32_t hold_up_ms);

/* Time has passed.  How many changes to tell of in a summary now, mostly 0. */
uint32_t flap_passed(struct flap *flap, uint64_t now_ms);

/* An operator trusts it again. */
void flap_forgive(struct flap *flap);

/* Changes within the last hour. */
uint32_t flap_changes(struct flap *flap, uint64_t now_ms);

/* The configured hold-up as it is now: for clients, */
uint32_t flap_hold_up_ms(const struct flap *flap, uint32_t hold_up_ms);
/* and for hooks, which flapping must not keep busy even where clients go back at once. */
uint32_t flap_quiet_ms(const struct flap *flap, uint32_t hold_up_ms);

#endif
