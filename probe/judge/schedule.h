/* SPDX-License-Identifier: MIT */
/*
 * schedule.h - when a candidate is checked next, and how long that check may take.  Pure: clock and chance are passed in.
 */
#ifndef MPFAILOVER_SCHEDULE_H
#define MPFAILOVER_SCHEDULE_H

#include <stdint.h>

#include "conf/conf.h"
#include "probe/judge/verdict.h"

enum {
	SCHEDULE_GAP_MS = 50,      /* at least, from one check's end to the next one's start */
	SCHEDULE_DOUBT_MS = 100,   /* a check of a candidate in doubt gets at least that, */
	SCHEDULE_DOUBT_FACTOR = 8, /* and at least that many times what it is known to take */
};

/* The check that ended last. */
struct schedule_last {
	enum outcome_kind outcome;
	uint32_t definite; /* definite failures in a row, this one included */
	uint64_t started_ms, ended_ms;
};

/* VERDICT: after that check.  RANDOM: any 32 bits. */
uint64_t schedule_next_ms(const struct conf_timing *timing, const struct verdict *verdict,
                          const struct schedule_last *last, uint32_t random);

/* How long after the start candidate INDEX of COUNT is checked for the first time: evenly spread. */
uint32_t schedule_first_ms(const struct conf_timing *timing, uint32_t index, uint32_t count);

/* What a round of "check all now" leaves free behind a check of that type, so that none of the round is late. */
uint32_t schedule_room_us(enum conf_check_type type);

/* PACE_US: an upper estimate of what a check takes, 0: not measured. */
uint32_t schedule_deadline_ms(const struct conf_timing *timing, const struct verdict *verdict, uint32_t pace_us);

#endif
