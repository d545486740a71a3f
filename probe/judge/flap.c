/* SPDX-License-Identifier: MIT */
#include "probe/judge/flap.h"

#include <string.h>

enum { MINUTE_MS = 60000 };

static uint32_t most(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* Moves the window on to the minute of NOW_MS. */
static void turn(struct flap *flap, uint64_t now_ms)
{
	uint64_t minute = now_ms / MINUTE_MS;
	if (minute >= flap->last_minute + FLAP_MINUTES) {
		memset(flap->minute, 0, sizeof flap->minute);
		flap->changes = 0;
		flap->last_minute = minute;
	}
	while (flap->last_minute < minute) {
		uint16_t *oldest = &flap->minute[++flap->last_minute % FLAP_MINUTES];
		flap->changes -= *oldest;
		*oldest = 0;
	}
}

static uint32_t doubled(uint32_t hold_ms, uint32_t times)
{
	const uint32_t limit_ms = most(hold_ms, FLAP_HOLD_MAX_MS);
	while (times-- && hold_ms < limit_ms)
		hold_ms = hold_ms > limit_ms / 2 ? limit_ms : hold_ms * 2;
	return hold_ms;
}

/* No further than it has an effect, or calm would be long in undoing it. */
static void raise_level(struct flap *flap, uint32_t hold_up_ms)
{
	const uint32_t least_ms = most(hold_up_ms, FLAP_LEAST_MS);
	if (!flap->level || doubled(least_ms, flap->level - 1) < most(least_ms, FLAP_HOLD_MAX_MS))
		flap->level++;
}

bool flap_changed(struct flap *flap, enum mpf_verdict to, uint64_t now_ms, uint32_t hold_up_ms)
{
	uint16_t *present;
	turn(flap, now_ms);
	present = &flap->minute[flap->last_minute % FLAP_MINUTES];
	if (*present < UINT16_MAX) {
		++*present;
		flap->changes++;
	}
	if (to == MPF_DOWN && !flap->down)
		raise_level(flap, hold_up_ms);
	if (to != MPF_DOWN && flap->down)
		flap->calm_ms = now_ms;
	flap->down = to == MPF_DOWN;
	if (flap->changes <= FLAP_TOLD)
		return true;
	if (!flap->untold++)
		flap->summary_ms = now_ms;
	return false;
}

uint32_t flap_passed(struct flap *flap, uint64_t now_ms)
{
	turn(flap, now_ms);
	for (; !flap->down && flap->level && now_ms - flap->calm_ms >= FLAP_CALM_MS; flap->calm_ms += FLAP_CALM_MS)
		flap->level--;
	if (!flap->untold || now_ms - flap->summary_ms < FLAP_SUMMARY_MS)
		return 0;
	uint32_t untold = flap->untold;
	flap->untold = 0;
	return untold;
}

void flap_forgive(struct flap *flap)
{
	flap->level = flap->down;
}

uint32_t flap_changes(struct flap *flap, uint64_t now_ms)
{
	turn(flap, now_ms);
	return flap->changes;
}

uint32_t flap_hold_up_ms(const struct flap *flap, uint32_t hold_up_ms)
{
	return hold_up_ms && flap->level ? doubled(hold_up_ms, flap->level - 1) : hold_up_ms;
}

uint32_t flap_quiet_ms(const struct flap *flap, uint32_t hold_up_ms)
{
	return flap->level > 1 ? doubled(most(hold_up_ms, FLAP_LEAST_MS), flap->level - 1) : hold_up_ms;
}
