/* SPDX-License-Identifier: MIT */
#include "tests/unit/one_check.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "probe/engine/clock.h"
#include "probe/judge/reason.h"

uint64_t one_check_took_ms;

static struct conf_status_range usual[] = { { 200, 399 } };

struct conf_check one_check_default(enum conf_check_type type)
{
	return (struct conf_check){ .name = "test",
		                    .type = type,
		                    .path = "/",
		                    .method = "GET",
		                    .status = usual,
		                    .status_count = 1,
		                    .contains = "",
		                    .body = "",
		                    .verify = true,
		                    .ca_file = "",
		                    .host = "",
		                    .command = "" };
}

struct check_target one_check_target(const struct conf_check *conf, const char *host, const char *address,
                                     uint16_t port)
{
	struct check_target target = { .check = conf,
		                       .service = "web",
		                       .candidate = "first",
		                       .host = host,
		                       .host_port = port,
		                       .dial = { .to.port = port, .interface = "" } };
	union endpoint_sockaddr name = { .any.sa_family = AF_INET };
	if (inet_pton(AF_INET, address, &name.in.sin_addr) != 1) {
		name.any.sa_family = AF_INET6;
		assert_int_equal(inet_pton(AF_INET6, address, &name.in6.sin6_addr), 1);
	}
	assert_true(endpoint_from_sockaddr(&target.dial.to, &name.any, sizeof name));
	target.dial.to.port = port;
	return target;
}

struct running {
	struct outcome outcome;
	bool started;
	unsigned told;
};

static void on_done(void *owner, const struct outcome *outcome)
{
	struct running *running = owner;
	assert_true(running->started);
	running->told++;
	running->outcome = *outcome;
}

static void close_loop(struct check_world *world)
{
	check_world_close(world);
	uv_run(world->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(world->loop), 0);
}

struct outcome one_check_run(const struct check_target *target, uint32_t timeout_ms)
{
	uv_loop_t loop;
	struct check_world world;
	struct running running = { .told = 0 };
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(check_world_open(&world, &loop), 0);
	uint64_t start_ms = clock_ms();
	assert_non_null(check_start(&world, target, timeout_ms, on_done, &running));
	running.started = true;
	while (!running.told)
		uv_run(&loop, UV_RUN_ONCE);
	one_check_took_ms = clock_ms() - start_ms;
	close_loop(&world);
	assert_int_equal(running.told, 1);
	return running.outcome;
}

static void on_time(uv_timer_t *timer)
{
	uv_stop(timer->loop);
}

void one_check_cancel(const struct check_target *target, uint32_t after_ms)
{
	uv_loop_t loop;
	uv_timer_t timer;
	struct check_world world;
	struct running running = { .started = true };
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(check_world_open(&world, &loop), 0);
	struct check *check = check_start(&world, target, 10000, on_done, &running);
	assert_non_null(check);
	uv_timer_init(&loop, &timer);
	uv_timer_start(&timer, on_time, after_ms, 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(running.told, 0);
	check_cancel(check);
	uv_close((uv_handle_t *)&timer, NULL);
	close_loop(&world);
	assert_int_equal(running.told, 0);
}

void one_check_expect(const char *what, struct outcome outcome, enum outcome_kind kind, enum mpf_reason reason,
                      uint32_t detail)
{
	char seen[REASON_TEXT], wanted[REASON_TEXT];
	if (outcome.kind != kind || outcome.reason != reason || outcome.detail != detail)
		fail_msg("%s: %s, %s, not %s, %s", what, outcome_kind_name(outcome.kind),
		         reason_print(outcome.reason, outcome.detail, seen), outcome_kind_name(kind),
		         reason_print(reason, detail, wanted));
}
