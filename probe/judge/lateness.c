/* SPDX-License-Identifier: MIT */
#include "probe/judge/lateness.h"

struct lateness lateness_start(uint64_t now_ms, uint64_t asleep_ms)
{
	return (struct lateness){ .expected_ms = now_ms, .asleep_ms = asleep_ms };
}

void lateness_wait(struct lateness *lateness, uint64_t now_ms, uint64_t wait_ms)
{
	lateness->expected_ms = now_ms + wait_ms;
}

static uint64_t excess(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

bool lateness_note(struct lateness *lateness, uint64_t woke_ms, uint64_t now_ms, uint64_t asleep_ms)
{
	uint64_t overslept_ms = excess(woke_ms, lateness->expected_ms);
	uint64_t busy_ms = excess(now_ms, woke_ms);
	uint64_t suspended_ms = excess(asleep_ms, lateness->asleep_ms);
	uint64_t away_ms = overslept_ms + busy_ms + suspended_ms;
	lateness->asleep_ms = asleep_ms;
	if (lateness->expected_ms < woke_ms)
		lateness->expected_ms = woke_ms;
	if (away_ms <= LATENESS_LIMIT_MS)
		return false;
	lateness->back_ms = now_ms;
	lateness->away_ms = away_ms;
	bool tell = !lateness->told_ms || now_ms - lateness->told_ms >= LATENESS_TELL_MS;
	if (tell)
		lateness->told_ms = now_ms;
	return tell;
}

bool lateness_voids(const struct lateness *lateness, uint64_t started_ms)
{
	return lateness->back_ms && started_ms <= lateness->back_ms;
}
