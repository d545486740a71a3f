/* SPDX-License-Identifier: MIT */
/*
 * clock.h - the loop's clock (CLOCK_MONOTONIC) and its timers.
 *
 * uv_now() is when the present turn began and is never refreshed within it, so that the length of a turn can be told.
 */
#ifndef MPFAILOVER_CLOCK_H
#define MPFAILOVER_CLOCK_H

#include <stdint.h>
#include <time.h>
#include <uv.h>

static inline uint64_t clock_us(void)
{
	return uv_hrtime() / 1000;
}
static inline uint64_t clock_ms(void)
{
	return uv_hrtime() / 1000000;
}

/* Wall clock, for "since when". */
static inline uint32_t clock_wall_s(void)
{
	return (uint32_t)time(NULL);
}

/* CLOCK_BOOTTIME less CLOCK_MONOTONIC: for how long the machine has been suspended. */
uint64_t clock_asleep_ms(void);

/* Calls CALLBACK once, DELAY_MS from now, not from the start of the turn. */
void clock_start_timer(uv_timer_t *timer, uv_timer_cb callback, uint64_t delay_ms);

#endif
