/* SPDX-License-Identifier: MIT */
#include "probe/ctl/shebang.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_lines(void **state)
{
	(void)state;
	static const struct {
		const char *text, *interpreter, *argument; /* interpreter NULL: no such line */
	} rows[] = {
		{ "#!/bin/sh\necho", "/bin/sh", "" },
		{ "#! /bin/sh -e \t\necho", "/bin/sh", "-e" },
		{ "#!\t/usr/bin/perl\t-w -T\n", "/usr/bin/perl", "-w -T" },
		{ "#!/bin/sh", "/bin/sh", "" },
		{ "#!/usr/bin/env python3\n", "/usr/bin/env", "python3" },
		{ "#!\n", NULL, NULL },
		{ "#!  \n/bin/sh", NULL, NULL },
		{ "# !/bin/sh\n", NULL, NULL },
		{ "#", NULL, NULL },
		{ "", NULL, NULL },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct shebang shebang;
		assert_int_equal(shebang_read(&shebang, rows[i].text, strlen(rows[i].text)),
		                 rows[i].interpreter != NULL);
		if (!rows[i].interpreter)
			continue;
		assert_string_equal(shebang.interpreter, rows[i].interpreter);
		assert_string_equal(shebang.argument, rows[i].argument);
	}
}

static void test_long_line(void **state)
{
	(void)state;
	char line[2 * SHEBANG_SIZE] = "#!/";
	struct shebang shebang;
	memset(line + 3, 'x', sizeof line - 3);
	assert_true(shebang_read(&shebang, line, sizeof line));
	assert_int_equal(strlen(shebang.interpreter), SHEBANG_SIZE - 3);
}

static void test_env(void **state)
{
	(void)state;
	static const struct {
		const char *argument, *command;
		bool drops;
	} rows[] = {
		{ "python3", "python3", false },
		{ "-S python3 -u", "python3", false },
		{ "-Spython3 -u", "python3", false },
		{ "-vS perl -w", "perl", false },
		{ "--split-string=perl -w", "perl", false },
		{ "-S LANG=C awk -f", "awk", false },
		{ "-S -u HOME ruby", "ruby", false },
		{ "-S -uHOME --chdir=/ ruby", "ruby", false },
		{ "-S -C / ruby", "ruby", false },
		{ "-S 'ruby'", "ruby", false },
		{ "-S --block-signal -- ruby", "ruby", false },
		{ "-i perl", "perl", true },
		{ "-iS perl", "perl", true },
		{ "-S -i perl", "perl", true },
		{ "-S - perl", "perl", true },
		{ "-S --ignore-environment perl", "perl", true },
		{ "-S -u LD_PRELOAD perl", "perl", true },
		{ "-S -uLD_PRELOAD perl", "perl", true },
		{ "-S --unset=LD_PRELOAD perl", "perl", true },
		{ "-S LD_PRELOAD= perl", "perl", true },
		{ "-S LD_PRELOADED=1 perl", "perl", false },
		{ "-S -u LD_PRELOADED perl", "perl", false },
		{ "-u", "", false },
		{ "-S", "", false },
		{ "", "", false },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char command[SHEBANG_SIZE];
		bool drops = false;
		shebang_env(rows[i].argument, command, &drops);
		assert_string_equal(command, rows[i].command);
		assert_int_equal(drops, rows[i].drops);
	}
}

/* Of exact size, so that a sanitizer sees a step beyond. */
static void test_anything(void **state)
{
	(void)state;
	static const char likely[] = "  \t\n#!/-iSuC=LD_PRELOAD'\"x";
	srand(42);
	for (int i = 0; i < 100000; i++) {
		const size_t size = (size_t)rand() % (SHEBANG_SIZE + 8);
		char *data = malloc(size + 1), command[SHEBANG_SIZE];
		struct shebang shebang;
		bool drops = false;
		assert_non_null(data);
		for (size_t j = 0; j < size; j++)
			data[j] = likely[(size_t)rand() % (sizeof likely - 1)];
		memcpy(data, "#!", size < 2 ? size : 2);
		data = realloc(data, size ? size : 1);
		if (shebang_read(&shebang, data, size))
			shebang_env(shebang.argument, command, &drops);
		free(data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_env),
		cmocka_unit_test(test_anything),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
