/* SPDX-License-Identifier: MIT */
/*
 * doubt.h - what a client's report of a failed connect does.  Pure: the clock is passed in.
 *
 * It marks the candidate as doubted, and canaries (bare TCP connects) follow, one after the other.  The first that answers
 * clears the mark, and for one interval further reports do nothing.  Three misses in a row make the candidate suspect.
 * So a report alone changes no verdict, and whoever floods us shifts traffic for one canary's time in each interval.
 */
#ifndef MPFAILOVER_DOUBT_H
#define MPFAILOVER_DOUBT_H

#include <stdbool.h>
#include <stdint.h>

#include "probe/check/outcome.h"

enum { DOUBT_MISSES = 3, DOUBT_CANARY_MS = 50 };

/* All zero at the start. */
struct doubt {
	bool trying; /* a canary is under way */
	uint32_t misses;
	uint64_t quiet_until_ms;
};

enum doubt_action {
	DOUBT_NOTHING,
	DOUBT_TRY,     /* (mark the candidate and) send a canary */
	DOUBT_CLEAR,   /* the mark */
	DOUBT_SUSPECT, /* make it suspect, and check it */
};

/* A client reported a failure of what is UP, or not. */
enum doubt_action doubt_reported(struct doubt *doubt, bool up, uint64_t now_ms);

/* A check of what is up ended without an answer to its first packet: a canary asks again. */
enum doubt_action doubt_unanswered(struct doubt *doubt);

/* How the canary went. */
enum doubt_action doubt_tried(struct doubt *doubt, enum outcome_kind outcome, uint64_t now_ms, uint32_t interval_ms);

/* A check has answered the question. */
void doubt_checked(struct doubt *doubt, enum outcome_kind outcome, uint64_t now_ms, uint32_t interval_ms);

/* How long a canary may take, by an upper estimate of the handshake time (0: not measured): 50 ms, or what a candidate that is
 * far away needs. */
uint32_t doubt_deadline_ms(uint32_t handshake_us);

#endif
