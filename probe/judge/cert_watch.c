/* SPDX-License-Identifier: MIT */
#include "probe/judge/cert_watch.h"

bool cert_watch_ends(uint32_t until_s, uint32_t now_s, uint32_t warn_s)
{
	return until_s && warn_s && (until_s <= now_s || until_s - now_s <= warn_s);
}

bool cert_watch_due(struct cert_watch *watch, uint32_t until_s, uint32_t now_s, uint32_t warn_s)
{
	if (!cert_watch_ends(until_s, now_s, warn_s))
		return false;
	/* A clock that was set back makes the difference large, and one warning too many. */
	if (watch->until_s == until_s && now_s - watch->told_s < CERT_WATCH_AGAIN_S)
		return false;
	*watch = (struct cert_watch){ until_s, now_s };
	return true;
}
