/* SPDX-License-Identifier: MIT */
#include "probe/uplink/uplink.h"

#include <string.h>

bool uplink_is_silence(enum mpf_reason reason)
{
	return reason == MPF_REASON_TIMEOUT || reason == MPF_REASON_UNREACHABLE || reason == MPF_REASON_CANARIES;
}

static bool same_server(const struct uplink_member *a, const struct uplink_member *b)
{
	return a->port == b->port && !memcmp(a->address, b->address, 16);
}

/* What speaks against an uplink all of whose candidates are down. */
struct evidence {
	bool another_lives;
	bool lives_by_another; /* one of the same servers */
	bool silent;           /* one that can be reached through it alone, */
	bool several;          /* or more than one of those */
	const uint8_t *alone;
};

/* SUSPECT is down through uplink NUMBER. */
static void interrogate(struct evidence *evidence, const struct uplink_member *suspect, uint32_t number,
                        const struct uplink_member *members, size_t count)
{
	bool elsewhere = false;
	for (size_t i = 0; i < count; i++) {
		if (members[i].uplink == number || !same_server(&members[i], suspect))
			continue;
		elsewhere = true;
		evidence->lives_by_another |= members[i].verdict == MPF_UP;
	}
	if (elsewhere)
		return;
	evidence->silent |= suspect->silent;
	evidence->several |= evidence->alone && memcmp(evidence->alone, suspect->address, 16) != 0;
	evidence->alone = suspect->address;
}

bool uplink_is_down(bool was, uint32_t number, const struct uplink_member *members, size_t count)
{
	struct evidence evidence = { 0 };
	size_t own = 0, down = 0;
	bool settled = false;
	for (size_t i = 0; i < count; i++) {
		if (members[i].uplink != number) {
			evidence.another_lives |= members[i].verdict == MPF_UP;
			continue;
		}
		own++;
		down += members[i].verdict == MPF_DOWN;
		settled |= members[i].settled;
	}
	if (was || !own || down < own || !evidence.another_lives)
		return was && own && !settled;
	for (size_t i = 0; i < count && !evidence.lives_by_another; i++)
		if (members[i].uplink == number)
			interrogate(&evidence, &members[i], number, members, count);
	return evidence.lives_by_another || evidence.silent || evidence.several;
}
