/* SPDX-License-Identifier: MIT */
/*
 * sample.h - what was measured, and its median.
 */
#ifndef MPFAILOVER_BENCH_SAMPLE_H
#define MPFAILOVER_BENCH_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

uint64_t sample_now_ns(void);

/* The SHARE-quantile (0 to 1) of VALUES, which are put in order. */
double sample_quantile(double *values, size_t count, double share);

static inline double sample_median(double *values, size_t count)
{
	return sample_quantile(values, count, 0.5);
}

#endif
