/* SPDX-License-Identifier: MIT */
#include "probe/judge/announce.h"

struct announce announce_adopted(const struct verdict *verdict, bool maintenance)
{
	bool down = verdict->verdict == MPF_DOWN || verdict->flags & MPF_HELD;
	return (struct announce){ .down = down && !maintenance };
}

enum announce_word announce_candidate(struct announce *announce, const struct verdict *verdict, uint64_t now_ms,
                                      uint32_t quiet_ms)
{
	if (!announce->down && verdict->verdict == MPF_DOWN) {
		announce->down = true;
		return ANNOUNCE_DOWN;
	}
	if (announce->down && verdict->verdict == MPF_UP && now_ms - verdict->up_since_ms >= quiet_ms) {
		announce->down = false;
		return ANNOUNCE_UP;
	}
	return ANNOUNCE_NOTHING;
}

bool announce_all_down(bool *all_down, const struct announce_tally *tally)
{
	if (tally->settled)
		*all_down = false;
	if (*all_down || tally->usable || !tally->down)
		return false;
	*all_down = true;
	return true;
}
