/* SPDX-License-Identifier: MIT */
#include "probe/judge/liveness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { NOW = 1000000, GRACE = LIVENESS_GRACE_MS };

static const struct {
	const char *name;
	struct liveness_check check;
	bool overdue;
} checks[] = {
	{ "neither planned nor under way: nobody will ever check it", { .due_ms = NOW + 100 }, true },
	{ "planned", { .planned = true, .due_ms = NOW + 100 }, false },
	{ "planned for a day", { .planned = true, .due_ms = NOW + 86400000 }, false },
	{ "due now", { .planned = true, .due_ms = NOW }, false },
	{ "due a while ago", { .planned = true, .due_ms = NOW - GRACE }, false },
	{ "due too long ago", { .planned = true, .due_ms = NOW - GRACE - 1 }, true },
	{ "just begun", { .under_way = true, .started_ms = NOW, .limit_ms = 1500 }, false },
	{ "at its limit", { .under_way = true, .started_ms = NOW - 1500, .limit_ms = 1500 }, false },
	{ "long, as it may be", { .under_way = true, .started_ms = NOW - 60000, .limit_ms = 60000 }, false },
	{ "past its limit", { .under_way = true, .started_ms = NOW - 1500 - GRACE, .limit_ms = 1500 }, false },
	{ "far past its limit", { .under_way = true, .started_ms = NOW - 1501 - GRACE, .limit_ms = 1500 }, true },
	{ "under way: when it was due does not matter",
	  { .under_way = true, .started_ms = NOW, .limit_ms = 1500, .planned = true, .due_ms = 1 },
	  false },
	{ "started in a turn of the loop that is not over",
	  { .under_way = true, .started_ms = NOW + 7, .limit_ms = 1500 },
	  false },
};

static void test_overdue(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
		if (liveness_overdue(&checks[i].check, NOW) != checks[i].overdue)
			fail_msg("%s", checks[i].name);
}

static void test_stuck(void **state)
{
	(void)state;
	assert_true(liveness_stuck(0, NOW));
	assert_false(liveness_stuck(NOW, NOW));
	assert_false(liveness_stuck(NOW + 3, NOW));
	assert_false(liveness_stuck(NOW - LIVENESS_HEARTBEAT_MS, NOW));
	assert_true(liveness_stuck(NOW - LIVENESS_HEARTBEAT_MS - 1, NOW));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_overdue),
		cmocka_unit_test(test_stuck),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
