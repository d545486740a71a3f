/* SPDX-License-Identifier: MIT */
#include "probe/judge/liveness.h"

static bool is_past(uint64_t at_ms, uint64_t now_ms)
{
	return now_ms > at_ms && now_ms - at_ms > LIVENESS_GRACE_MS;
}

bool liveness_overdue(const struct liveness_check *check, uint64_t now_ms)
{
	if (check->under_way)
		return is_past(check->started_ms + check->limit_ms, now_ms);
	return !check->planned || is_past(check->due_ms, now_ms);
}

bool liveness_stuck(uint64_t beat_ms, uint64_t now_ms)
{
	return !beat_ms || (now_ms > beat_ms && now_ms - beat_ms > LIVENESS_HEARTBEAT_MS);
}
