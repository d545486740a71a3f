/* SPDX-License-Identifier: MIT */
#include "probe/ctl/ctl_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "preload/table.h"

static void durations(void **state)
{
	static const struct {
		uint32_t seconds;
		const char *text;
	} cases[] = {
		{ 0, "0s" },
		{ 59, "59s" },
		{ 60, "1m 0s" },
		{ 192, "3m 12s" },
		{ 3599, "59m 59s" },
		{ 3600, "1h 0m" },
		{ 7500, "2h 5m" },
		{ 86399, "23h 59m" },
		{ 86400, "1d 0h" },
		{ 356400, "4d 3h" },
		{ 4294967295u, "49710d 6h" },
	};
	char out[CTL_TEXT];
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_string_equal(ctl_text_duration(cases[i].seconds, out), cases[i].text);
}

static void since_copes_with_never_and_with_a_clock_set_back(void **state)
{
	char out[CTL_TEXT];
	(void)state;
	assert_string_equal(ctl_text_since(1000, 0, out), "-");
	assert_string_equal(ctl_text_since(1000, 1000, out), "0s");
	assert_string_equal(ctl_text_since(1000, 1005, out), "0s");
	assert_string_equal(ctl_text_since(1000, 808, out), "3m 12s");
}

static void micros_have_three_digits(void **state)
{
	static const struct {
		uint32_t us;
		const char *text;
	} cases[] = {
		{ 0, "-" },          { 1, "1 us" },        { 999, "999 us" },     { 1000, "1.00 ms" },
		{ 1240, "1.24 ms" }, { 9994, "9.99 ms" },  { 9996, "10.0 ms" },   { 12400, "12.4 ms" },
		{ 99960, "100 ms" }, { 380000, "380 ms" }, { 1500000, "1.50 s" }, { 4294967295u, "4294.97 s" },
	};
	char out[CTL_TEXT];
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_string_equal(ctl_text_micros(cases[i].us, out), cases[i].text);
}

static void words(void **state)
{
	static const struct {
		uint32_t word;
		const char *text;
	} cases[] = {
		{ MPF_WORD(MPF_UNKNOWN, MPF_READY, 0, 0, 0), "unknown" },
		{ MPF_WORD(MPF_UP, MPF_READY, 0, MPF_REASON_STATUS, 200), "up" },
		{ MPF_WORD(MPF_UP, MPF_READY, MPF_DOUBTED, 0, 0), "up, doubted" },
		{ MPF_WORD(MPF_UP, MPF_DRAIN, MPF_DOUBTED | MPF_HELD, 0, 0), "up, drain, doubted, held" },
		{ MPF_WORD(MPF_DOWN, MPF_MAINT, 0, MPF_REASON_REFUSED, 0), "down, maint" },
		{ MPF_WORD(9, 7, 0, 0, 0), "?, ?" },
	};
	char out[CTL_TEXT];
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_string_equal(ctl_text_word(cases[i].word, out), cases[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations),
		cmocka_unit_test(since_copes_with_never_and_with_a_clock_set_back),
		cmocka_unit_test(micros_have_three_digits),
		cmocka_unit_test(words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
