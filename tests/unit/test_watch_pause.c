/* SPDX-License-Identifier: MIT */
#include "probe/judge/watch_pause.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { INTERVAL_MS = 5000, HALF = 1u << 31 };

static void test_irregular(void **state)
{
	(void)state;
	struct watch_history history = { 0 };
	assert_int_equal(watch_pause_ms(&history, 60000, INTERVAL_MS, 0), WATCH_AGAIN_MS);
	assert_int_equal(watch_pause_ms(&history, 700000, INTERVAL_MS, 0), WATCH_AGAIN_MS);
	assert_int_equal(watch_pause_ms(&history, 20000, INTERVAL_MS, 0), WATCH_AGAIN_MS);
}

/* A server that ends idle connections after a minute. */
static void test_regular(void **state)
{
	(void)state;
	struct watch_history history = { 0 };
	watch_pause_ms(&history, 60001, INTERVAL_MS, 0);
	assert_int_equal(watch_pause_ms(&history, 60003, INTERVAL_MS, 0), 2500);
	assert_int_equal(watch_pause_ms(&history, 60000, INTERVAL_MS, HALF), 5000);
	assert_in_range(watch_pause_ms(&history, 60000, INTERVAL_MS, UINT32_MAX), 7499, 7500);
	/* Then it dies at another time. */
	assert_int_equal(watch_pause_ms(&history, 31000, INTERVAL_MS, 0), WATCH_AGAIN_MS);
}

/* A server that does not like them at all is asked ever less often. */
static void test_brief(void **state)
{
	(void)state;
	struct watch_history history = { 0 };
	uint64_t expected_ms = INTERVAL_MS;
	for (unsigned i = 0; i < 100; i++) {
		assert_int_equal(watch_pause_ms(&history, 3, INTERVAL_MS, HALF), expected_ms);
		expected_ms = expected_ms * 2 < WATCH_LONGEST_PAUSE_MS ? expected_ms * 2 : WATCH_LONGEST_PAUSE_MS;
	}
	watch_pause_ms(&history, 90000, INTERVAL_MS, HALF);
	assert_int_equal(watch_pause_ms(&history, 3, INTERVAL_MS, HALF), INTERVAL_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_irregular),
		cmocka_unit_test(test_regular),
		cmocka_unit_test(test_brief),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
