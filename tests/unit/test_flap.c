/* SPDX-License-Identifier: MIT */
/* Flapping: what it does to hold-up, to the log, and to hooks; for minutes by tables, for two days by simulation. */
#include "probe/judge/flap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "probe/judge/announce.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, START_MS = 12345678, STEP_MS = 250 };

/* 'd' goes down, 'u' comes up, one second each; 'm' a minute passes, 't' ten minutes do.  Hold-up afterwards, in seconds. */
static const struct {
	const char *what, *happens;
	uint32_t hold_up_s, wanted_s, quiet_s;
} rows[] = {
	{ "nothing has happened", "", 10, 10, 10 },
	{ "once is no flapping", "d", 10, 10, 10 },
	{ "twice is", "dud", 10, 20, 20 },
	{ "doubles each time", "dududud", 10, 80, 80 },
	{ "doubles up to ten minutes", "dudududududududududududud", 10, 600, 600 },
	{ "and not beyond what is configured, if that is longer", "dudududud", 1800, 1800, 1800 },
	{ "ten minutes up halve it", "dududut", 10, 20, 20 },
	{ "ten minutes down do not", "dududt", 10, 40, 40 },
	{ "nor do nine", "dududummmmmmmmm", 10, 40, 40 },
	{ "it is halved as often as ten minutes pass", "dudududutt", 10, 20, 20 },
	{ "and forgotten in the end", "dududuttttttttd", 10, 10, 10 },
	{ "its limit is not far to come back from", "dudududududududududududududududut", 10, 320, 320 },
	{ "an hour and ten minutes are enough for that", "dududududududududududududududuttttttt", 10, 10, 10 },
	{ "a hold-up of zero stays zero, for clients", "dududud", 0, 0, 8 },
	{ "and once is no flapping with that, either", "du", 0, 0, 0 },
};

static void happen(struct flap *flap, char event, uint64_t *now_ms, uint32_t hold_up_ms)
{
	*now_ms += event == 't' ? 10 * MINUTE : event == 'm' ? MINUTE : SECOND;
	if (event == 'd' || event == 'u')
		flap_changed(flap, event == 'd' ? MPF_DOWN : MPF_UP, *now_ms, hold_up_ms);
	flap_passed(flap, *now_ms);
}

static void test_hold_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct flap flap = { 0 };
		uint64_t now_ms = START_MS;
		const uint32_t hold_up_ms = rows[i].hold_up_s * SECOND;
		for (const char *at = rows[i].happens; *at; at++)
			happen(&flap, *at, &now_ms, hold_up_ms);
		if (flap_hold_up_ms(&flap, hold_up_ms) != rows[i].wanted_s * SECOND ||
		    flap_quiet_ms(&flap, hold_up_ms) != rows[i].quiet_s * SECOND)
			fail_msg("%s: hold-up %u ms, hooks %u ms", rows[i].what, flap_hold_up_ms(&flap, hold_up_ms),
			         flap_quiet_ms(&flap, hold_up_ms));
	}
}

static void test_forgive(void **state)
{
	(void)state;
	struct flap flap = { 0 };
	uint64_t now_ms = START_MS;
	for (const char *at = "dududu"; *at; at++)
		happen(&flap, *at, &now_ms, 10 * SECOND);
	assert_int_equal(flap_hold_up_ms(&flap, 10 * SECOND), 40 * SECOND);
	flap_forgive(&flap);
	happen(&flap, 'd', &now_ms, 10 * SECOND);
	assert_int_equal(flap_hold_up_ms(&flap, 10 * SECOND), 10 * SECOND);
}

static void test_window(void **state)
{
	(void)state;
	struct flap flap = { 0 };
	uint64_t now_ms = START_MS;
	assert_int_equal(flap_changes(&flap, now_ms), 0);
	for (int i = 0; i < 120; i++, now_ms += 30 * SECOND)
		assert_true(flap_changed(&flap, i % 2 ? MPF_UP : MPF_DOWN, now_ms, 10 * SECOND));
	assert_in_range(flap_changes(&flap, now_ms), 118, 120);
	assert_in_range(flap_changes(&flap, now_ms + 30 * MINUTE), 58, 60);
	assert_int_equal(flap_changes(&flap, now_ms + HOUR), 0);
	assert_int_equal(flap_changes(&flap, now_ms + 1000ull * HOUR), 0);
	flap = (struct flap){ 0 }; /* as many as can be counted in a minute */
	for (int i = 0; i < 100000; i++)
		flap_changed(&flap, MPF_SUSPECT, now_ms, 0);
	assert_int_equal(flap_changes(&flap, now_ms), UINT16_MAX);
	assert_int_equal(flap_changes(&flap, now_ms + HOUR), 0);
}

static void test_summaries(void **state)
{
	(void)state;
	struct flap flap = { 0 };
	uint64_t now_ms = START_MS;
	for (int i = 0; i < FLAP_TOLD; i++)
		assert_true(flap_changed(&flap, MPF_SUSPECT, now_ms, 0));
	for (int i = 0; i < 7; i++)
		assert_false(flap_changed(&flap, MPF_SUSPECT, now_ms, 0));
	assert_int_equal(flap_passed(&flap, now_ms + FLAP_SUMMARY_MS - 1), 0);
	assert_int_equal(flap_passed(&flap, now_ms + FLAP_SUMMARY_MS), 7);
	assert_int_equal(flap_passed(&flap, now_ms + 2 * FLAP_SUMMARY_MS), 0);
	assert_true(flap_changed(&flap, MPF_UP, now_ms + 2 * HOUR, 0));
}

static void test_announce(void **state)
{
	(void)state;
	struct announce announce = { 0 };
	struct verdict down = verdict_adopted(MPF_DOWN, 0, 0), up = verdict_adopted(MPF_UP, MPF_HELD, 5000);
	struct verdict suspect = verdict_adopted(MPF_SUSPECT, 0, 0);
	assert_int_equal(announce_candidate(&announce, &up, 9000, 0), ANNOUNCE_NOTHING);
	assert_int_equal(announce_candidate(&announce, &suspect, 9000, 0), ANNOUNCE_NOTHING);
	assert_int_equal(announce_candidate(&announce, &down, 9000, 0), ANNOUNCE_DOWN);
	assert_int_equal(announce_candidate(&announce, &down, 9000, 0), ANNOUNCE_NOTHING);
	assert_int_equal(announce_candidate(&announce, &suspect, 9000, 0), ANNOUNCE_NOTHING);
	assert_int_equal(announce_candidate(&announce, &up, 9999, 5000), ANNOUNCE_NOTHING);
	assert_int_equal(announce_candidate(&announce, &down, 9999, 5000), ANNOUNCE_NOTHING);
	assert_int_equal(announce_candidate(&announce, &up, 10000, 5000), ANNOUNCE_UP);
	assert_int_equal(announce_candidate(&announce, &up, 10000, 5000), ANNOUNCE_NOTHING);
	assert_true(announce_adopted(&up, false).down); /* held: its return has not been told of */
	assert_true(announce_adopted(&down, false).down);
	assert_false(announce_adopted(&down, true).down);
	assert_false(announce_adopted(&suspect, false).down);
}

/* Each step: usable, down, settled; is it told now? */
static void test_all_down(void **state)
{
	(void)state;
	static const struct {
		struct announce_tally tally;
		bool told;
	} steps[] = {
		{ { 2, 0, 2 }, false }, { { 1, 1, 1 }, false }, { { 0, 2, 0 }, true },
		{ { 0, 2, 0 }, false }, { { 1, 1, 0 }, false }, /* up, but that may not last */
		{ { 0, 2, 0 }, false }, { { 1, 1, 1 }, false }, { { 0, 2, 0 }, true },
		{ { 2, 0, 2 }, false }, { { 0, 0, 0 }, false }, /* all in maintenance: that was an operator */
		{ { 0, 1, 0 }, true },
	};
	bool all_down = false;
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
		if (announce_all_down(&all_down, &steps[i].tally) != steps[i].told)
			fail_msg("step %zu", i);
}

/* A candidate under a pattern of outcomes, checked every STEP_MS for two days, and what comes of it. */
struct life {
	struct flap flap;
	struct announce announce;
	struct verdict verdict;
	uint64_t now_ms;
	uint32_t lines, most_lines_in_an_hour, hooks, returns;
};

typedef bool answers(const struct life *life);

static bool for_a_second(const struct life *life)
{
	return life->now_ms / SECOND % 2;
}
static bool for_a_minute(const struct life *life)
{
	return life->now_ms / MINUTE % 2;
}
static bool every_other_time(const struct life *life)
{
	return life->now_ms / 500 % 2;
}
/* As bad as can be: down as soon as connections have gone back to it. */
static bool until_trusted(const struct life *life)
{
	return life->verdict.verdict == MPF_DOWN || life->verdict.flags & MPF_HELD;
}
/* Or when it has behaved for just long enough to be forgiven once. */
static bool until_forgiven(const struct life *life)
{
	return until_trusted(life) || life->flap.level > 1;
}

/* CONFIGURED: `hold` is failback = hold, with a hold-up beside it. */
static void step(struct life *life, bool success, const struct verdict_rules *configured, bool hold)
{
	struct verdict_rules rules = *configured;
	struct verdict before = life->verdict;
	rules.hold_up_ms = hold ? VERDICT_FOREVER : flap_hold_up_ms(&life->flap, configured->hold_up_ms);
	life->verdict = verdict_after(before, success ? OUTCOME_SUCCESS : OUTCOME_FAILURE, life->now_ms, &rules);
	if (life->verdict.verdict != before.verdict)
		life->lines += flap_changed(&life->flap, life->verdict.verdict, life->now_ms, configured->hold_up_ms);
	life->lines += flap_passed(&life->flap, life->now_ms) > 0;
	if (!(life->verdict.flags & MPF_HELD) && life->verdict.verdict == MPF_UP &&
	    (before.flags & MPF_HELD || before.verdict == MPF_DOWN))
		life->returns++;
	life->hooks += announce_candidate(&life->announce, &life->verdict, life->now_ms,
	                                  flap_quiet_ms(&life->flap, configured->hold_up_ms)) != ANNOUNCE_NOTHING;
}

static uint32_t most(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static struct life live(answers *pattern, const struct verdict_rules *rules, bool hold)
{
	struct life life = { .verdict = verdict_adopted(MPF_UP, 0, START_MS), .now_ms = START_MS };
	for (int hour = 0; hour < 48; hour++) {
		struct life before = life;
		for (uint32_t passed_ms = 0; passed_ms < HOUR; passed_ms += STEP_MS, life.now_ms += STEP_MS)
			step(&life, pattern(&life), rules, hold);
		life.most_lines_in_an_hour = most(life.most_lines_in_an_hour, life.lines - before.lines);
	}
	return life;
}

/* What mpfailoverd(8) promises. */
enum { LINES_IN_AN_HOUR = 120 + 6, RETURNS_IN_TWO_DAYS = 299 };

static void test_two_days(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		answers *pattern;
	} patterns[] = {
		{ "1 s up, 1 s down", for_a_second },      { "1 min up, 1 min down", for_a_minute },
		{ "every other check", every_other_time }, { "down when trusted", until_trusted },
		{ "down when forgiven", until_forgiven },
	};
	static const struct verdict_rules rules[] = {
		{ 2, 2, 10 * SECOND }, { 1, 1, 1 * SECOND }, { 1, 1, 0 }, { 3, 1, 30 * MINUTE }
	};
	for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++)
		for (size_t j = 0; j < 2 * sizeof rules / sizeof rules[0]; j++) {
			const struct verdict_rules *rule = &rules[j / 2];
			struct life life = live(patterns[i].pattern, rule, j % 2);
			printf("# %-20s fall %u rise %u hold-up %7u ms%s: %u lines, %u in an hour; %u returns; %u hooks\n",
			       patterns[i].name, rule->fall, rule->rise, rule->hold_up_ms, j % 2 ? ", hold" : "",
			       life.lines, life.most_lines_in_an_hour, life.returns, life.hooks);
			assert_in_range(life.most_lines_in_an_hour, 0, LINES_IN_AN_HOUR);
			assert_in_range(life.hooks, 0, 2 * RETURNS_IN_TWO_DAYS);
			if (rule->hold_up_ms || j % 2)
				assert_in_range(life.returns, 0, RETURNS_IN_TWO_DAYS);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hold_up),   cmocka_unit_test(test_forgive),  cmocka_unit_test(test_window),
		cmocka_unit_test(test_summaries), cmocka_unit_test(test_announce), cmocka_unit_test(test_all_down),
		cmocka_unit_test(test_two_days),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
