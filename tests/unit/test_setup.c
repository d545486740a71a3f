/* SPDX-License-Identifier: MIT */
/* What the environment asks of the library.  It is read once in a process, so each row is a process of its own: this program again. */
#include "preload/setup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "preload/note.h"
#include "preload/view.h"
#include "tests/unit/fixture.h"

extern char **environ;

static struct fixture *fixture;
static char *directory;

/* How a child ends. */
enum { HAS_TABLE = 10, HAS_NONE = 11 };

static int run(const char *what, const char *off, const char *table, const char *log)
{
	int status;
	const pid_t child = fork();
	if (child == 0) {
		unsetenv("MPFAILOVER_OFF");
		if (off)
			setenv("MPFAILOVER_OFF", off, 1);
		setenv("MPFAILOVER_TABLE", table, 1);
		setenv("MPFAILOVER_LOG", log, 1);
		execl("/proc/self/exe", "test_setup", what, (char *)NULL);
		_exit(1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* As programs do that show their state in their command line: the strings that they were started with are overwritten. */
static void overwrite_environment(void)
{
	for (char **one = environ; *one; one++)
		memset(*one, '/', strlen(*one));
}

static struct snapshot a_snapshot(void)
{
	struct snapshot snapshot = { .count = 1 };
	strcpy((char *)snapshot.service.name, "dm");
	return snapshot;
}

/* In the child: is there a table, and is it looked for and the log written where it was said at the start? */
static int child(const char *what)
{
	uint32_t now_ms;
	const struct mpf_header *table = setup_table(&now_ms);
	if (strcmp(what, "overwritten") == 0) {
		const struct snapshot snapshot = a_snapshot();
		const struct endpoint endpoint = { .port = 443 };
		char path[512];
		snprintf(path, sizeof path, "%s", getenv("MPFAILOVER_TABLE"));
		overwrite_environment();
		note_moved(&snapshot, &endpoint, &endpoint, "test", 0);
		for (const uint32_t start = fixture_now_ms(); !table && fixture_now_ms() - start < 2000;
		     fixture_nap()) {
			if (access(path, F_OK) != 0) {
				const struct fixture_table late = fixture_table_new();
				fixture_write(late.header, late.size, path);
			}
			table = setup_table(&now_ms);
		}
	}
	if (strcmp(what, "replaced") == 0) { /* what was switched off, in silence, by one that is not */
		const struct fixture_table next = fixture_table_new();
		unlink(getenv("MPFAILOVER_TABLE"));
		fixture_write(next.header, next.size, getenv("MPFAILOVER_TABLE"));
		for (const uint32_t start = fixture_now_ms(); !table && fixture_now_ms() - start < 2000; fixture_nap())
			table = setup_table(NULL);
	}
	return table ? HAS_TABLE : HAS_NONE;
}

static int begin(void **state)
{
	(void)state;
	fixture = fixture_new();
	directory = fixture_directory();
	return 0;
}

static int end(void **state)
{
	(void)state;
	fixture_remove(directory);
	fixture_free(fixture);
	return 0;
}

static const char *make_table(uint32_t off, uint32_t silent_ms)
{
	struct fixture_table table = fixture_table_new();
	const char *path = fixture_path(fixture, directory, "table");
	table.header->off = off;
	table.header->heartbeat_ms -= silent_ms;
	fixture_write(table.header, table.size, path);
	fixture_table_free(&table);
	return path;
}

static void test_off(void **state)
{
	(void)state;
	const char *path = make_table(0, 0);
	assert_int_equal(run("table", NULL, path, ""), HAS_TABLE);
	assert_int_equal(run("table", "", path, ""), HAS_TABLE);
	assert_int_equal(run("table", "0", path, ""), HAS_TABLE);
	assert_int_equal(run("table", "1", path, ""), HAS_NONE);
	assert_int_equal(run("table", "no", path, ""), HAS_NONE);
	assert_int_equal(run("table", "00", path, ""), HAS_NONE);
	assert_int_equal(run("table", NULL, make_table(1, 0), ""), HAS_NONE);
	assert_int_equal(run("table", NULL, make_table(1, 5000), ""), HAS_NONE);
	assert_int_equal(run("replaced", NULL, make_table(1, 5000), ""), HAS_TABLE);
	assert_int_equal(run("replaced", NULL, make_table(1, 0), ""), HAS_NONE); /* its writer lives: it is not looked for */
}

static void test_no_table(void **state)
{
	(void)state;
	assert_int_equal(run("table", NULL, fixture_path(fixture, directory, "none"), ""), HAS_NONE);
}

static void test_overwritten_environment(void **state)
{
	(void)state;
	const char *log = fixture_path(fixture, directory, "log");
	assert_int_equal(run("overwritten", NULL, fixture_path(fixture, directory, "late"), log), HAS_TABLE);
	assert_int_equal(access(log, F_OK), 0);
}

static void test_service_in_force(void **state)
{
	(void)state;
	static const struct {
		uint32_t off, when_stale, stale_after_ms, age_ms;
		bool in_force;
	} rows[] = {
		{ 0, MPF_STALE_LAST_GOOD, 1000, 5000, true }, { 0, MPF_STALE_PASS, 1000, 999, true },
		{ 0, MPF_STALE_PASS, 1000, 1000, true },      { 0, MPF_STALE_PASS, 1000, 1001, false },
		{ 1, MPF_STALE_LAST_GOOD, 1000, 0, false },   { 0, MPF_STALE_PASS, 0, UINT32_MAX - 500, true },
		{ 0, MPF_STALE_PASS, 0, 1, false },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct mpf_header table = { .heartbeat_ms = 4711 };
		const struct mpf_service service = { .off = rows[i].off,
			                             .when_stale = rows[i].when_stale,
			                             .stale_after_ms = rows[i].stale_after_ms };
		assert_int_equal(setup_service_in_force(&table, &service, 4711 + rows[i].age_ms), rows[i].in_force);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_off, begin, end),
		cmocka_unit_test_setup_teardown(test_no_table, begin, end),
		cmocka_unit_test_setup_teardown(test_overwritten_environment, begin, end),
		cmocka_unit_test(test_service_in_force),
	};
	if (argc == 2)
		return child(argv[1]);
	return cmocka_run_group_tests_name("setup", tests, NULL, NULL);
}
