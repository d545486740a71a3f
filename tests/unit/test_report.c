/* SPDX-License-Identifier: MIT */
/* A report is sent from a descriptor that nobody can take for one of the client's. */
#include "preload/report.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/fixture.h"

static struct {
	struct fixture *fixture;
	char *directory;
	struct mpf_header table;
	int daemon; /* the socket that reports come to */
} world;

static int begin(void **state)
{
	(void)state;
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	world.fixture = fixture_new();
	world.directory = fixture_directory();
	strcpy(to.sun_path, fixture_path(world.fixture, world.directory, "report"));
	memset(&world.table, 0, sizeof world.table);
	memcpy(world.table.report, to.sun_path, sizeof world.table.report);
	/* Where no child takes it for a standard stream. */
	const int made = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	world.daemon = fcntl(made, F_DUPFD_CLOEXEC, 100);
	close(made);
	return bind(world.daemon, (struct sockaddr *)&to, sizeof to);
}

static int end(void **state)
{
	(void)state;
	close(world.daemon);
	fixture_remove(world.directory);
	fixture_free(world.fixture);
	return 0;
}

static bool tell(void)
{
	const struct snapshot snapshot = { .generation = 8, .first_candidate = 30, .count = 3 };
	return report_send(&world.table, &snapshot, MPF_REPORT_FAILED, 2, ECONNREFUSED, UINT64_MAX);
}

/* Bytes of the next report, -1: there is none. */
static ssize_t heard(struct mpf_report *out)
{
	return recv(world.daemon, out, sizeof *out, 0);
}

static void test_content(void **state)
{
	(void)state;
	struct mpf_report report;
	errno = 4711;
	assert_true(tell());
	assert_int_equal(errno, 4711);
	assert_int_equal(heard(&report), sizeof report);
	assert_int_equal(report.magic, MPF_MAGIC);
	assert_int_equal(report.kind, MPF_REPORT_FAILED);
	assert_int_equal(report.generation, 8);
	assert_int_equal(report.candidate, 32);
	assert_int_equal(report.error, ECONNREFUSED);
	assert_int_equal(report.elapsed_us, UINT32_MAX);
	assert_int_equal(heard(&report), -1);
}

static void test_nobody_listens(void **state)
{
	(void)state;
	close(world.daemon);
	world.daemon = -1;
	errno = 4711;
	assert_false(tell());
	memset(world.table.report, 'x', sizeof world.table.report); /* a path without an end */
	assert_false(tell());
	world.table.report[0] = '\0';
	assert_false(tell());
	assert_int_equal(errno, 4711);
}

/* With a standard stream closed, the number that a report would be sent from is one that another thread may be about to write to. */
static void test_standard_streams_closed(void **state)
{
	(void)state;
	for (int fd = 0; fd < 3; fd++) {
		int status;
		struct mpf_report report;
		const pid_t child = fork();
		if (child == 0) {
			close(fd);
			_exit(tell() || fcntl(fd, F_GETFD) != -1);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
		assert_int_equal(heard(&report), -1);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_content), TEST(test_nobody_listens),
		                            TEST(test_standard_streams_closed) };
	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
