/* SPDX-License-Identifier: MIT */
#include "probe/engine/reports.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "probe/engine/clock.h"

static char directory[] = "/tmp/mpf-test-XXXXXX";
static struct sockaddr_un name = { .sun_family = AF_UNIX };
static unsigned heard;
static struct mpf_report last;

static void on_report(void *owner, const struct mpf_report *report)
{
	assert_ptr_equal(owner, &heard);
	heard++;
	last = *report;
}

static void send_bytes(int client, const void *data, size_t size, uv_loop_t *loop)
{
	while (sendto(client, data, size, MSG_DONTWAIT, (struct sockaddr *)&name, sizeof name) < 0) {
		assert_int_equal(errno, EAGAIN);
		uv_run(loop, UV_RUN_NOWAIT);
	}
}

static void test_reports(void **state)
{
	(void)state;
	uv_loop_t loop;
	struct reports *reports = NULL;
	struct stat status;
	struct mpf_report good = { .magic = MPF_MAGIC, .kind = MPF_REPORT_FAILED, .candidate = 7 }, bad = good;
	struct {
		struct mpf_report report;
		uint32_t more;
	} newer = { .report = good, .more = 1 };
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(reports_open(&reports, &loop, name.sun_path, on_report, &heard), 0);
	assert_int_equal(stat(name.sun_path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0622);
	int client = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bad.magic = 0;
	send_bytes(client, &bad, sizeof bad, &loop);
	send_bytes(client, "", 0, &loop);
	send_bytes(client, &good, sizeof good - 1, &loop);
	send_bytes(client, &good, sizeof good, &loop);
	while (heard < 1)
		uv_run(&loop, UV_RUN_ONCE);
	assert_int_equal(last.candidate, 7);
	send_bytes(client, &newer, sizeof newer, &loop);
	while (heard < 2)
		uv_run(&loop, UV_RUN_ONCE);
	assert_int_equal(heard, 2);
	close(client);
	reports_close(reports);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	assert_int_equal(stat(name.sun_path, &status), -1);
}

/* Half a second of as much as the socket takes. */
static void test_flood(void **state)
{
	(void)state;
	uv_loop_t loop;
	struct reports *reports = NULL;
	struct mpf_report good = { .magic = MPF_MAGIC, .kind = MPF_REPORT_MOVED };
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(reports_open(&reports, &loop, name.sun_path, on_report, &heard), 0);
	int client = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	heard = 0;
	uint64_t end_ms = clock_ms() + 500;
	while (clock_ms() < end_ms) {
		sendto(client, &good, sizeof good, MSG_DONTWAIT, (struct sockaddr *)&name, sizeof name);
		unsigned before = heard;
		uv_run(&loop, UV_RUN_NOWAIT);
		assert_in_range(heard - before, 0, 64);
	}
	assert_in_range(heard, 256, 6 * 256);
	close(client);
	reports_close(reports);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
}

static void test_places(void **state)
{
	(void)state;
	uv_loop_t loop;
	struct reports *reports = NULL;
	struct stat status;
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(reports_open(&reports, &loop, "/nowhere/at/all", on_report, &heard), -ENOENT);
	/* A socket that a killed daemon has left is replaced, one of a living daemon and a file are not. */
	int left = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(left, (struct sockaddr *)&name, sizeof name), 0);
	assert_int_equal(reports_open(&reports, &loop, name.sun_path, on_report, &heard), -EADDRINUSE);
	assert_int_equal(stat(name.sun_path, &status), 0);
	close(left);
	assert_int_equal(reports_open(&reports, &loop, name.sun_path, on_report, &heard), 0);
	reports_close(reports);
	uv_run(&loop, UV_RUN_DEFAULT);
	FILE *file = fopen(name.sun_path, "w");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(reports_open(&reports, &loop, name.sun_path, on_report, &heard), -EADDRINUSE);
	assert_int_equal(stat(name.sun_path, &status), 0);
	unlink(name.sun_path);
	assert_int_equal(uv_loop_close(&loop), 0);
}

static int start(void **state)
{
	(void)state;
	if (!mkdtemp(directory))
		return -1;
	snprintf(name.sun_path, sizeof name.sun_path, "%s/report", directory);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	unlink(name.sun_path);
	return rmdir(directory);
}

int main(void)
{
	alarm(120); /* what never comes is a failure, too */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reports),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_places),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
