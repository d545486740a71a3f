/* SPDX-License-Identifier: MIT */
#include "probe/judge/watch_pause.h"

#include <stdbool.h>

/* Half of it to one and a half times as long. */
static uint64_t around(uint64_t pause_ms, uint32_t random)
{
	return pause_ms / 2 + (pause_ms * random >> 32);
}

static bool is_regular(uint64_t age_ms, uint64_t last_age_ms)
{
	uint64_t difference_ms = age_ms > last_age_ms ? age_ms - last_age_ms : last_age_ms - age_ms;
	return last_age_ms && difference_ms <= last_age_ms / 10;
}

uint64_t watch_pause_ms(struct watch_history *history, uint64_t age_ms, uint32_t interval_ms, uint32_t random)
{
	bool regular = is_regular(age_ms, history->last_age_ms);
	history->last_age_ms = age_ms;
	if (age_ms >= WATCH_BRIEF_MS) {
		history->brief = 0;
		return regular ? around(interval_ms, random) : WATCH_AGAIN_MS;
	}
	uint64_t pause_ms = (uint64_t)interval_ms << (history->brief < 16 ? history->brief : 16);
	history->brief++;
	return around(pause_ms < WATCH_LONGEST_PAUSE_MS ? pause_ms : WATCH_LONGEST_PAUSE_MS, random);
}
