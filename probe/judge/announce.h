/* SPDX-License-Identifier: MIT */
/*
 * announce.h - what is worth a hook: a candidate that is down, and one that is up again to stay.  Pure.
 *
 * It is down once, however often it comes and goes, until it has been up for as long as connections would wait before they go
 * back to it.
 */
#ifndef MPFAILOVER_ANNOUNCE_H
#define MPFAILOVER_ANNOUNCE_H

#include <stdbool.h>
#include <stdint.h>

#include "probe/judge/verdict.h"

enum announce_word { ANNOUNCE_NOTHING, ANNOUNCE_DOWN, ANNOUNCE_UP };

struct announce {
	bool down; /* is the last thing that was said */
};

/* A daemon that goes on from this verdict: the one before it has spoken, unless the candidate was in MAINTENANCE. */
struct announce announce_adopted(const struct verdict *verdict, bool maintenance);

/* QUIET_MS: how long it has to be up. */
enum announce_word announce_candidate(struct announce *announce, const struct verdict *verdict, uint64_t now_ms,
                                      uint32_t quiet_ms);

/* Candidates of a service. */
struct announce_tally {
	unsigned usable, down;
	unsigned settled; /* usable, and not announced as down */
};

/* A service without a usable candidate, of which at least one is down, and not in an operator's maintenance alone.  ALL_DOWN is
 * kept for it from one call to the next, false at the start.  True: just now. */
bool announce_all_down(bool *all_down, const struct announce_tally *tally);

#endif
