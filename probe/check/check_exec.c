/* SPDX-License-Identifier: MIT */
/* A command of the operator's: exit status 0 is success, 1 is failure, anything else says nothing. */
#include "probe/check/check_kind.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "probe/check/shell.h"
#include "probe/engine/clock.h"

enum { FACTS = 4, FACT_SIZE = 96 };

struct exec_check {
	struct check base;
	uv_process_t process;
	uv_timer_t deadline;
	struct outcome early; /* known before the loop has turned */
	bool running;
	unsigned open; /* handles */
};

static void on_closed(uv_handle_t *handle)
{
	struct exec_check *check = handle->data;
	if (--check->open == 0)
		free(check);
}

/* Ends the command with all that it has started; libuv still waits for it. */
static void kill_group(struct exec_check *check)
{
	if (check->running)
		shell_kill(&check->process);
}

static void cancel(struct check *base)
{
	struct exec_check *check = (struct exec_check *)base;
	check->base.done = NULL;
	kill_group(check);
	uv_close((uv_handle_t *)&check->deadline, on_closed);
	if (!check->running && check->open == 2)
		uv_close((uv_handle_t *)&check->process, on_closed);
}

static void finish(struct exec_check *check, const struct outcome *outcome)
{
	check_done *done = check->base.done;
	void *owner = check->base.owner;
	cancel(&check->base);
	done(owner, outcome);
}

static void on_exit_status(uv_process_t *process, int64_t status, int signal)
{
	struct exec_check *check = process->data;
	struct outcome outcome = { OUTCOME_VOID, MPF_REASON_EXIT,
		                   .detail = (uint32_t)(signal ? 128 + signal : status) };
	check->running = false;
	if (!check->base.done) { /* killed by us: the last to go */
		uv_close((uv_handle_t *)process, on_closed);
		return;
	}
	if (!signal && status == 0)
		outcome = (struct outcome){ OUTCOME_SUCCESS, MPF_REASON_PASSED, .detail = 0 };
	if (!signal && status == 1)
		outcome.kind = OUTCOME_FAILURE;
	finish(check, &outcome);
}

static void on_early(uv_timer_t *deadline)
{
	struct exec_check *check = deadline->data;
	finish(check, &check->early);
}

static void on_deadline(uv_timer_t *deadline)
{
	struct outcome silence = outcome_from_errno(ETIMEDOUT);
	finish(deadline->data, &silence);
}

/* What the command is told, beside the daemon's own environment. */
static void put_facts(char facts[FACTS][FACT_SIZE], const struct check_target *target)
{
	const struct endpoint *to = &target->dial.to;
	char address[ENDPOINT_TEXT];
	endpoint_print(to->address, to->scope, 0, address);
	snprintf(facts[0], FACT_SIZE, "MPF_SERVICE=%s", target->service);
	snprintf(facts[1], FACT_SIZE, "MPF_CANDIDATE=%s", target->candidate);
	snprintf(facts[2], FACT_SIZE, "MPF_ADDRESS=%s", address);
	snprintf(facts[3], FACT_SIZE, "MPF_PORT=%u", to->port);
}

static void begin(struct exec_check *check, uv_loop_t *loop, const struct check_target *target, uint32_t timeout_ms)
{
	char texts[FACTS][FACT_SIZE], *facts[FACTS];
	put_facts(texts, target);
	for (size_t i = 0; i < FACTS; i++)
		facts[i] = texts[i];
	uv_timer_init(loop, &check->deadline);
	check->open = 2;
	check->deadline.data = check->process.data = check;
	int result =
		shell_spawn(loop, &check->process, target->check->command, facts, FACTS, NULL, false, on_exit_status);
	check->running = result == 0;
	if (check->running) {
		clock_start_timer(&check->deadline, on_deadline, timeout_ms);
		return;
	}
	check->early = (struct outcome){ OUTCOME_VOID, MPF_REASON_LOCAL, .detail = (uint32_t)-result };
	clock_start_timer(&check->deadline, on_early, 0);
}

struct check *check_exec_start(struct check_world *world, const struct check_target *target, uint32_t timeout_ms)
{
	struct exec_check *check = calloc(1, sizeof *check);
	if (!check)
		return NULL;
	check->base.cancel = cancel;
	begin(check, world->loop, target, timeout_ms);
	return &check->base;
}
