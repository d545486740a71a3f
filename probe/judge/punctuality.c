/* SPDX-License-Identifier: MIT */
#include "probe/judge/punctuality.h"

const uint32_t punctuality_bounds_ms[PUNCTUALITY_BOUNDS] = { 1, 5, 10, 25, 50, 100, 250, 1000 };

static void add(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, *word + value, __ATOMIC_RELAXED);
}

void punctuality_note(struct punctuality *punctuality, uint32_t late_ms)
{
	unsigned i = 0;
	while (i < PUNCTUALITY_BOUNDS && late_ms > punctuality_bounds_ms[i])
		i++;
	add(&punctuality->counts[i], 1);
	add(&punctuality->sum_ms, late_ms);
}

struct punctuality punctuality_copy(const struct punctuality *punctuality)
{
	struct punctuality copy;
	for (unsigned i = 0; i <= PUNCTUALITY_BOUNDS; i++)
		copy.counts[i] = __atomic_load_n(&punctuality->counts[i], __ATOMIC_RELAXED);
	copy.sum_ms = __atomic_load_n(&punctuality->sum_ms, __ATOMIC_RELAXED);
	return copy;
}
