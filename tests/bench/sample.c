/* SPDX-License-Identifier: MIT */
#include "tests/bench/sample.h"

#include <stdlib.h>
#include <time.h>

uint64_t sample_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double sample_quantile(double *values, size_t count, double share)
{
	if (!count)
		return 0;
	qsort(values, count, sizeof *values, ascending);
	return values[(size_t)((double)(count - 1) * share)];
}
