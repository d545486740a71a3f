/* SPDX-License-Identifier: MIT */
#include "probe/news/log.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static int real_stderr, ends[2];
static char seen[70000];

static int capture(void **state)
{
	(void)state;
	real_stderr = dup(STDERR_FILENO);
	if (real_stderr < 0 || pipe(ends) < 0)
		return -1;
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	return dup2(ends[1], STDERR_FILENO) < 0;
}

static int release(void **state)
{
	(void)state;
	unsetenv("JOURNAL_STREAM");
	log_set_level(LEVEL_INFO);
	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
	close(ends[0]);
	close(ends[1]);
	return 0;
}

/* What was written since the last call, or "". */
static const char *written(void)
{
	ssize_t size = read(ends[0], seen, sizeof seen - 1);
	seen[size > 0 ? size : 0] = '\0';
	return seen;
}

/* As if stderr were journald's, so that there is no time in the line. */
static void pretend_journal(void)
{
	struct stat status;
	char stream[64];
	fstat(STDERR_FILENO, &status);
	snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)status.st_dev,
	         (unsigned long long)status.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
}

static void test_values(void **state)
{
	(void)state;
	struct log_line line;
	pretend_journal();
	log_begin(&line, LEVEL_INFO, "verdict");
	log_text(&line, "plain", "a/b:1");
	log_text(&line, "empty", "");
	log_text(&line, "space", "status 503");
	log_text(&line, "hostile",
	         "a\"b\\c\nd\x01"
	         "e=f\x7f");
	log_text(&line, "utf8", "Zürich");
	log_number(&line, "number", UINT64_MAX);
	log_write(&line);
	assert_string_equal(written(),
	                    "<6>event=verdict plain=a/b:1 empty=\"\" space=\"status 503\" "
	                    "hostile=\"a\\\"b\\\\c\\nd\\x01e=f\\x7f\" utf8=Zürich number=18446744073709551615\n");
}

static void test_levels(void **state)
{
	(void)state;
	pretend_journal();
	log_say(LEVEL_DEBUG, "quiet", "not wanted");
	assert_string_equal(written(), "");
	log_set_level(LEVEL_DEBUG);
	log_say(LEVEL_DEBUG, "loud", "n=%d", 1);
	assert_string_equal(written(), "<7>event=loud msg=\"n=1\"\n");
	log_say(LEVEL_ERROR, "bad", "x");
	assert_string_equal(written(), "<3>event=bad msg=x\n");
}

static void test_time(void **state)
{
	(void)state;
	int year, month, day, hour, minute, second, ms, end = 0;
	setenv("JOURNAL_STREAM", "1:1", 1); /* someone else's */
	log_say(LEVEL_WARN, "x", "y");
	const char *text = written();
	assert_int_equal(sscanf(text, "time=%4d-%2d-%2dT%2d:%2d:%2d.%3dZ%n", &year, &month, &day, &hour, &minute,
	                        &second, &ms, &end),
	                 7);
	assert_string_equal(text + end, " level=warn event=x msg=y\n");
}

static void test_long_line(void **state)
{
	(void)state;
	char value[5000];
	struct log_line line;
	memset(value, 'x', sizeof value - 1);
	value[sizeof value - 1] = '\0';
	pretend_journal();
	for (int escaped = 0; escaped < 2; escaped++) {
		value[0] = escaped ? ' ' : 'x';
		log_begin(&line, LEVEL_INFO, "long");
		log_text(&line, "value", value);
		log_number(&line, "after", 1);
		log_write(&line);
		const char *text = written();
		assert_in_range(strlen(text), 1000, sizeof line.text);
		assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	}
}

static void test_blocked_reader(void **state)
{
	(void)state;
	pretend_journal();
	for (int i = 0; i < 100000; i++) /* far more than a pipe holds */
		log_say(LEVEL_INFO, "flood", "%d", i);
	written();
	written();
	log_say(LEVEL_INFO, "after", "x");
	assert_non_null(strstr(written(), "event=after msg=x lines_dropped="));
	log_say(LEVEL_INFO, "after", "y");
	assert_string_equal(written(), "<6>event=after msg=y\n");
}

static void test_errno(void **state)
{
	(void)state;
	errno = ENOTTY;
	log_say(LEVEL_INFO, "x", "y");
	close(STDERR_FILENO);
	log_say(LEVEL_INFO, "x", "y");
	assert_int_equal(errno, ENOTTY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_values, capture, release),
		cmocka_unit_test_setup_teardown(test_levels, capture, release),
		cmocka_unit_test_setup_teardown(test_time, capture, release),
		cmocka_unit_test_setup_teardown(test_long_line, capture, release),
		cmocka_unit_test_setup_teardown(test_blocked_reader, capture, release),
		cmocka_unit_test_setup_teardown(test_errno, capture, release),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
