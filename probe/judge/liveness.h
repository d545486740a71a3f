/* SPDX-License-Identifier: MIT */
/*
 * liveness.h - does the daemon do its work, or does only its loop turn?  Pure: the clock is passed in.
 *
 * The watchdog of the service manager is told "alive" by a daemon whose heartbeat goes on and whose candidates each have a check
 * under way or planned that is not overdue.
 */
#ifndef MPFAILOVER_LIVENESS_H
#define MPFAILOVER_LIVENESS_H

#include <stdbool.h>
#include <stdint.h>

enum {
	LIVENESS_GRACE_MS = 5000,     /* so much later than planned, or than its limit, a check is overdue */
	LIVENESS_HEARTBEAT_MS = 3000, /* so old, the last completed heartbeat is */
};

/* A candidate's. */
struct liveness_check {
	bool under_way;
	uint64_t started_ms; /* that one, */
	uint32_t limit_ms;   /* and how long it may take */
	bool planned;
	uint64_t due_ms;
};

bool liveness_overdue(const struct liveness_check *check, uint64_t now_ms);

/* Is the heartbeat that was completed at BEAT_MS (0: none yet) too old? */
bool liveness_stuck(uint64_t beat_ms, uint64_t now_ms);

#endif
