/* SPDX-License-Identifier: MIT */
#include "probe/judge/lateness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* One wait of the loop from 10,000 ms on, and what happened in it. */
static const struct {
	const char *what;
	uint64_t wait_ms, woke_ms, now_ms, asleep_ms;
	bool away;
} rows[] = {
	{ "woken by its timer", 1000, 11000, 11001, 0, false },
	{ "woken by a socket", 1000, 10005, 10006, 0, false },
	{ "a little late", 1000, 11200, 11200, 0, false },
	{ "stopped", 1000, 14000, 14000, 0, true },
	{ "stopped, and an answer had come meanwhile", 20, 13000, 13000, 0, true },
	{ "stopped for less than it would have waited", 1000, 10900, 10900, 0, false },
	{ "a long turn", 1000, 10005, 10300, 0, true },
	{ "late and then busy", 0, 10150, 10300, 0, true },
	{ "suspended", 1000, 10500, 10500, 60000, true },
	{ "the clocks drift", 1000, 10500, 10500, 1, false },
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct lateness lateness = lateness_start(10000, 0);
		lateness_wait(&lateness, 10000, rows[i].wait_ms);
		bool away = lateness_note(&lateness, rows[i].woke_ms, rows[i].now_ms, rows[i].asleep_ms);
		if (away != rows[i].away)
			fail_msg("%s: %d", rows[i].what, away);
		if (lateness_voids(&lateness, 9000) != rows[i].away)
			fail_msg("%s: a check under way", rows[i].what);
		assert_false(lateness_voids(&lateness, rows[i].now_ms + 1));
	}
}

static void test_told_seldom(void **state)
{
	(void)state;
	struct lateness lateness = lateness_start(10000, 0);
	lateness_wait(&lateness, 10000, 10);
	assert_true(lateness_note(&lateness, 15000, 15000, 0));
	assert_false(lateness_note(&lateness, 15000, 15300, 0)); /* the same turn goes on */
	assert_true(lateness_voids(&lateness, 15200));
	lateness_wait(&lateness, 15300, 10);
	assert_false(lateness_note(&lateness, 15310, 15311, 0));
	assert_false(lateness_voids(&lateness, 15301));
	lateness_wait(&lateness, 15311, 10);
	assert_false(lateness_note(&lateness, 17000, 17000, 0)); /* it counts, but is not told again yet */
	assert_true(lateness_voids(&lateness, 16000));
	lateness_wait(&lateness, 24999, 10);
	assert_true(lateness_note(&lateness, 27000, 27000, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows), cmocka_unit_test(test_told_seldom) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
