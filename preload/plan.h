/* SPDX-License-Identifier: MIT */
/*
 * plan.h - which candidate a connect() tries next, and how long it waits for it.  Pure: time is passed in.
 *
 * A round tries each candidate once, best first, each with a deadline of its own.  When a whole round has failed, those that were only
 * silent are tried again with twice the deadline, so that no candidate, dead or alive, ever holds the call to itself.
 */
#ifndef MPFAILOVER_PLAN_H
#define MPFAILOVER_PLAN_H

#include <stdbool.h>

#include "preload/choose.h"

struct plan {
	const struct snapshot *snapshot;
	const struct choose_list *list;
	bool never_back;   /* a mapped attempt bars the native ones after it (choose.h) */
	bool mapped;       /* one was made */
	unsigned round;    /* from 0 */
	unsigned position; /* in the list, of the next to try */
	uint32_t silent;   /* bit i: list position i let its last deadline pass */
	uint32_t failed;   /* bit i: it answered with an error */
};

void plan_start(struct plan *plan, const struct snapshot *snapshot, const struct choose_list *list, enum choose_reach reach);

/* The list position to try next, -1 when none is left (all answered with errors).  *WAIT_US: its deadline. */
int plan_next(struct plan *plan, uint64_t *wait_us);

/* How the attempt at POSITION ended. */
void plan_note_silent(struct plan *plan, int position);
void plan_note_failed(struct plan *plan, int position);

/* Has each candidate been tried once? */
bool plan_round_done(const struct plan *plan);

/* The deadline of an attempt: three times the handshake time (an upper estimate already), within the service's floor and ceiling;
 * the ceiling if it was never measured; doubled for each round, up to eight ceilings. */
uint64_t plan_wait_us(uint32_t handshake_us, uint32_t floor_ms, uint32_t ceiling_ms, unsigned round);

/* How long the kernel goes on with SYN_RETRIES (TCP_SYNCNT) before a silent connect() ends, with the four linear retries that
 * Linux makes first since 6.5 (measured: 3, 7, 19, 35, 67, 131 s for 1 to 6; older ones: 2^(n+1) - 1). */
uint64_t plan_patience_us(int syn_retries);

#endif
