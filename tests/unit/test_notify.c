/* SPDX-License-Identifier: MIT */
/* What the service manager is told, and that its watchdog is told nothing once the checks have come to a stand. */
#include "probe/service/notify.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "preload/table.h"
#include "probe/engine/clock.h"
#include "probe/engine/roster.h"
#include "probe/news/log.h"
#include "tests/unit/odd_server.h"
#include "tests/unit/one_engine.h"

enum { WATCHDOG_MS = 90, LIMIT_MS = 5000 };

static char directory[] = "/tmp/mpf-test-XXXXXX";
static int manager = -1;

/* The next message, with "|" for each new line; "": there is none. */
static const char *told(void)
{
	static char text[512];
	ssize_t size = recv(manager, text, sizeof text - 1, MSG_DONTWAIT);
	text[size > 0 ? size : 0] = '\0';
	for (char *at = text; (at = strchr(at, '\n'));)
		*at = '|';
	return text;
}

/* Turns the loop until that is told. */
static void wait_for(uv_loop_t *loop, const char *wanted)
{
	uint64_t end_ms = clock_ms() + LIMIT_MS;
	while (strcmp(told(), wanted) != 0) {
		if (clock_ms() > end_ms)
			fail_msg("never told: %s", wanted);
		uv_run(loop, UV_RUN_NOWAIT);
	}
}

static void test_events(void **state)
{
	(void)state;
	notify_ready();
	assert_string_equal(told(), "READY=1");
	notify_reloading();
	uint64_t before_us = clock_us(), at_us = 0;
	assert_int_equal(sscanf(told(), "RELOADING=1|MONOTONIC_USEC=%" SCNu64, &at_us), 1);
	assert_in_range(at_us, before_us - 1000000, clock_us());
	notify_stopping();
	assert_int_equal(strncmp(told(), "STOPPING=1|STATUS=", 18), 0);
}

static void put(struct mpf_slot *slot, uint32_t at, enum mpf_verdict verdict, enum mpf_operator oper)
{
	slot->candidates[at].word = MPF_WORD((uint32_t)verdict, (uint32_t)oper, 0u, 0u, 0u);
}

static void test_status(void **state)
{
	(void)state;
	char text[200];
	struct mpf_slot *slot = calloc(1, sizeof *slot);
	assert_non_null(slot);
	slot->service_count = 2;
	slot->candidate_count = 3;
	notify_print_status(text, sizeof text, slot, false);
	assert_string_equal(text, "services: 2, candidates: 3 unknown");
	put(slot, 0, MPF_UP, MPF_READY);
	put(slot, 1, MPF_DOWN, MPF_MAINT);
	put(slot, 2, MPF_UP, MPF_DRAIN);
	slot->services[1].off = 1;
	notify_print_status(text, sizeof text, slot, true);
	assert_string_equal(text, "switched OFF; services: 2, candidates: 2 up, 1 down; 1 drained; 1 in maintenance; "
	                          "1 services switched off");
	notify_print_status(text, 12, slot, true);
	assert_string_equal(text, "switched OF");
	slot->candidate_count = 0;
	slot->services[1].off = 0;
	notify_print_status(text, sizeof text, slot, false);
	assert_string_equal(text, "services: 2, candidates: none");
	free(slot);
}

static void test_watchdog(void **state)
{
	(void)state;
	struct one_engine one;
	struct notify *notify = NULL;
	struct odd_server server = odd_start("127.0.0.1", ODD_HTTP);
	one_engine_start(&one, directory,
	                 "timing \"t\" { interval = \"100ms\" fast = \"50ms\" timeout = \"100ms\" }\n"
	                 "service \"s\" { timing = \"t\" ports = { %u } candidate \"c\" { address = \"127.0.0.1\" } }",
	                 server.port);
	assert_int_equal(notify_open(&notify, &one.loop, one.engine), 0);
	assert_non_null(notify);
	wait_for(&one.loop, "STATUS=services: 1, candidates: 1 up");
	wait_for(&one.loop, "WATCHDOG=1");
	/* Its checks are lost: the loop turns, and the table's heart beats. */
	struct candidate *candidate = engine_roster(one.engine)->list[0];
	while (candidate->check)
		uv_run(&one.loop, UV_RUN_ONCE);
	uv_timer_stop(&candidate->timer);
	while (told()[0])
		;
	uint32_t beat_ms = one.header->heartbeat_ms;
	while (one.header->heartbeat_ms - beat_ms < 2000 && !told()[0])
		uv_run(&one.loop, UV_RUN_ONCE);
	assert_in_range(one.header->heartbeat_ms - beat_ms, 2000, 60000);
	candidate_check_soon(candidate, 0);
	wait_for(&one.loop, "WATCHDOG=1");
	notify_close(notify);
	one_engine_stop(&one);
	odd_stop(&server);
}

/* Without a manager. */
static void test_nobody(void **state)
{
	(void)state;
	struct notify *notify = (struct notify *)directory;
	unsetenv("NOTIFY_SOCKET");
	assert_int_equal(notify_open(&notify, NULL, NULL), 0);
	assert_null(notify);
	notify_ready();
	notify_close(NULL);
	assert_string_equal(told(), "");
}

static int set_up(void **state)
{
	(void)state;
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	char limit_us[16];
	if (!mkdtemp(directory))
		return -1;
	snprintf(name.sun_path, sizeof name.sun_path, "%s/notify", directory);
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (manager < 0 || bind(manager, (struct sockaddr *)&name, sizeof name) < 0)
		return -1;
	setenv("NOTIFY_SOCKET", name.sun_path, 1);
	snprintf(limit_us, sizeof limit_us, "%d", WATCHDOG_MS * 1000);
	setenv("WATCHDOG_USEC", limit_us, 1);
	log_set_level(LEVEL_ERROR);
	return 0;
}

static int tear_down(void **state)
{
	static const char *const files[] = { "notify", "table", "table.lock" };
	char path[128];
	(void)state;
	close(manager);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		snprintf(path, sizeof path, "%s/%s", directory, files[i]);
		unlink(path);
	}
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_watchdog),
		cmocka_unit_test(test_nobody),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
