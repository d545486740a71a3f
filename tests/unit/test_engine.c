/* SPDX-License-Identifier: MIT */
/* The daemon without its main(): configurations, servers that die, clients that report, and the table in between. */
#include "probe/engine/engine.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "probe/engine/clock.h"
#include "probe/news/log.h"
#include "tests/unit/odd_server.h"
#include "tests/unit/one_engine.h"

static char directory[] = "/tmp/mpf-test-XXXXXX";

#define QUICK \
	"timing \"t\" { interval = \"100ms\" fast = \"50ms\" down = \"100ms\" timeout = \"100ms\" hold-up = \"0s\" }\n"
/* Nothing happens unless something makes it happen. */
#define SLOW    "timing \"t\" { interval = \"1h\" fast = \"50ms\" down = \"1h\" timeout = \"1500ms\" hold-up = \"0s\" }\n"
#define SERVICE "service \"s\" { hosts = { \"dm.example.org\" } timing = \"t\" ports = { %u } "
#define FIRST   "candidate \"first\" { address = \"127.0.0.1\" } "
#define SECOND  "candidate \"second\" { address = \"127.0.0.2\" } "

static void test_life(void **state)
{
	(void)state;
	struct one_engine one;
	struct odd_server server = odd_start("127.0.0.1", ODD_HTTP);
	uint16_t port = server.port;
	one_engine_start(&one, directory, QUICK SERVICE FIRST SECOND "}", port);
	assert_string_equal(one_engine_says(&one, 0), "unknown");
	one_engine_wait(&one, 0, "up", 5000);
	assert_int_equal(one_engine_reason(&one, 0), MPF_REASON_CONNECTED);
	const struct mpf_slot *slot = one_engine_slot(&one);
	assert_in_range(slot->candidates[0].handshake_us, 1, 100000);
	assert_in_range(slot->infos[0].checked_s, slot->loaded_s, slot->loaded_s + 5);
	assert_in_range(slot->infos[0].since_s, slot->loaded_s, slot->loaded_s + 5);
	assert_int_equal(slot->infos[0].last_reason, MPF_REASON_CONNECTED);
	one_engine_wait(&one, 1, "down", 5000); /* nobody listens there */
	assert_int_equal(one_engine_reason(&one, 1), MPF_REASON_REFUSED);
	odd_stop(&server);
	one_engine_wait(&one, 0, "down", 5000);
	server = odd_start_at("127.0.0.1", port, ODD_HTTP);
	one_engine_wait(&one, 0, "up", 5000);
	uint32_t beat_ms = one.header->heartbeat_ms;
	one_engine_stays(&one, 0, "up", 1100);
	assert_int_not_equal(one.header->heartbeat_ms, beat_ms);
	one_engine_stop(&one);
	odd_stop(&server);
}

/* Verdicts outlive the daemon, and nothing is unknown in between. */
static void test_restart(void **state)
{
	(void)state;
	struct one_engine one;
	struct odd_server server = odd_start("127.0.0.1", ODD_HTTP);
	one_engine_start(&one, directory, QUICK SERVICE FIRST SECOND "}", server.port);
	one_engine_wait(&one, 0, "up", 5000);
	one_engine_wait(&one, 1, "down", 5000);
	one_engine_stop(&one);
	one_engine_start(&one, directory, QUICK SERVICE SECOND FIRST "candidate \"new\" { address = \"127.0.0.3\" } }",
	                 server.port);
	assert_string_equal(one_engine_says(&one, 0), "down");
	assert_string_equal(one_engine_says(&one, 1), "up");
	assert_string_equal(one_engine_says(&one, 2), "unknown");
	assert_in_range(one_engine_slot(&one)->candidates[1].handshake_us, 1, 100000);
	one_engine_stays(&one, 0, "down", 250);
	one_engine_stays(&one, 1, "up", 250);
	one_engine_stop(&one);
	odd_stop(&server);
}

static void test_reload(void **state)
{
	(void)state;
	struct one_engine one;
	struct odd_server server = odd_start("127.0.0.1", ODD_HTTP);
	one_engine_start(&one, directory, QUICK SERVICE FIRST SECOND "}", server.port);
	one_engine_wait(&one, 0, "up", 5000);
	one_engine_wait(&one, 1, "down", 5000);
	for (int i = 0; i < 100; i++) {
		/* Another order, another name, another check, in turns; with checks under way. */
		one_engine_load(&one, i % 2 ? QUICK SERVICE SECOND FIRST "}" : QUICK SERVICE FIRST SECOND "}",
		                server.port);
		assert_string_equal(one_engine_says(&one, i % 2), "up");
		assert_string_equal(one_engine_says(&one, 1 - i % 2), "down");
		uv_run(&one.loop, UV_RUN_NOWAIT);
	}
	one_engine_load(&one,
	                QUICK "check \"http\" { type = http path = \"/status/503\" }\n" SERVICE
	                      "check = \"http\" " FIRST "}",
	                server.port);
	assert_string_equal(one_engine_says(&one, 0), "up");
	assert_int_equal(one_engine_slot(&one)->candidate_count, 1);
	one_engine_wait(&one, 0, "down", 5000);
	assert_int_equal(one_engine_reason(&one, 0), MPF_REASON_STATUS);
	assert_int_equal(mpf_word_detail(one_engine_slot(&one)->candidates[0].word), 503);
	one_engine_stop(&one);
	odd_stop(&server);
}

static void test_hold(void **state)
{
	(void)state;
	struct one_engine one;
	uint16_t port = odd_free_port();
	one_engine_start(
		&one, directory,
		"timing \"t\" { interval = \"100ms\" fast = \"50ms\" down = \"100ms\" hold-up = \"1s\" }\n" SERVICE
			FIRST "}",
		port);
	one_engine_wait(&one, 0, "down", 5000);
	struct odd_server server = odd_start_at("127.0.0.1", port, ODD_HTTP);
	one_engine_wait(&one, 0, "up held", 5000);
	assert_in_range(one_engine_wait(&one, 0, "up", 2500), 800, 2500);
	odd_stop(&server);
	one_engine_wait(&one, 0, "down", 5000);
	server = odd_start_at("127.0.0.1", port, ODD_HTTP);
	one_engine_load(&one, QUICK SERVICE "failback = hold " FIRST "}", port);
	one_engine_wait(&one, 0, "up held", 5000);
	one_engine_stays(&one, 0, "up held", 1500);
	one_engine_stop(&one);
	odd_stop(&server);
}

static void test_exec(void **state)
{
	(void)state;
	struct one_engine one;
	char flag[64];
	snprintf(flag, sizeof flag, "%s/flag", directory);
	one_engine_start(
		&one, directory,
		"timing \"t\" { interval = \"100ms\" fast = \"50ms\" timeout = \"5s\" hold-up = \"0s\" }\n"
		"check \"c\" { type = exec command = \"test -e %s && exit 3; test $MPF_ADDRESS = 127.0.0.1\" }\n" SERVICE
		"check = \"c\" " FIRST SECOND "}",
		flag, 80);
	one_engine_wait(&one, 0, "up", 5000);
	one_engine_wait(&one, 1, "down", 5000);
	assert_int_equal(one_engine_reason(&one, 1), MPF_REASON_EXIT);
	fclose(fopen(flag, "w")); /* from now on it cannot tell */
	one_engine_stays(&one, 0, "up", 500);
	assert_string_equal(one_engine_says(&one, 1), "down");
	unlink(flag);
	one_engine_stop(&one);
}

static struct mpf_report report_of(const struct one_engine *one, enum mpf_report_kind kind, uint32_t candidate)
{
	return (struct mpf_report){
		.magic = MPF_MAGIC, .kind = kind, .candidate = candidate, .generation = one_engine_slot(one)->generation
	};
}

static void test_reports(void **state)
{
	(void)state;
	struct one_engine one;
	struct odd_server server = odd_start("127.0.0.1", ODD_HTTP);
	one_engine_start(&one, directory, SLOW SERVICE FIRST "}", server.port);
	one_engine_wait(&one, 0, "up", 5000);
	struct mpf_report report = report_of(&one, MPF_REPORT_FAILED, 0);
	/* What is not to be believed: of another configuration, of nobody, of no kind. */
	struct mpf_report bad[] = { report, report, report, report };
	bad[0].generation += 2;
	bad[1].candidate = 1;
	bad[2].candidate = UINT32_MAX;
	bad[3].kind = 77;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		one_engine_report(&one, &bad[i]);
		one_engine_stays(&one, 0, "up", 20);
	}
	assert_int_equal(one_engine_slot(&one)->infos[0].failed_over, 0);
	/* Doubted, and refuted by the first canary. */
	one_engine_report(&one, &report);
	one_engine_wait(&one, 0, "up doubted", 5000);
	one_engine_wait(&one, 0, "up", 5000);
	assert_int_equal(one_engine_slot(&one)->infos[0].failed_over, 1);
	/* For one interval, no further report moves anything; they are counted. */
	for (int i = 0; i < 5; i++) {
		one_engine_report(&one, &report);
		one_engine_stays(&one, 0, "up", 20);
	}
	report.kind = MPF_REPORT_MOVED;
	one_engine_report(&one, &report);
	one_engine_stays(&one, 0, "up", 20);
	assert_int_equal(one_engine_slot(&one)->infos[0].failed_over, 6);
	assert_int_equal(one_engine_slot(&one)->infos[0].moved, 1);
	one_engine_stop(&one);
	odd_stop(&server);
}

/* The server is gone, and it would be an hour until the next check. */
static void test_report_finds_it_dead(void **state)
{
	(void)state;
	for (int silent = 0; silent < 2; silent++) {
		struct one_engine one;
		struct odd_server server = odd_start("127.0.0.1", ODD_HTTP);
		uint16_t port = server.port;
		one_engine_start(&one, directory, SLOW SERVICE FIRST "}", port);
		one_engine_wait(&one, 0, "up", 5000);
		odd_stop(&server);
		if (silent)
			server = odd_start_at("127.0.0.1", port, ODD_FULL);
		struct mpf_report report = report_of(&one, MPF_REPORT_FAILED, 0);
		one_engine_report(&one, &report);
		/* On a busy machine "doubted" and "suspect" may be over before anybody has looked; down within the hour is due to both. */
		uint64_t took_ms = one_engine_wait(&one, 0, "down", 5000);
		assert_in_range(took_ms, silent ? 150 : 0, silent ? 3000 : 2000);
		one_engine_stop(&one);
		odd_stop(&server);
	}
}

/* Nobody reports; the first check that is not answered counts once the canaries have missed, too. */
static void test_checks_find_it_silent(void **state)
{
	(void)state;
	for (unsigned fall = 1; fall <= 2; fall++) {
		struct one_engine one;
		struct odd_server server = odd_start("127.0.0.1", ODD_HTTP);
		uint16_t port = server.port;
		one_engine_start(
			&one, directory,
			"timing \"t\" { interval = \"200ms\" fast = \"50ms\" timeout = \"100ms\" fall = %u hold-up = \"0s\" }\n" SERVICE
				FIRST "}",
			fall, port);
		one_engine_wait(&one, 0, "up", 5000);
		odd_stop(&server);
		server = odd_start_at("127.0.0.1", port, ODD_FULL);
		one_engine_wait(&one, 0, "down", 5000);
		one_engine_stop(&one);
		odd_stop(&server);
	}
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

static void test_watch(void **state)
{
	(void)state;
	uint64_t took_ms[20], sum_ms = 0;
	struct one_engine one;
	uint16_t port = odd_free_port();
	one_engine_start(&one, directory, SLOW SERVICE "watch = on " FIRST "}", port);
	for (int i = 0; i < 20; i++) {
		struct odd_server server = odd_start_at("127.0.0.1", port, ODD_HTTP);
		one_engine_load(&one, SLOW SERVICE "watch = on candidate \"c%d\" { address = \"127.0.0.1\" } }", port,
		                i);
		one_engine_wait(&one, 0, "up", 5000);
		one_engine_stays(&one, 0, "up", 60); /* the watch stands, and the last check is 50 ms old */
		odd_stop(&server);
		took_ms[i] = one_engine_wait(&one, 0, "suspect", 5000);
		sum_ms += took_ms[i] + one_engine_wait(&one, 0, "down", 5000);
	}
	qsort(took_ms, 20, sizeof took_ms[0], compare);
	assert_in_range(took_ms[10], 0, 150); /* 50 and 300 on a quiet machine; without a watch it takes seconds */
	assert_in_range(sum_ms / 20, 0, 900);
	print_message("no longer up after %llu ms (median of 20), down after %llu ms (mean)\n",
	              (unsigned long long)took_ms[10], (unsigned long long)sum_ms / 20);
	one_engine_stop(&one);
}

/* A server that ends idle connections is not down, and is not asked without end. */
static void test_watch_unwelcome(void **state)
{
	(void)state;
	struct one_engine one;
	struct odd_server server = odd_start("127.0.0.1", ODD_RESET);
	one_engine_start(&one, directory, SLOW SERVICE "watch = on " FIRST "}", server.port);
	one_engine_wait(&one, 0, "up", 5000);
	one_engine_stays(&one, 0, "up", 500);
	one_engine_stop(&one);
	odd_stop(&server);
}

static struct odd_server stalled;

/* This process is away for longer than the check's deadline, and so is the server. */
static void stall(uv_timer_t *timer)
{
	(void)timer;
	kill(stalled.pid, SIGSTOP);
	usleep(600000);
	kill(stalled.pid, SIGCONT);
}

static void test_late_loop(void **state)
{
	(void)state;
	struct one_engine one;
	uv_timer_t timer;
	stalled = odd_start("127.0.0.1", ODD_SLOW); /* so that a check is under way most of the time */
	one_engine_start(&one, directory,
	                 "timing \"t\" { interval = \"100ms\" fast = \"50ms\" timeout = \"400ms\" fall = 1 }\n"
	                 "check \"c\" { type = http contains = \"status: up\" }\n" SERVICE "check = \"c\" " FIRST "}",
	                 stalled.port);
	one_engine_wait(&one, 0, "up", 5000);
	uv_timer_init(&one.loop, &timer);
	for (unsigned i = 0; i < 4; i++) {
		uv_timer_start(&timer, stall, 70 + 60 * i, 0);
		one_engine_stays(&one, 0, "up", 1200);
	}
	uv_close((uv_handle_t *)&timer, NULL);
	/* It does notice when the fault is not its own. */
	kill(stalled.pid, SIGSTOP);
	one_engine_wait(&one, 0, "down", 2000);
	one_engine_stop(&one);
	odd_stop(&stalled);
}

/* One that suddenly takes 6 times as long as measured, while it is in doubt, is not declared dead. */
static void test_slower_in_doubt(void **state)
{
	(void)state;
	struct one_engine one;
	struct odd_server server = odd_start("127.0.0.1", ODD_SPLIT);
	uint16_t port = server.port;
	one_engine_start(&one, directory,
	                 SLOW "check \"c\" { type = http contains = \"status: up\" }\n" SERVICE "check = \"c\" " FIRST
	                      "}",
	                 port);
	one_engine_wait(&one, 0, "up", 5000);
	odd_stop(&server);
	struct mpf_report report = report_of(&one, MPF_REPORT_FAILED, 0);
	one_engine_report(&one, &report);
	one_engine_wait(&one, 0, "suspect", 5000);
	server = odd_start_at("127.0.0.1", port, ODD_SLOW);
	one_engine_wait(&one, 0, "up", 5000);
	one_engine_stop(&one);
	odd_stop(&server);
}

static int start(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	log_set_level(getenv("LOUD") ? LEVEL_DEBUG : LEVEL_ERROR);
	return mkdtemp(directory) ? 0 : -1;
}

/* Each test has a table of its own. */
static int forget(void **state)
{
	(void)state;
	char path[64];
	static const char *const names[] = { "table", "table.lock", "report" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", directory, names[i]);
		unlink(path);
	}
	return 0;
}

static int stop(void **state)
{
	(void)state;
	return rmdir(directory);
}

int main(void)
{
	alarm(120); /* what never comes is a failure, too */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_life, forget),
		cmocka_unit_test_teardown(test_restart, forget),
		cmocka_unit_test_teardown(test_reload, forget),
		cmocka_unit_test_teardown(test_hold, forget),
		cmocka_unit_test_teardown(test_exec, forget),
		cmocka_unit_test_teardown(test_reports, forget),
		cmocka_unit_test_teardown(test_report_finds_it_dead, forget),
		cmocka_unit_test_teardown(test_checks_find_it_silent, forget),
		cmocka_unit_test_teardown(test_watch, forget),
		cmocka_unit_test_teardown(test_watch_unwelcome, forget),
		cmocka_unit_test_teardown(test_late_loop, forget),
		cmocka_unit_test_teardown(test_slower_in_doubt, forget),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
