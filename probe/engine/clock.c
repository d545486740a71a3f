/* SPDX-License-Identifier: MIT */
#include "probe/engine/clock.h"

uint64_t clock_asleep_ms(void)
{
	struct timespec boot, monotonic;
	clock_gettime(CLOCK_MONOTONIC, &monotonic);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	int64_t difference_ms = (boot.tv_sec - monotonic.tv_sec) * 1000 + (boot.tv_nsec - monotonic.tv_nsec) / 1000000;
	return difference_ms > 0 ? (uint64_t)difference_ms : 0;
}

void clock_start_timer(uv_timer_t *timer, uv_timer_cb callback, uint64_t delay_ms)
{
	uint64_t turn_ms = uv_now(timer->loop), now_ms = clock_ms();
	uv_timer_start(timer, callback, delay_ms + (now_ms > turn_ms ? now_ms - turn_ms : 0), 0);
}
