/* SPDX-License-Identifier: MIT */
#include "probe/judge/verdict.h"

const char *verdict_name(enum mpf_verdict verdict)
{
	static const char *const names[] = {
		[MPF_UNKNOWN] = "unknown",
		[MPF_UP] = "up",
		[MPF_SUSPECT] = "suspect",
		[MPF_DOWN] = "down",
	};
	return verdict <= MPF_DOWN ? names[verdict] : "?";
}

struct verdict verdict_adopted(enum mpf_verdict verdict, uint32_t flags, uint64_t now_ms)
{
	return (struct verdict){ .verdict = verdict, .flags = flags, .up_since_ms = now_ms };
}

static struct verdict count(struct verdict state, bool success)
{
	if (state.succeeding != success)
		state.streak = 0;
	state.succeeding = success;
	if (state.streak < UINT32_MAX)
		state.streak++;
	return state;
}

static struct verdict failed(struct verdict state, const struct verdict_rules *rules)
{
	if (state.verdict == MPF_DOWN)
		return state;
	state.verdict = state.streak < rules->fall ? MPF_SUSPECT : MPF_DOWN;
	state.flags &= ~(uint32_t)MPF_DOUBTED;
	if (state.verdict == MPF_DOWN)
		state.flags = 0;
	return state;
}

static struct verdict succeeded(struct verdict state, uint64_t now_ms, const struct verdict_rules *rules)
{
	state.flags &= ~(uint32_t)MPF_DOUBTED;
	if (state.verdict == MPF_UP || (state.verdict == MPF_DOWN && state.streak < rules->rise))
		return state;
	if (state.verdict == MPF_DOWN && rules->hold_up_ms)
		state.flags |= MPF_HELD;
	state.verdict = MPF_UP;
	state.up_since_ms = now_ms;
	return state;
}

struct verdict verdict_after(struct verdict before, enum outcome_kind outcome, uint64_t now_ms,
                             const struct verdict_rules *rules)
{
	if (outcome == OUTCOME_VOID)
		return before;
	struct verdict after = count(before, outcome == OUTCOME_SUCCESS);
	after = outcome == OUTCOME_SUCCESS ? succeeded(after, now_ms, rules) : failed(after, rules);
	return verdict_at(after, now_ms, rules);
}

struct verdict verdict_at(struct verdict before, uint64_t now_ms, const struct verdict_rules *rules)
{
	bool over = rules->hold_up_ms != VERDICT_FOREVER && now_ms - before.up_since_ms >= rules->hold_up_ms;
	if (before.verdict == MPF_UP && over)
		before.flags &= ~(uint32_t)MPF_HELD;
	return before;
}

struct verdict verdict_released(struct verdict before)
{
	before.flags &= ~(uint32_t)MPF_HELD;
	return before;
}

struct verdict verdict_doubted(struct verdict before, bool doubted)
{
	if (doubted && before.verdict == MPF_UP)
		before.flags |= MPF_DOUBTED;
	if (!doubted)
		before.flags &= ~(uint32_t)MPF_DOUBTED;
	return before;
}

struct verdict verdict_suspected(struct verdict before)
{
	if (before.verdict != MPF_UP)
		return before;
	before.verdict = MPF_SUSPECT;
	before.flags &= ~(uint32_t)MPF_DOUBTED;
	before.succeeding = false;
	before.streak = 0;
	return before;
}
