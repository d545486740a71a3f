/* SPDX-License-Identifier: MIT */
/*
 * punctuality.h - how late checks have started, as a histogram.  Pure.
 *
 * One thread counts, others may look.
 */
#ifndef MPFAILOVER_PUNCTUALITY_H
#define MPFAILOVER_PUNCTUALITY_H

#include <stdint.h>

enum { PUNCTUALITY_BOUNDS = 8 };

/* In milliseconds, inclusive: the bounds of the buckets; there is one more for what is later. */
extern const uint32_t punctuality_bounds_ms[PUNCTUALITY_BOUNDS];

/* All zero at the start. */
struct punctuality {
	uint32_t counts[PUNCTUALITY_BOUNDS + 1];
	uint32_t sum_ms;
};

void punctuality_note(struct punctuality *punctuality, uint32_t late_ms);
struct punctuality punctuality_copy(const struct punctuality *punctuality);

#endif
