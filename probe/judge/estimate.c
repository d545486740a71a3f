/* SPDX-License-Identifier: MIT */
#include "probe/judge/estimate.h"

struct estimate estimate_after(struct estimate before, uint32_t measured_us)
{
	if (!before.mean_8)
		return (struct estimate){ .mean_8 = 8 * (uint64_t)measured_us,
			                  .deviation_4 = 2 * (uint64_t)measured_us };
	uint64_t mean = before.mean_8 / 8;
	uint64_t error = mean > measured_us ? mean - measured_us : measured_us - mean;
	before.mean_8 += measured_us - mean; /* wraps, and comes out right */
	before.deviation_4 += error - before.deviation_4 / 4;
	return before;
}

uint32_t estimate_upper_us(struct estimate estimate)
{
	uint64_t upper = estimate.mean_8 / 8 + estimate.deviation_4;
	return upper < UINT32_MAX ? (uint32_t)upper : UINT32_MAX;
}
