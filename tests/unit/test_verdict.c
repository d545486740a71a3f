/* SPDX-License-Identifier: MIT */
#include "probe/judge/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Outcomes, one a second: '+' success, '-' failure, '.' silence, '?' void; ' ' only time passes.
 * Verdicts after each: U up, H up and held, S suspect, D down, ? unknown. */
static const struct {
	const char *what;
	uint32_t fall, rise, hold_up_ms;
	const char *outcomes, *verdicts;
} rows[] = {
	{ "the first success is enough", 2, 3, 0, "+", "U" },
	{ "the first failure is not", 2, 2, 0, "-", "S" },
	{ "unknown goes down after fall", 3, 2, 0, "---", "SSD" },
	{ "silence counts as failure does", 3, 2, 0, ".-.", "SSD" },
	{ "fall 1", 1, 2, 0, "+-", "UD" },
	{ "fall 1 from unknown", 1, 1, 0, "-+", "DU" },
	{ "a success forgives", 2, 2, 0, "+-+-+", "USUSU" },
	{ "and the failures count anew", 3, 2, 0, "+--+--", "USSUSS" },
	{ "up again after rise", 2, 2, 0, "+--++", "USDDU" },
	{ "rise counts in a row", 2, 3, 0, "--++-+++", "SDDDDDDU" },
	{ "rise 1", 2, 1, 0, "--+", "SDU" },
	{ "void changes nothing", 2, 2, 0, "?+?-?-?+?+?", "?UUSSDDDDUU" },
	{ "void does not break a streak", 2, 2, 0, "+-?-", "USSD" },
	{ "held for hold-up", 2, 1, 3000, "--+++++", "SDHHHUU" },
	{ "a hold ends without a check", 2, 1, 3000, "--+    ", "SDHHHUU" },
	{ "no hold from unknown", 2, 2, 3000, "+", "U" },
	{ "no hold after suspect", 2, 2, 3000, "+-+", "USU" },
	{ "a failure while held starts hold-up again", 2, 1, 3000, "--++-++++", "SDHHSHHHU" },
	{ "down while held, and held again", 2, 1, 3000, "--+--+", "SDHSDH" },
	{ "an operator's hold has no end", 2, 1, VERDICT_FOREVER, "--+++++++++", "SDHHHHHHHHH" },
};

static enum outcome_kind outcome_of(char letter)
{
	switch (letter) {
	case '+':
		return OUTCOME_SUCCESS;
	case '-':
		return OUTCOME_FAILURE;
	case '.':
		return OUTCOME_SILENCE;
	default:
		return OUTCOME_VOID;
	}
}

static char letter_of(const struct verdict *state)
{
	if (state->verdict == MPF_UP)
		return state->flags & MPF_HELD ? 'H' : 'U';
	return "?USD"[state->verdict];
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct verdict_rules rules = { rows[i].fall, rows[i].rise, rows[i].hold_up_ms };
		struct verdict verdict = verdict_adopted(MPF_UNKNOWN, 0, 0);
		char seen[32] = "";
		for (size_t at = 0; rows[i].outcomes[at]; at++) {
			uint64_t now_ms = 1000000 + 1000 * at;
			if (rows[i].outcomes[at] == ' ')
				verdict = verdict_at(verdict, now_ms, &rules);
			else
				verdict = verdict_after(verdict, outcome_of(rows[i].outcomes[at]), now_ms, &rules);
			seen[at] = letter_of(&verdict);
		}
		if (strcmp(seen, rows[i].verdicts) != 0)
			fail_msg("%s: %s gave %s, not %s", rows[i].what, rows[i].outcomes, seen, rows[i].verdicts);
	}
}

static void test_doubt(void **state)
{
	(void)state;
	struct verdict_rules rules = { 2, 2, 0 };
	struct verdict up = verdict_adopted(MPF_UP, 0, 0), doubted = verdict_doubted(up, true);
	assert_int_equal(doubted.verdict, MPF_UP);
	assert_int_equal(doubted.flags, MPF_DOUBTED);
	assert_int_equal(verdict_doubted(doubted, false).flags, 0);
	assert_int_equal(verdict_after(doubted, OUTCOME_SUCCESS, 1, &rules).flags, 0);
	assert_int_equal(verdict_after(doubted, OUTCOME_VOID, 1, &rules).flags, MPF_DOUBTED);
	assert_int_equal(verdict_after(doubted, OUTCOME_FAILURE, 1, &rules).flags, 0);
	for (enum mpf_verdict verdict = MPF_UNKNOWN; verdict <= MPF_DOWN; verdict++)
		if (verdict != MPF_UP)
			assert_int_equal(verdict_doubted(verdict_adopted(verdict, 0, 0), true).flags, 0);
}

static void test_suspected(void **state)
{
	(void)state;
	struct verdict_rules rules = { 2, 2, 0 };
	struct verdict up = verdict_after(verdict_adopted(MPF_UP, 0, 0), OUTCOME_SUCCESS, 1, &rules);
	struct verdict suspect = verdict_suspected(verdict_doubted(up, true));
	assert_int_equal(suspect.verdict, MPF_SUSPECT);
	assert_int_equal(suspect.flags, 0);
	suspect = verdict_after(suspect, OUTCOME_SILENCE, 2, &rules);
	assert_int_equal(suspect.verdict, MPF_SUSPECT); /* canaries have no place in the streak */
	assert_int_equal(verdict_after(suspect, OUTCOME_SILENCE, 3, &rules).verdict, MPF_DOWN);
	assert_int_equal(verdict_suspected(verdict_adopted(MPF_DOWN, 0, 0)).verdict, MPF_DOWN);
	assert_int_equal(verdict_suspected(verdict_adopted(MPF_UNKNOWN, 0, 0)).verdict, MPF_UNKNOWN);
}

static void test_adopted(void **state)
{
	(void)state;
	struct verdict_rules rules = { 2, 2, 3000 };
	struct verdict held = verdict_adopted(MPF_UP, MPF_HELD, 5000);
	assert_int_equal(verdict_at(held, 7999, &rules).flags, MPF_HELD);
	assert_int_equal(verdict_at(held, 8000, &rules).flags, 0);
	assert_int_equal(verdict_released(held).flags, 0);
	assert_int_equal(verdict_released(held).verdict, MPF_UP);
	struct verdict down = verdict_adopted(MPF_DOWN, 0, 5000);
	assert_int_equal(verdict_after(down, OUTCOME_SUCCESS, 6000, &rules).verdict, MPF_DOWN);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(verdict_name(MPF_SUSPECT), "suspect");
	assert_string_equal(verdict_name((enum mpf_verdict)9), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),    cmocka_unit_test(test_doubt), cmocka_unit_test(test_suspected),
		cmocka_unit_test(test_adopted), cmocka_unit_test(test_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
