/* SPDX-License-Identifier: MIT */
#include "probe/check/needle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *text, *stream;
} rows[] = {
	{ "ok", "all is ok here" },
	{ "ok", "all is well" },
	{ "ok", "" },
	{ "a", "a" },
	{ "aab", "aaaab" },
	{ "abcabd", "abcabcabd" },
	{ "aaa", "aabaab" },
	{ "status: up", "status: u\nstatus: up" },
	{ "xyz", "xyxyxyxyz" },
	{ "longer than it", "long" },
	{ "abab", "abaabab" },
};

/* Fed in pieces of each size, it finds what strstr() finds. */
static void test_pieces(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t length = strlen(rows[i].stream);
		for (size_t piece = 1; piece <= length + 1; piece++) {
			struct needle *needle = needle_new(rows[i].text);
			assert_non_null(needle);
			for (size_t at = 0; at < length; at += piece)
				needle_feed(needle, rows[i].stream + at, at + piece < length ? piece : length - at);
			if (needle_found(needle) != (strstr(rows[i].stream, rows[i].text) != NULL))
				fail_msg("'%s' in '%s' by %zu", rows[i].text, rows[i].stream, piece);
			free(needle);
		}
	}
}

static void test_found_stays(void **state)
{
	(void)state;
	struct needle *needle = needle_new("ok");
	assert_false(needle_feed(needle, "o", 1));
	assert_true(needle_feed(needle, "k", 1));
	assert_true(needle_feed(needle, "no", 2));
	free(needle);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_pieces), cmocka_unit_test(test_found_stays) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
