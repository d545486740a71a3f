/* SPDX-License-Identifier: MIT */
#include "preload/budget.h"

/* A second is told in eighths; whatever was spent in this one and the eight before it may be within the last second. */
enum { EIGHTH_US = 125000, EIGHTHS = 8, BUCKETS = 16 };

/* Static TLS: reached without a call, so also from a signal handler. */
static __thread struct {
	uint64_t eighth; /* which one, since the clock began */
	uint64_t spent_us;
} buckets[BUCKETS] __attribute__((tls_model("initial-exec")));

uint64_t budget_left_us(uint32_t allowed_ms, uint64_t now_us)
{
	const uint64_t allowed_us = (uint64_t)allowed_ms * 1000, eighth = now_us / EIGHTH_US;
	uint64_t spent_us = 0;
	for (unsigned i = 0; i < BUCKETS; i++)
		if (eighth - buckets[i].eighth <= EIGHTHS)
			spent_us += buckets[i].spent_us;
	return spent_us < allowed_us ? allowed_us - spent_us : 0;
}

void budget_spend(uint64_t now_us, uint64_t waited_us)
{
	const uint64_t eighth = (now_us + waited_us) / EIGHTH_US;
	const unsigned place = eighth % BUCKETS;
	if (buckets[place].eighth != eighth) {
		buckets[place].eighth = eighth;
		buckets[place].spent_us = 0;
	}
	buckets[place].spent_us += waited_us;
}
