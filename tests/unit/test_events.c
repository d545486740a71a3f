/* SPDX-License-Identifier: MIT */
#include "probe/news/events.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct events events;

static char *line(int number)
{
	char *text = NULL;
	assert_true(asprintf(&text, "line %d", number) > 0);
	return text;
}

static void test_ring(void **state)
{
	(void)state;
	assert_int_equal(events.count, 0);
	for (int i = 0; i < 3; i++)
		events_add(&events, line(i));
	assert_int_equal(events.count, 3);
	assert_string_equal(events_line(&events, 0), "line 0");
	assert_string_equal(events_line(&events, 2), "line 2");
	for (int i = 3; i < 1000; i++)
		events_add(&events, line(i));
	assert_int_equal(events.count, EVENTS_KEPT);
	assert_string_equal(events_line(&events, 0), "line 744");
	assert_string_equal(events_line(&events, EVENTS_KEPT - 1), "line 999");
	events_clear(&events);
	assert_int_equal(events.count, 0);
}

struct reader {
	struct events_follower follower;
	unsigned heard, leaves_after;
	char last[32];
};

static void on_told(struct events_follower *follower, const char *text)
{
	struct reader *reader = (struct reader *)follower;
	snprintf(reader->last, sizeof reader->last, "%s", text);
	if (++reader->heard == reader->leaves_after)
		events_leave(&events, follower);
}

static void test_followers(void **state)
{
	(void)state;
	struct reader readers[3] = { { { on_told, NULL }, 0, 2, "" },
		                     { { on_told, NULL }, 0, 1, "" },
		                     { { on_told, NULL }, 0, 0, "" } };
	for (int i = 0; i < 3; i++)
		events_follow(&events, &readers[i].follower);
	for (int i = 0; i < 5; i++)
		events_add(&events, line(i));
	assert_int_equal(readers[0].heard, 2);
	assert_int_equal(readers[1].heard, 1);
	assert_int_equal(readers[2].heard, 5);
	assert_string_equal(readers[0].last, "line 1");
	assert_string_equal(readers[2].last, "line 4");
	events_leave(&events, &readers[0].follower); /* who has left already may leave */
	events_leave(&events, &readers[2].follower);
	assert_null(events.followers);
	events_clear(&events);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_ring), cmocka_unit_test(test_followers) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
