/* SPDX-License-Identifier: MIT */
/*
 * estimate.h - how long a thing takes: mean and deviation, smoothed as TCP does for its own timer.  Pure.
 */
#ifndef MPFAILOVER_ESTIMATE_H
#define MPFAILOVER_ESTIMATE_H

#include <stdint.h>

/* All zero: nothing measured yet. */
struct estimate {
	uint64_t mean_8;      /* microseconds, times 8 */
	uint64_t deviation_4; /* microseconds, times 4 */
};

struct estimate estimate_after(struct estimate before, uint32_t measured_us);

/* Mean plus four deviations, 0: nothing measured yet. */
uint32_t estimate_upper_us(struct estimate estimate);

#endif
