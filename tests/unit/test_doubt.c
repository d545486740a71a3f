/* SPDX-License-Identifier: MIT */
#include "probe/judge/doubt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { INTERVAL_MS = 5000 };

/* What happens, one thing every 10 ms: 'r' a report, '+' the canary answered, '-' it missed, '?' it could not be sent,
 * 'u' a check was not answered, 'C' one succeeded, 'F' it failed, 'w' an interval passes.  What is to be done: 't' try, 'c' clear, 's' suspect, '.' nothing. */
static const struct {
	const char *what, *happens, *done;
} rows[] = {
	{ "a canary answers", "r+", "tc" },
	{ "the second one does", "r-+", "ttc" },
	{ "the third one does", "r--+", "tttc" },
	{ "three miss", "r---", "ttts" },
	{ "reports while a canary flies do nothing", "rrr+", "t..c" },
	{ "nor do they for one interval afterwards", "r+rrr", "tc..." },
	{ "but then", "r+rwr+", "tc..tc" },
	{ "misses count anew", "r--+wr--+", "tttc.tttc" },
	{ "it cannot be sent, and the next report tries again", "r?r+", "t.tc" },
	{ "a check that succeeds counts as an answer", "rCrwr", "t...t" },
	{ "a check that succeeds before is no answer", "Cr", ".t" },
	{ "a check that fails ends it", "rFr", "t.t" },
	{ "a check that is not answered is as good as a report", "u+", "tc" },
	{ "also after one that was refuted", "r+u---", "tcttts" },
	{ "and does not begin anew", "r-u--", "tt.ts" },
};

static char step(struct doubt *doubt, char event, uint64_t *now_ms)
{
	*now_ms += event == 'w' ? INTERVAL_MS : 10;
	switch (event) {
	case 'r':
		return ".tcs"[doubt_reported(doubt, true, *now_ms)];
	case 'u':
		return ".tcs"[doubt_unanswered(doubt)];
	case '+':
		return ".tcs"[doubt_tried(doubt, OUTCOME_SUCCESS, *now_ms, INTERVAL_MS)];
	case '-':
		return ".tcs"[doubt_tried(doubt, OUTCOME_SILENCE, *now_ms, INTERVAL_MS)];
	case '?':
		return ".tcs"[doubt_tried(doubt, OUTCOME_VOID, *now_ms, INTERVAL_MS)];
	case 'C':
		doubt_checked(doubt, OUTCOME_SUCCESS, *now_ms, INTERVAL_MS);
		return '.';
	case 'F':
		doubt_checked(doubt, OUTCOME_FAILURE, *now_ms, INTERVAL_MS);
		return '.';
	default:
		return '.';
	}
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct doubt doubt = { 0 };
		uint64_t now_ms = 1000000;
		for (size_t at = 0; rows[i].happens[at]; at++) {
			char done = step(&doubt, rows[i].happens[at], &now_ms);
			if (done != rows[i].done[at])
				fail_msg("%s: %zu gives %c, not %c", rows[i].what, at, done, rows[i].done[at]);
		}
	}
}

static void test_only_what_is_up(void **state)
{
	(void)state;
	struct doubt doubt = { 0 };
	assert_int_equal(doubt_reported(&doubt, false, 1000), DOUBT_NOTHING);
	assert_int_equal(doubt_reported(&doubt, true, 1000), DOUBT_TRY);
}

/* 100,000 reports a second for a minute: one canary, and one mark of its duration, in each interval. */
static void test_flood(void **state)
{
	(void)state;
	struct doubt doubt = { 0 };
	unsigned canaries = 0, marked_ms = 0;
	uint64_t answer_ms = 0;
	for (uint64_t now_ms = 1; now_ms <= 60000; now_ms++) {
		if (doubt.trying && now_ms >= answer_ms)
			doubt_tried(&doubt, OUTCOME_SUCCESS, now_ms, INTERVAL_MS);
		for (unsigned i = 0; i < 100; i++)
			if (doubt_reported(&doubt, true, now_ms) == DOUBT_TRY) {
				canaries++;
				answer_ms = now_ms + 2;
			}
		marked_ms += doubt.trying;
	}
	assert_in_range(canaries, 11, 12);
	assert_in_range(marked_ms, 22, 24);
}

static void test_deadline(void **state)
{
	(void)state;
	assert_int_equal(doubt_deadline_ms(0), 50);
	assert_int_equal(doubt_deadline_ms(1000), 50);
	assert_int_equal(doubt_deadline_ms(150000), 300);
	assert_in_range(doubt_deadline_ms(UINT32_MAX), 1000000, UINT32_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_only_what_is_up),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_deadline),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
