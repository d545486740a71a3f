/* SPDX-License-Identifier: MIT */
#include "probe/judge/schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct conf_timing timing = { .interval_ms = 5000,
	                                   .fast_ms = 500,
	                                   .down_ms = 8000,
	                                   .timeout_ms = 1500,
	                                   .fall = 2,
	                                   .rise = 2,
	                                   .jitter_percent = 0 };

/* All checks started at 100,000 ms. */
static const struct {
	const char *what;
	enum mpf_verdict verdict;
	bool succeeding;
	enum outcome_kind outcome;
	uint32_t definite, took_ms;
	uint64_t next_ms;
} rows[] = {
	{ "up", MPF_UP, true, OUTCOME_SUCCESS, 0, 3, 105000 },
	{ "up, void", MPF_UP, true, OUTCOME_VOID, 0, 3, 100500 },
	{ "unknown, void", MPF_UNKNOWN, false, OUTCOME_VOID, 0, 3, 100500 },
	{ "refused once", MPF_SUSPECT, false, OUTCOME_FAILURE, 1, 0, 100050 },
	{ "refused twice", MPF_SUSPECT, false, OUTCOME_FAILURE, 2, 0, 100100 },
	{ "refused three times", MPF_SUSPECT, false, OUTCOME_FAILURE, 3, 0, 100200 },
	{ "refused five times: fast is the limit", MPF_SUSPECT, false, OUTCOME_FAILURE, 5, 0, 100500 },
	{ "refused very often", MPF_SUSPECT, false, OUTCOME_FAILURE, 4000000000u, 0, 100500 },
	{ "refused late: not within 50 ms of its end", MPF_SUSPECT, false, OUTCOME_FAILURE, 1, 700, 100750 },
	{ "silent, with a short deadline", MPF_SUSPECT, false, OUTCOME_SILENCE, 0, 100, 100500 },
	{ "silent, with a long deadline", MPF_SUSPECT, false, OUTCOME_SILENCE, 0, 1500, 101550 },
	{ "suspect, void", MPF_SUSPECT, false, OUTCOME_VOID, 0, 3, 100500 },
	{ "down", MPF_DOWN, false, OUTCOME_FAILURE, 2, 0, 108000 },
	{ "down, silent", MPF_DOWN, false, OUTCOME_SILENCE, 0, 1500, 108000 },
	{ "coming back", MPF_DOWN, true, OUTCOME_SUCCESS, 0, 3, 100500 },
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct verdict verdict = { .verdict = rows[i].verdict, .succeeding = rows[i].succeeding };
		struct schedule_last last = { rows[i].outcome, rows[i].definite, 100000, 100000 + rows[i].took_ms };
		uint64_t next_ms = schedule_next_ms(&timing, &verdict, &last, 12345);
		if (next_ms != rows[i].next_ms)
			fail_msg("%s: %llu, not %llu", rows[i].what, (unsigned long long)next_ms,
			         (unsigned long long)rows[i].next_ms);
	}
}

static void test_short_interval(void **state)
{
	(void)state;
	struct conf_timing quick = timing;
	quick.interval_ms = 200; /* less than fast */
	struct verdict suspect = { .verdict = MPF_SUSPECT };
	struct schedule_last silent = { OUTCOME_SILENCE, 0, 100000, 100010 };
	assert_int_equal(schedule_next_ms(&quick, &suspect, &silent, 0), 100200);
	quick.interval_ms = 10; /* never within 50 ms */
	struct verdict up = { .verdict = MPF_UP, .succeeding = true };
	struct schedule_last passed = { OUTCOME_SUCCESS, 0, 100000, 100001 };
	assert_int_equal(schedule_next_ms(&quick, &up, &passed, 0), 100051);
}

static void test_jitter(void **state)
{
	(void)state;
	struct conf_timing jittery = timing;
	jittery.jitter_percent = 10;
	struct verdict up = { .verdict = MPF_UP, .succeeding = true }, down = { .verdict = MPF_DOWN };
	struct schedule_last passed = { OUTCOME_SUCCESS, 0, 100000, 100003 };
	struct schedule_last refused = { OUTCOME_FAILURE, 9, 100000, 100003 };
	assert_int_equal(schedule_next_ms(&jittery, &up, &passed, 0), 104500);
	assert_int_equal(schedule_next_ms(&jittery, &up, &passed, 1u << 31), 105000);
	assert_in_range(schedule_next_ms(&jittery, &up, &passed, UINT32_MAX), 105498, 105500);
	assert_int_equal(schedule_next_ms(&jittery, &down, &refused, 0), 107200);
	/* What is urgent is not smeared. */
	struct verdict suspect = { .verdict = MPF_SUSPECT };
	struct schedule_last silent = { OUTCOME_SILENCE, 0, 100000, 100003 };
	assert_int_equal(schedule_next_ms(&jittery, &suspect, &silent, 0), 100500);
}

static void test_first(void **state)
{
	(void)state;
	assert_int_equal(schedule_first_ms(&timing, 0, 1), 0);
	assert_int_equal(schedule_first_ms(&timing, 3, 4), 75);
	assert_int_equal(schedule_first_ms(&timing, 999, 1000), 999);
	struct conf_timing quick = timing;
	quick.interval_ms = 200;
	assert_int_equal(schedule_first_ms(&quick, 999, 1000), 199);
	for (uint32_t i = 1; i < 1000; i++)
		assert_in_range(schedule_first_ms(&timing, i, 1000) - schedule_first_ms(&timing, i - 1, 1000), 1, 1);
}

static void test_deadline(void **state)
{
	(void)state;
	struct verdict up = { .verdict = MPF_UP }, suspect = { .verdict = MPF_SUSPECT }, down = { .verdict = MPF_DOWN };
	struct verdict doubted = { .verdict = MPF_UP, .flags = MPF_DOUBTED };
	assert_int_equal(schedule_deadline_ms(&timing, &up, 1000), 1500);
	assert_int_equal(schedule_deadline_ms(&timing, &down, 1000), 1500);
	assert_int_equal(schedule_deadline_ms(&timing, &suspect, 0), 1500);
	assert_int_equal(schedule_deadline_ms(&timing, &suspect, 1000), 100);
	assert_int_equal(schedule_deadline_ms(&timing, &doubted, 1000), 100);
	assert_int_equal(schedule_deadline_ms(&timing, &suspect, 60000), 480);
	assert_int_equal(schedule_deadline_ms(&timing, &suspect, UINT32_MAX), 1500);
	struct conf_timing quick = timing;
	quick.timeout_ms = 80;
	assert_int_equal(schedule_deadline_ms(&quick, &suspect, 1000), 80);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),  cmocka_unit_test(test_short_interval), cmocka_unit_test(test_jitter),
		cmocka_unit_test(test_first), cmocka_unit_test(test_deadline),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
