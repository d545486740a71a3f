/* SPDX-License-Identifier: MIT */
#include "preload/budget.h"

enum { SECOND_US = 1000000 };

/* Static TLS: reached without a call, so also from a signal handler. */
static __thread struct {
	uint64_t since_us;
	uint64_t spent_us;
} budget __attribute__((tls_model("initial-exec")));

static uint64_t spent_us(uint64_t now_us)
{
	return now_us - budget.since_us < SECOND_US ? budget.spent_us : 0;
}

uint64_t budget_left_us(uint32_t allowed_ms, uint64_t now_us)
{
	const uint64_t allowed_us = (uint64_t)allowed_ms * 1000, spent = spent_us(now_us);
	return spent < allowed_us ? allowed_us - spent : 0;
}

void budget_spend(uint64_t now_us, uint64_t waited_us)
{
	if (now_us - budget.since_us >= SECOND_US) {
		budget.since_us = now_us;
		budget.spent_us = 0;
	}
	budget.spent_us += waited_us;
}
