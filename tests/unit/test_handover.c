/* SPDX-License-Identifier: MIT */
#include "probe/page/handover.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct handover handover;

static void test_lines(void **state)
{
	(void)state;
	char line[HANDOVER_LINE_SIZE], text[32];
	uint32_t first;
	handover = (struct handover){ 0 };
	assert_int_equal(handover_end(&handover, &first), 0);
	assert_int_equal(first, 0);
	assert_false(handover_line(&handover, 0, line));
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof text, "line %d", i);
		handover_tell(&handover, text);
	}
	assert_int_equal(handover_end(&handover, &first), 1000);
	assert_int_equal(first, 1000 - HANDOVER_LINES);
	assert_true(handover_line(&handover, 999, line));
	assert_string_equal(line, "line 999");
	assert_true(handover_line(&handover, first, line));
	assert_string_equal(line, "line 744");
	assert_false(handover_line(&handover, first - 1, line));
	assert_false(handover_line(&handover, 1000, line));
}

static void test_long_line(void **state)
{
	(void)state;
	char line[HANDOVER_LINE_SIZE], text[HANDOVER_LINE_SIZE + 1];
	uint32_t first;
	handover = (struct handover){ 0 };
	memset(text, 'x', sizeof text);
	text[HANDOVER_LINE_SIZE] = '\0';
	handover_tell(&handover, text);
	assert_int_equal(handover_end(&handover, &first), 0);
	text[HANDOVER_LINE_SIZE - 1] = '\0';
	handover_tell(&handover, text);
	assert_true(handover_line(&handover, 0, line));
	assert_int_equal(strlen(line), HANDOVER_LINE_SIZE - 1);
}

/* Each line is one letter, many times: a torn one would hold two. */
static void *tell(void *argument)
{
	char text[1500];
	(void)argument;
	for (int i = 0; i < 200000; i++) {
		const int size = 100 + i % 1300;
		memset(text, 'a' + i % 26, (size_t)size);
		text[size] = '\0';
		handover_tell(&handover, text);
	}
	return NULL;
}

static void test_race(void **state)
{
	(void)state;
	char line[HANDOVER_LINE_SIZE];
	uint32_t first, end = 0;
	pthread_t thread;
	handover = (struct handover){ 0 };
	assert_int_equal(pthread_create(&thread, NULL, tell, NULL), 0);
	while (end < 200000) {
		end = handover_end(&handover, &first);
		for (uint32_t i = first; i < end; i += 17)
			if (handover_line(&handover, i, line))
				assert_int_equal(strspn(line, (char[]){ line[0], '\0' }), strlen(line));
	}
	pthread_join(thread, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_race),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
