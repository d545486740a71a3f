/* SPDX-License-Identifier: MIT */
#include "preload/note.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/fixture.h"

static struct {
	struct fixture *fixture;
	char *directory;
	const char *log, *other; /* paths */
} world;

static int begin(void **state)
{
	(void)state;
	world.fixture = fixture_new();
	world.directory = fixture_directory();
	world.log = fixture_path(world.fixture, world.directory, "log");
	world.other = fixture_path(world.fixture, world.directory, "other");
	return 0;
}

static int end(void **state)
{
	(void)state;
	fixture_remove(world.directory);
	fixture_free(world.fixture);
	return 0;
}

/* What to say of whom; errno must be as it was. */
static int note(const char *service, const char *why, uint32_t elapsed_us)
{
	const struct conf_address from = fixture_address("192.0.2.1"), to = fixture_address("2001:db8::1");
	struct endpoint asked = { .port = 443 }, used = { .port = 8443, .scope = 3 };
	struct snapshot snapshot = { .count = 1 };
	snprintf((char *)snapshot.service.name, sizeof snapshot.service.name, "%s", service);
	memcpy(asked.address, &from.ip, 16);
	memcpy(used.address, &to.ip, 16);
	errno = 4711;
	note_moved(&snapshot, &asked, &used, why, elapsed_us);
	return errno == 4711 ? 0 : __LINE__;
}

/* Where lines go is said once in a process, so each case is a child; it returns 0 or the line of what went wrong. */
static void in_child(int (*function)(void))
{
	int status;
	const pid_t child = fork();
	if (child == 0) {
		const int line = function();
		_exit(line ? 1 : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* The content of PATH, NULL if there is no such file. */
static const char *content(const char *path)
{
	static char text[4096];
	const int fd = open(path, O_RDONLY);
	if (fd < 0)
		return NULL;
	const ssize_t length = read(fd, text, sizeof text - 1);
	close(fd);
	text[length < 0 ? 0 : length] = '\0';
	return text;
}

/* TEXT begins with "mpfailover: program=... pid=NUMBER " and goes on with REST. */
static void check_line(const char *text, const char *rest)
{
	char start[128];
	assert_non_null(text);
	const int length = snprintf(start, sizeof start, "mpfailover: program=%s pid=", program_invocation_short_name);
	assert_memory_equal(text, start, (size_t)length);
	text += (size_t)length;
	text += strspn(text, "0123456789");
	assert_string_equal(text, rest);
}

static int to_file(void)
{
	note_init(world.log);
	return note("dm", "verdict", 1234) || note("dm", "deadline", 0) || note("dm", "error", UINT32_MAX);
}

static void test_to_file(void **state)
{
	(void)state;
	struct stat st;
	in_child(to_file);
	char *text = strdup(content(world.log)), *line = text;
	static const char *const ends[] = { "why=verdict ms=1.2", "why=deadline ms=0.0", "why=error ms=4294967.2" };
	for (int i = 0; i < 3; i++) {
		char *next = strchr(line, '\n'), wanted[256];
		assert_non_null(next);
		*next = '\0';
		snprintf(wanted, sizeof wanted, " service=dm asked=192.0.2.1:443 used=[2001:db8::1%%3]:8443 %s",
		         ends[i]);
		check_line(line, wanted);
		line = next + 1;
	}
	assert_string_equal(line, "");
	free(text);
	assert_int_equal(stat(world.log, &st), 0);
	assert_int_equal(st.st_mode & 0777 & ~0644, 0);
}

static int odd_name(void)
{
	note_init(world.log);
	return note("a b\"c\nd=\x7f\xc3\xa4", "verdict", 0);
}

static void test_odd_name(void **state)
{
	(void)state;
	in_child(odd_name);
	check_line(content(world.log),
	           " service=a_b_c_d=___ asked=192.0.2.1:443 used=[2001:db8::1%3]:8443 why=verdict ms=0.0\n");
}

static int too_long(void)
{
	static char name[4000];
	memset(name, 'p', sizeof name - 1);
	program_invocation_short_name = name;
	note_init(world.log);
	return note("dm", "verdict", 0);
}

static void test_too_long(void **state)
{
	(void)state;
	in_child(too_long);
	const char *text = content(world.log);
	assert_int_equal(strlen(text), 511);
	assert_int_equal(text[510], '\n');
	assert_ptr_equal(strchr(text, '\n'), text + 510);
}

static int silent(void)
{
	const int fd = open(world.other, O_WRONLY | O_CREAT, 0644);
	dup2(fd, STDERR_FILENO);
	note_init(NULL);
	note_init("");
	return note("dm", "verdict", 0);
}

static void test_silent(void **state)
{
	(void)state;
	in_child(silent);
	assert_string_equal(content(world.other), "");
}

static int to_stderr(void)
{
	const int fd = open(world.log, O_WRONLY | O_CREAT, 0644);
	dup2(fd, STDERR_FILENO);
	note_init("stderr");
	if (note("dm", "verdict", 0))
		return __LINE__;
	/* The client closes it, and gets the number for something else. */
	dup2(open(world.other, O_WRONLY | O_CREAT, 0644), STDERR_FILENO);
	if (note("dm", "verdict", 0))
		return __LINE__;
	close(STDERR_FILENO);
	return note("dm", "verdict", 0);
}

static void test_to_stderr(void **state)
{
	(void)state;
	in_child(to_stderr);
	check_line(content(world.log),
	           " service=dm asked=192.0.2.1:443 used=[2001:db8::1%3]:8443 why=verdict ms=0.0\n");
	assert_string_equal(content(world.other), "");
}

static int without_stderr(void)
{
	close(STDERR_FILENO);
	note_init("stderr");
	if (open(world.other, O_WRONLY | O_CREAT, 0644) != STDERR_FILENO)
		return __LINE__;
	return note("dm", "verdict", 0);
}

static void test_without_stderr(void **state)
{
	(void)state;
	in_child(without_stderr);
	assert_string_equal(content(world.other), "");
}

/* The log would become, for a moment, descriptor 0, 1 or 2: another thread may be about to write there. */
static int without_standard_streams(void)
{
	for (int fd = 0; fd < 3; fd++) {
		close(fd);
		note_init(world.log);
		if (note("dm", "verdict", 0) || fcntl(fd, F_GETFD) != -1)
			return __LINE__;
		if (open("/dev/null", O_RDWR) != fd)
			return __LINE__;
	}
	return 0;
}

static void test_without_standard_streams(void **state)
{
	(void)state;
	in_child(without_standard_streams);
	const char *text = content(world.log);
	assert_true(!text || !*text);
}

static int cannot_be_written(void)
{
	static const char *const paths[] = { "/dev/full", "/nonexistent/file", "/", "/proc/self/none" };
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		note_init(paths[i]);
		if (note("dm", "verdict", 0))
			return __LINE__;
	}
	if (mkfifo(world.log, 0600) < 0)
		return __LINE__;
	note_init(world.log); /* nobody reads it: it must not wait */
	return note("dm", "verdict", 0);
}

static void test_cannot_be_written(void **state)
{
	(void)state;
	in_child(cannot_be_written);
}

/* The kernel would end the client for a byte too many. */
static int file_too_large(void)
{
	const struct rlimit limit = { 0, 0 };
	sigset_t all, before;
	sigfillset(&all);
	signal(SIGXFSZ, SIG_DFL);
	if (setrlimit(RLIMIT_FSIZE, &limit) < 0 || sigprocmask(SIG_SETMASK, &all, &before) < 0)
		return __LINE__;
	note_init(world.log);
	const int line = note("dm", "verdict", 0);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return line;
}

static void test_file_too_large(void **state)
{
	(void)state;
	in_child(file_too_large);
	assert_string_equal(content(world.log), "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_to_file),
		TEST(test_odd_name),
		TEST(test_too_long),
		TEST(test_silent),
		TEST(test_to_stderr),
		TEST(test_without_stderr),
		TEST(test_without_standard_streams),
		TEST(test_cannot_be_written),
		TEST(test_file_too_large),
	};
	return cmocka_run_group_tests_name("note", tests, NULL, NULL);
}
