/* SPDX-License-Identifier: MIT */
/*
 * await.h - someone who waits for how the next check of some candidates ends.
 */
#ifndef MPFAILOVER_AWAIT_H
#define MPFAILOVER_AWAIT_H

#include <stdbool.h>
#include <stddef.h>

#include "probe/engine/candidate.h"

struct await_result {
	const struct candidate *candidate; /* NULL: known, or gone */
	char service[CONF_NAME_SIZE], name[CONF_NAME_SIZE];
	bool gone; /* it left the configuration before its check had ended */
	struct outcome outcome;
	uint64_t took_us;
	uint32_t word; /* the verdict word after it */
};

struct await;

/* All are known.  Called once, never from within await_start(), and not after await_cancel().  AWAIT is gone after it. */
typedef void await_over(void *owner, const struct await_result *results, size_t count);

/* Has COUNT candidates (at least one) checked now.  NULL: no memory. */
struct await *await_start(struct candidate *const *list, size_t count, await_over *over, void *owner);

/* In how many milliseconds that is surely over. */
uint32_t await_limit_ms(const struct await *await);

void await_cancel(struct await *await);

/* For candidate.c: its check has ended, or it goes. */
void await_checked(const struct candidate *candidate, const struct outcome *outcome, uint64_t took_us);
void await_gone(const struct candidate *candidate);

#endif
