/* SPDX-License-Identifier: MIT */
#include "probe/judge/schedule.h"

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}
static uint64_t most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* DELAY more or less some percent of it. */
static uint64_t jittered(uint64_t delay_ms, uint32_t percent, uint32_t random)
{
	uint64_t width = 2 * delay_ms * percent / 100;
	return delay_ms - width / 2 + (width * random >> 32);
}

/* 50 ms after the first definite failure, then doubled; beyond LIMIT it no longer matters. */
static uint64_t backoff_ms(uint32_t definite, uint64_t limit_ms)
{
	return definite > 16 ? limit_ms : least(limit_ms, (uint64_t)SCHEDULE_GAP_MS << (definite - 1));
}

static uint64_t delay_ms(const struct conf_timing *timing, const struct verdict *verdict,
                         const struct schedule_last *last, uint32_t random)
{
	uint64_t fast = least(timing->fast_ms, timing->interval_ms);
	if (last->outcome == OUTCOME_VOID)
		return fast;
	if (verdict->verdict == MPF_SUSPECT)
		return last->outcome == OUTCOME_FAILURE ? backoff_ms(last->definite, fast) : fast;
	if (verdict->verdict == MPF_DOWN && verdict->succeeding)
		return fast;
	if (verdict->verdict == MPF_DOWN)
		return jittered(timing->down_ms, timing->jitter_percent, random);
	return jittered(timing->interval_ms, timing->jitter_percent, random);
}

uint64_t schedule_next_ms(const struct conf_timing *timing, const struct verdict *verdict,
                          const struct schedule_last *last, uint32_t random)
{
	return most(last->started_ms + delay_ms(timing, verdict, last, random), last->ended_ms + SCHEDULE_GAP_MS);
}

uint32_t schedule_first_ms(const struct conf_timing *timing, uint32_t index, uint32_t count)
{
	uint64_t window_ms = least(least(1000, timing->interval_ms), (uint64_t)25 * count);
	return (uint32_t)(window_ms * index / count);
}

uint32_t schedule_room_us(enum conf_check_type type)
{
	return type == CONF_TCP ? 100 : 2000;
}

uint32_t schedule_deadline_ms(const struct conf_timing *timing, const struct verdict *verdict, uint32_t pace_us)
{
	if (!pace_us || !(verdict->verdict == MPF_SUSPECT || verdict->flags & MPF_DOUBTED))
		return timing->timeout_ms;
	uint64_t scaled_ms = (uint64_t)pace_us * SCHEDULE_DOUBT_FACTOR / 1000;
	return (uint32_t)least(timing->timeout_ms, most(SCHEDULE_DOUBT_MS, scaled_ms));
}
