/* SPDX-License-Identifier: MIT */
#include "preload/budget.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/fixture.h"

enum { ALLOWED_MS = 200, SECOND_US = 1000000 };

/* What this process has spent outlives a test: each begins later than the one before. */
static uint64_t later_us(void)
{
	static uint64_t now_us = SECOND_US;
	return now_us += 10ull * SECOND_US;
}

static uint64_t left_us(uint64_t now_us)
{
	return budget_left_us(ALLOWED_MS, now_us);
}

static void test_untouched(void **state)
{
	(void)state;
	assert_int_equal(left_us(0), 200000); /* a machine that was just started */
	assert_int_equal(left_us(later_us()), 200000);
	assert_int_equal(budget_left_us(0, later_us()), 0);
	assert_int_equal(budget_left_us(10000, later_us()), 10000000);
}

static void test_spent(void **state)
{
	const uint64_t now = later_us();
	(void)state;
	budget_spend(now, 50000);
	assert_int_equal(left_us(now + 50000), 150000);
	budget_spend(now + 60000, 100000);
	assert_int_equal(left_us(now + 160000), 50000);
	assert_int_equal(budget_left_us(100, now + 160000), 0); /* another service, which allows less */
	budget_spend(now + 170000, 80000);                      /* a little late */
	assert_int_equal(left_us(now + 250000), 0);
	assert_int_equal(left_us(now + 999999), 0);
	assert_int_equal(left_us(now + 3 * SECOND_US), 200000);
}

static void test_nothing_spent(void **state)
{
	const uint64_t now = later_us();
	(void)state;
	budget_spend(now, 0);
	assert_int_equal(left_us(now), 200000);
}

/* A thread that takes all it gets, at chance moments, is never held for more than what is allowed (and one last wait's
 * lateness) in any second. */
static void test_any_second(void **state)
{
	enum { WAITS = 20000 };
	static uint64_t began[WAITS], took[WAITS];
	uint64_t chance = 0x2545f4914f6cdd1d, now = later_us(), worst = 0;
	(void)state;
	for (size_t i = 0; i < WAITS; i++) {
		const uint64_t left = left_us(now);
		const uint64_t wanted = fixture_random(&chance) % 100000;
		began[i] = now;
		took[i] = wanted < left ? wanted : left;
		budget_spend(now, took[i]);
		now += took[i] + fixture_random(&chance) % 100000;
	}
	for (size_t first = 0, last = 0; first < WAITS; first++) {
		uint64_t held = 0;
		for (last = first; last < WAITS && began[last] + took[last] <= began[first] + SECOND_US; last++)
			held += took[last];
		worst = held > worst ? held : worst;
	}
	if (worst > ALLOWED_MS * 1000)
		fail_msg("held for %lu ms within one second", (unsigned long)worst / 1000);
}

/* What waits now and then gets its share all the same. */
static void test_comes_back(void **state)
{
	uint64_t now = later_us(), held = 0;
	(void)state;
	for (int i = 0; i < 100; i++, now += SECOND_US / 10) {
		const uint64_t left = left_us(now), took = left < 50000 ? left : 50000;
		budget_spend(now, took);
		held += took;
	}
	assert_in_range(held, 1000000, 2000000); /* in ten seconds */
}

static void *other_thread(void *now)
{
	return left_us(*(uint64_t *)now) == 200000 ? now : NULL;
}

static void test_threads(void **state)
{
	uint64_t now = later_us();
	pthread_t thread;
	void *result;
	(void)state;
	budget_spend(now, 200000);
	assert_int_equal(pthread_create(&thread, NULL, other_thread, &now), 0);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_ptr_equal(result, &now);
	assert_int_equal(left_us(now), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_untouched),     cmocka_unit_test(test_spent),
		cmocka_unit_test(test_nothing_spent), cmocka_unit_test(test_any_second),
		cmocka_unit_test(test_comes_back),    cmocka_unit_test(test_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
