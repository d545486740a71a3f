/* SPDX-License-Identifier: MIT */
/*
 * verdict.h - what a row of outcomes says of a candidate.  Pure: the clock is passed in.
 *
 *     unknown --success--> up        unknown, up --failure--> suspect --`fall` failures in a row--> down
 *     suspect --success--> up        down --`rise` successes in a row--> up, held for `hold-up` (or for an operator)
 *
 * A void outcome changes nothing.
 */
#ifndef MPFAILOVER_VERDICT_H
#define MPFAILOVER_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "probe/check/outcome.h"

enum { VERDICT_FOREVER = UINT32_MAX };

struct verdict_rules {
	uint32_t fall, rise;
	uint32_t hold_up_ms; /* 0: fail back at once, VERDICT_FOREVER: an operator releases it */
};

struct verdict {
	enum mpf_verdict verdict;
	uint32_t flags;       /* enum mpf_flag, or'ed */
	bool succeeding;      /* what the streak is of */
	uint32_t streak;      /* checks in a row that succeeded, or failed */
	uint64_t up_since_ms; /* while held: what hold-up counts from */
};

const char *verdict_name(enum mpf_verdict verdict);

/* What a restarted or reloaded daemon knows: the verdict and its flags, as of NOW_MS. */
struct verdict verdict_adopted(enum mpf_verdict verdict, uint32_t flags, uint64_t now_ms);

struct verdict verdict_after(struct verdict before, enum outcome_kind outcome, uint64_t now_ms,
                             const struct verdict_rules *rules);

/* Time alone passed: a hold may be over. */
struct verdict verdict_at(struct verdict before, uint64_t now_ms, const struct verdict_rules *rules);

/* An operator says that connections may go back to it. */
struct verdict verdict_released(struct verdict before);

/* A client reported a failure, or it has been refuted.  Only what is up can be doubted. */
struct verdict verdict_doubted(struct verdict before, bool doubted);

/* The canaries missed: up becomes suspect, without a place in the streak. */
struct verdict verdict_suspected(struct verdict before);

#endif
