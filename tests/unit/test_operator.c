/* SPDX-License-Identifier: MIT */
/* An engine under an operator: drain and maint, holds and their end, awaited checks, hooks, certificates' warnings. */
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

#include "probe/engine/await.h"
#include "probe/engine/clock.h"
#include "probe/engine/roster.h"
#include "probe/news/log.h"
#include "probe/news/news.h"
#include "tests/unit/odd_server.h"
#include "tests/unit/one_engine.h"

static char directory[] = "/tmp/mpf-test-XXXXXX";

#define TIMING(more) \
	"timing \"t\" { interval = \"100ms\" fast = \"50ms\" down = \"100ms\" timeout = \"100ms\" " more " }\n"
#define SERVICE "service \"s\" { timing = \"t\" ports = { %u } "
#define FIRST   "candidate \"first\" { address = \"127.0.0.1\" } "
#define SECOND  "candidate \"second\" { address = \"127.0.0.2\" } "

static struct candidate *candidate(const struct one_engine *one, size_t index)
{
	return engine_roster(one->engine)->list[index];
}

static uint32_t operator_of(const struct one_engine *one, unsigned index)
{
	return mpf_word_operator(one_engine_slot(one)->candidates[index].word);
}

static unsigned count_events(struct one_engine *one, const char *text)
{
	const struct events *events = &engine_news(one->engine)->events;
	unsigned count = 0;
	for (size_t i = 0; i < events->count; i++)
		count += strstr(events_line(events, i), text) != NULL;
	return count;
}

static void test_operator(void **state)
{
	(void)state;
	struct one_engine one;
	struct odd_server server = odd_start("127.0.0.1", ODD_HTTP);
	one_engine_start(&one, directory, TIMING("") SERVICE FIRST SECOND "}", server.port);
	one_engine_wait(&one, 0, "up", 5000);
	candidate_set_operator(candidate(&one, 0), MPF_DRAIN);
	assert_int_equal(operator_of(&one, 0), MPF_DRAIN);
	assert_int_equal(one_engine_reason(&one, 0), MPF_REASON_OPERATOR);
	candidate_set_operator(candidate(&one, 1), MPF_MAINT);
	one_engine_stays(&one, 0, "up", 250); /* checks go on, and leave it alone */
	assert_int_equal(operator_of(&one, 0), MPF_DRAIN);
	one_engine_load(&one, TIMING("") SERVICE SECOND FIRST "}", server.port);
	assert_int_equal(operator_of(&one, 1), MPF_DRAIN);
	assert_int_equal(operator_of(&one, 0), MPF_MAINT);
	one_engine_stop(&one);
	one_engine_start(&one, directory, TIMING("") SERVICE FIRST SECOND "}", server.port);
	assert_int_equal(operator_of(&one, 0), MPF_DRAIN);
	assert_int_equal(operator_of(&one, 1), MPF_MAINT);
	one_engine_wait(&one, 1, "down", 5000);
	assert_int_equal(operator_of(&one, 1), MPF_MAINT);
	candidate_set_operator(candidate(&one, 0), MPF_READY);
	candidate_set_operator(candidate(&one, 1), MPF_READY);
	assert_int_equal(operator_of(&one, 0), MPF_READY);
	assert_int_equal(one_engine_reason(&one, 1), MPF_REASON_REFUSED); /* that it is down has another reason */
	one_engine_stop(&one);
	odd_stop(&server);
}

static void test_hold(void **state)
{
	(void)state;
	struct one_engine one;
	uint16_t port = odd_free_port();
	one_engine_start(&one, directory, TIMING("hold-up = \"100ms\" rise = 1") SERVICE "failback = hold " FIRST "}",
	                 port);
	one_engine_wait(&one, 0, "down", 5000);
	struct odd_server server = odd_start_at("127.0.0.1", port, ODD_HTTP);
	one_engine_wait(&one, 0, "up held", 5000);
	one_engine_stays(&one, 0, "up held", 1500); /* longer than hold-up, and a heartbeat */
	assert_int_equal(one_engine_slot(&one)->infos[0].held_until_s, 0);
	one_engine_load(&one, TIMING("rise = 1") SERVICE "failback = hold " FIRST "}", port);
	assert_string_equal(one_engine_says(&one, 0), "up held");
	one_engine_stop(&one);
	one_engine_start(&one, directory, TIMING("rise = 1") SERVICE "failback = hold " FIRST "}", port);
	assert_string_equal(one_engine_says(&one, 0), "up held");
	candidate_set_operator(candidate(&one, 0), MPF_READY);
	assert_string_equal(one_engine_says(&one, 0), "up");
	assert_int_equal(count_events(&one, "\"failback\""), 1);
	one_engine_stop(&one);
	odd_stop(&server);
}

/* Each time down doubles the hold; the table tells until when, and how often. */
static void test_flapping(void **state)
{
	(void)state;
	struct one_engine one;
	uint16_t port = odd_free_port();
	one_engine_start(&one, directory, TIMING("hold-up = \"2s\" rise = 1 fall = 1") SERVICE FIRST "}", port);
	for (uint32_t i = 0; i < 4; i++) {
		one_engine_wait(&one, 0, "down", 5000);
		struct odd_server server = odd_start_at("127.0.0.1", port, ODD_HTTP);
		one_engine_wait(&one, 0, "up held", 5000);
		assert_int_equal(one_engine_slot(&one)->infos[0].changes, 2 * i + 2);
		odd_stop(&server);
	}
	assert_in_range(one_engine_slot(&one)->infos[0].held_until_s, clock_wall_s() + 14, clock_wall_s() + 17);
	candidate_set_operator(candidate(&one, 0), MPF_READY); /* and forgiven */
	assert_string_equal(one_engine_says(&one, 0), "up");
	assert_int_equal(candidate(&one, 0)->flap.level, 0);
	one_engine_stop(&one);
}

struct waiter {
	unsigned over;
	size_t count;
	struct await_result results[4];
};

static void on_over(void *owner, const struct await_result *results, size_t count)
{
	struct waiter *waiter = owner;
	waiter->over++;
	waiter->count = count;
	memcpy(waiter->results, results, count * sizeof *results);
}

static void turn(struct one_engine *one, const unsigned *over)
{
	uint64_t end_ms = clock_ms() + 5000;
	while (!*over && clock_ms() < end_ms)
		uv_run(&one->loop, UV_RUN_ONCE);
	assert_int_equal(*over, 1);
}

static void test_await(void **state)
{
	(void)state;
	struct one_engine one;
	struct waiter first = { 0 }, both = { 0 }, cancelled = { 0 }, gone = { 0 };
	struct odd_server server = odd_start("127.0.0.1", ODD_HTTP);
	one_engine_start(&one, directory, TIMING("") SERVICE FIRST SECOND "}", server.port);
	const struct roster *roster = engine_roster(one.engine);
	await_start(roster->list, 1, on_over, &first);
	await_start(roster->list, 2, on_over, &both);
	await_cancel(await_start(roster->list, 2, on_over, &cancelled));
	turn(&one, &both.over);
	assert_int_equal(first.over, 1);
	assert_int_equal(cancelled.over, 0);
	assert_int_equal(first.results[0].outcome.kind, OUTCOME_SUCCESS);
	assert_int_equal(both.count, 2);
	assert_string_equal(both.results[1].service, "s");
	assert_string_equal(both.results[1].name, "second");
	assert_int_equal(both.results[1].outcome.reason, MPF_REASON_REFUSED);
	assert_false(both.results[1].gone);
	await_start(roster->list, 2, on_over, &gone);
	one_engine_load(&one, TIMING("") SERVICE FIRST "}", server.port);
	turn(&one, &gone.over);
	assert_false(gone.results[0].gone);
	assert_true(gone.results[1].gone);
	await_start(engine_roster(one.engine)->list, 1, on_over, &cancelled);
	one_engine_stop(&one);
	assert_int_equal(cancelled.over, 1);
	assert_true(cancelled.results[0].gone);
	odd_stop(&server);
}

static const char *left(void)
{
	static char text[4096], path[64];
	snprintf(path, sizeof path, "%s/left", directory);
	FILE *file = fopen(path, "r");
	text[file ? fread(text, 1, sizeof text - 1, file) : 0] = '\0';
	if (file)
		fclose(file);
	return text;
}

static void wait_for_text(struct one_engine *one, const char *wanted)
{
	uint64_t end_ms = clock_ms() + 5000;
	while (strcmp(left(), wanted) != 0 && clock_ms() < end_ms)
		uv_run(&one->loop, UV_RUN_ONCE);
	assert_string_equal(left(), wanted);
}

/* Once down, however often it comes and goes; up when that lasts; and nothing from maintenance. */
static void test_hooks(void **state)
{
	(void)state;
	struct one_engine one;
	char path[64], conf[512];
	uint16_t port = odd_free_port();
	snprintf(path, sizeof path, "%s/left", directory);
	setenv("LEFT", path, 1);
	snprintf(conf, sizeof conf,
	         TIMING("hold-up = \"300ms\" rise = 1 fall = 1") SERVICE FIRST
	         "}\n"
	         "hook \"h\" { command = \"echo $MPF_EVENT $MPF_SERVICE $MPF_CANDIDATE $MPF_USABLE >> '%s'\" "
	         "on = { down, up, all-down } }\n",
	         port, path);
	one_engine_start(&one, directory, "%s", conf);
	wait_for_text(&one, "down s first 0\nall-down s\n");
	struct odd_server server = odd_start_at("127.0.0.1", port, ODD_HTTP);
	one_engine_wait(&one, 0, "up held", 5000);
	odd_stop(&server);
	one_engine_wait(&one, 0, "down", 5000);
	server = odd_start_at("127.0.0.1", port, ODD_HTTP);
	one_engine_wait(&one, 0, "up held", 5000);
	one_engine_wait(&one, 0, "up", 5000); /* it was down twice: held for 600 ms, until the heartbeat after that */
	wait_for_text(&one, "down s first 0\nall-down s\nup s first 1\n");
	candidate_set_operator(candidate(&one, 0), MPF_MAINT);
	odd_stop(&server);
	one_engine_wait(&one, 0, "down", 5000);
	one_engine_stays(&one, 0, "down", 300);
	assert_string_equal(left(), "down s first 0\nall-down s\nup s first 1\n");
	candidate_set_operator(candidate(&one, 0), MPF_READY); /* now it is news */
	wait_for_text(&one, "down s first 0\nall-down s\nup s first 1\ndown s first 0\nall-down s\n");
	one_engine_stop(&one);
	/* The next daemon knows that it has been told. */
	one_engine_start(&one, directory, "%s", conf);
	one_engine_stays(&one, 0, "down", 300);
	server = odd_start_at("127.0.0.1", port, ODD_HTTP);
	wait_for_text(&one, "down s first 0\nall-down s\nup s first 1\ndown s first 0\nall-down s\nup s first 1\n");
	one_engine_stop(&one);
	odd_stop(&server);
	unlink(path);
}

static int make_directory(void **state)
{
	(void)state;
	log_set_level(LEVEL_ERROR);
	signal(SIGPIPE, SIG_IGN); /* as the daemon does */
	return mkdtemp(directory) ? 0 : -1;
}

static int clear(void **state)
{
	(void)state;
	char path[64];
	static const char *const names[] = { "table", "table.lock", "report" };
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s/%s", directory, names[i]);
		unlink(path);
	}
	return 0;
}

static int remove_directory(void **state)
{
	(void)state;
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_operator, clear), cmocka_unit_test_teardown(test_hold, clear),
		cmocka_unit_test_teardown(test_flapping, clear), cmocka_unit_test_teardown(test_await, clear),
		cmocka_unit_test_teardown(test_hooks, clear),
	};
	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
