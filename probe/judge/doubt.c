/* SPDX-License-Identifier: MIT */
#include "probe/judge/doubt.h"

enum doubt_action doubt_unanswered(struct doubt *doubt)
{
	if (doubt->trying)
		return DOUBT_NOTHING;
	doubt->trying = true;
	doubt->misses = 0;
	return DOUBT_TRY;
}

enum doubt_action doubt_reported(struct doubt *doubt, bool up, uint64_t now_ms)
{
	return up && now_ms >= doubt->quiet_until_ms ? doubt_unanswered(doubt) : DOUBT_NOTHING;
}

enum doubt_action doubt_tried(struct doubt *doubt, enum outcome_kind outcome, uint64_t now_ms, uint32_t interval_ms)
{
	if (outcome_is_bad(outcome) && ++doubt->misses < DOUBT_MISSES)
		return DOUBT_TRY;
	doubt->trying = false;
	if (outcome == OUTCOME_VOID) /* the next check will tell */
		return DOUBT_NOTHING;
	if (outcome != OUTCOME_SUCCESS)
		return DOUBT_SUSPECT;
	doubt->quiet_until_ms = now_ms + interval_ms;
	return DOUBT_CLEAR;
}

void doubt_checked(struct doubt *doubt, enum outcome_kind outcome, uint64_t now_ms, uint32_t interval_ms)
{
	if (outcome == OUTCOME_VOID)
		return;
	if (outcome == OUTCOME_SUCCESS && doubt->trying)
		doubt->quiet_until_ms = now_ms + interval_ms;
	doubt->trying = false;
}

uint32_t doubt_deadline_ms(uint32_t handshake_us)
{
	uint32_t needed_ms = handshake_us / 1000 * 2;
	return needed_ms > DOUBT_CANARY_MS ? needed_ms : DOUBT_CANARY_MS;
}
