/* SPDX-License-Identifier: MIT */
#include "probe/judge/estimate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct estimate after_many(struct estimate estimate, uint32_t measured_us, unsigned times)
{
	while (times--)
		estimate = estimate_after(estimate, measured_us);
	return estimate;
}

static void test_upper(void **state)
{
	(void)state;
	struct estimate estimate = { 0 };
	assert_int_equal(estimate_upper_us(estimate), 0);
	estimate = estimate_after(estimate, 1000);
	assert_int_equal(estimate_upper_us(estimate), 3000);
	/* What does not vary is what it is. */
	estimate = after_many(estimate, 1000, 100);
	assert_in_range(estimate_upper_us(estimate), 1000, 1010);
	/* A jump is known at once, and believed in the end. */
	estimate = estimate_after(estimate, 5000);
	assert_in_range(estimate_upper_us(estimate), 5000, 6000);
	estimate = after_many(estimate, 5000, 200);
	assert_in_range(estimate_upper_us(estimate), 4900, 5100);
	estimate = after_many(estimate, 200, 200);
	assert_in_range(estimate_upper_us(estimate), 200, 230);
}

static void test_extremes(void **state)
{
	(void)state;
	struct estimate estimate = after_many((struct estimate){ 0 }, UINT32_MAX, 50);
	assert_int_equal(estimate_upper_us(estimate), UINT32_MAX);
	estimate = after_many(estimate, 1, 500);
	assert_in_range(estimate_upper_us(estimate), 1, 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_upper), cmocka_unit_test(test_extremes) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
