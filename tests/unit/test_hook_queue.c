/* SPDX-License-Identifier: MIT */
#include "probe/news/hook_queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* What comes: 'd' down, 'u' up, 'c' cert-warn, 'a' all-down of the subject behind it.  What waits then, and how many were left out. */
static const struct {
	const char *what, *comes, *waits;
	unsigned left_out;
} rows[] = {
	{ "in order", "d1 d2 u1", "d1 d2 u1", 0 },
	{ "one after the other", "d1 u1", "d1 u1", 0 },
	{ "and again: what was in between is history", "d1 u1 d1", "d1", 2 },
	{ "and back", "d1 u1 d1 u1", "d1 u1", 2 },
	{ "many times", "d1 u1 d1 u1 d1 u1 d1 u1 d1 u1", "d1 u1", 8 },
	{ "its place is the newest one's", "d1 d2 d1", "d2 d1", 1 },
	{ "subjects do not mix", "d1 d2 u1 u2 d1", "d2 u2 d1", 2 },
	{ "the same twice", "a1 a1", "a1", 1 },
	{ "an event of another kind stays in its place", "d1 c3 u1", "d1 c3 u1", 0 },
};

static enum conf_event event_of(char letter)
{
	switch (letter) {
	case 'd':
		return CONF_ON_DOWN;
	case 'u':
		return CONF_ON_UP;
	case 'c':
		return CONF_ON_CERT_WARN;
	default:
		return CONF_ON_ALL_DOWN;
	}
}

static unsigned add(struct hook_queue *queue, char letter, const char *subject)
{
	char name[] = { letter, '\0' };
	json_t *facts = json_pack("{s:s}", "event", name);
	unsigned left_out = hook_queue_add(queue, event_of(letter), subject, facts);
	json_decref(facts);
	return left_out;
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct hook_queue queue = { .count = 0 };
		struct hook_item item;
		char waits[256] = "";
		unsigned left_out = 0;
		for (const char *at = rows[i].comes; *at; at += at[2] ? 3 : 2) {
			char subject[] = { at[1], '\0' };
			left_out += add(&queue, at[0], subject);
		}
		while (hook_queue_take(&queue, &item)) {
			size_t used = strlen(waits);
			snprintf(waits + used, sizeof waits - used, "%s%s%s", used ? " " : "",
			         json_string_value(json_object_get(item.facts, "event")), item.subject);
			hook_item_free(&item);
		}
		if (strcmp(waits, rows[i].waits) || left_out != rows[i].left_out)
			fail_msg("%s: %s waits, %u left out", rows[i].what, waits, left_out);
	}
}

static void test_full(void **state)
{
	(void)state;
	struct hook_queue queue = { .count = 0 };
	struct hook_item item;
	char subject[16];
	unsigned left_out = 0;
	for (int i = 0; i < 1000; i++) {
		snprintf(subject, sizeof subject, "s/%d", i);
		left_out += add(&queue, 'd', subject);
	}
	assert_int_equal(queue.count, HOOK_QUEUE_ROOM);
	assert_int_equal(left_out, 1000 - HOOK_QUEUE_ROOM);
	assert_true(hook_queue_take(&queue, &item));
	assert_string_equal(item.subject, "s/936"); /* the oldest have gone */
	hook_item_free(&item);
	assert_int_equal(hook_queue_clear(&queue), HOOK_QUEUE_ROOM - 1);
	assert_false(hook_queue_take(&queue, &item));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows), cmocka_unit_test(test_full) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
