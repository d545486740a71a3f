/* SPDX-License-Identifier: MIT */
#include "probe/news/hook.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/check/shell.h"
#include "probe/engine/clock.h"
#include "probe/news/hook_queue.h"

enum { FACTS_MAX = 32 };

struct hook {
	struct hook *next;
	struct hooks *hooks;
	char *name, *command;
	unsigned on;
	uint32_t timeout_ms;
	bool stays; /* while a new configuration is taken over */
	struct hook_queue queue;
	unsigned left_out;
	struct hook_run *run; /* NULL: idle */
};

/* One command under way.  It outlives its hook until libuv has closed its handles. */
struct hook_run {
	struct hook *hook; /* NULL: nobody listens any more */
	struct hook_item item;
	uv_process_t process;
	uv_pipe_t input;
	uv_write_t write;
	uv_timer_t limit;
	char *text;
	uint64_t started_ms;
	bool late;
	unsigned open; /* handles */
};

struct hooks {
	uv_loop_t *loop;
	hooks_told *told;
	void *owner;
	struct hook *list;
};

const char *hook_fate_name(enum hook_fate fate)
{
	static const char *const names[] = {
		[HOOK_EXITED] = "exit",     [HOOK_SIGNALED] = "signal", [HOOK_TIMEOUT] = "timeout",
		[HOOK_NOT_RUN] = "not-run", [HOOK_STOPPED] = "stopped",
	};
	return names[fate];
}

static void tell(struct hook *hook, const struct hook_item *item, enum hook_fate fate, int status, uint64_t took_ms)
{
	struct hook_end end = { hook->name, item->facts, fate, status, took_ms, hook->left_out };
	hook->left_out = 0;
	hook->hooks->told(hook->hooks->owner, &end);
}

/* ----------------------------------------------------------------------------------------------------------- a run */

static void on_closed(uv_handle_t *handle)
{
	struct hook_run *run = handle->data;
	if (--run->open)
		return;
	hook_item_free(&run->item);
	free(run->text);
	free(run);
}

static void close_handle(uv_handle_t *handle)
{
	if (!uv_is_closing(handle))
		uv_close(handle, on_closed);
}

static void close_run(struct hook_run *run)
{
	close_handle((uv_handle_t *)&run->process);
	close_handle((uv_handle_t *)&run->input);
	close_handle((uv_handle_t *)&run->limit);
}

static void run_next(struct hook *hook);

static void on_ended(uv_process_t *process, int64_t status, int signal)
{
	struct hook_run *run = process->data;
	struct hook *hook = run->hook;
	close_run(run);
	if (!hook)
		return;
	enum hook_fate fate = run->late ? HOOK_TIMEOUT : signal ? HOOK_SIGNALED : HOOK_EXITED;
	hook->run = NULL;
	tell(hook, &run->item, fate, signal ? signal : (int)status, clock_ms() - run->started_ms);
	run_next(hook);
}

static void on_limit(uv_timer_t *limit)
{
	struct hook_run *run = limit->data;
	run->late = true;
	shell_kill(&run->process);
}

/* A command need not read what it is told. */
static void on_written(uv_write_t *write, int status)
{
	struct hook_run *run = write->data;
	(void)status;
	close_handle((uv_handle_t *)&run->input);
}

/* "MPF_NAME=value" of one fact; NULL: it is none for the environment, or there is no memory. */
static char *fact(const char *key, const json_t *value)
{
	char *text = NULL;
	int size = -1;
	if (json_is_string(value))
		size = asprintf(&text, "MPF_%s=%s", key, json_string_value(value));
	else if (json_is_integer(value))
		size = asprintf(&text, "MPF_%s=%lld", key, (long long)json_integer_value(value));
	else if (json_is_boolean(value))
		size = asprintf(&text, "MPF_%s=%s", key, json_is_true(value) ? "yes" : "no");
	if (size < 0)
		return NULL;
	for (char *at = text; *at != '='; at++)
		*at = (char)toupper((unsigned char)*at);
	return text;
}

static int spawn(struct hook_run *run, const struct hook *hook)
{
	char *facts[FACTS_MAX];
	size_t count = 0;
	const char *key;
	json_t *value;
	json_object_foreach(run->item.facts, key, value) if (count < FACTS_MAX && (facts[count] = fact(key, value)))
		count++;
	int result =
		shell_spawn(hook->hooks->loop, &run->process, hook->command, facts, count, &run->input, true, on_ended);
	while (count)
		free(facts[--count]);
	return result;
}

static void hand_over(struct hook_run *run)
{
	uv_buf_t buffer = uv_buf_init(run->text, (unsigned)strlen(run->text));
	run->write.data = run;
	if (uv_write(&run->write, (uv_stream_t *)&run->input, &buffer, 1, on_written) < 0)
		close_handle((uv_handle_t *)&run->input);
}

static char *facts_text(const json_t *facts)
{
	char *json = json_dumps(facts, JSON_COMPACT), *text = NULL;
	if (json && asprintf(&text, "%s\n", json) < 0)
		text = NULL;
	free(json);
	return text;
}

/* 0, or -errno: it will not be run, and ITEM is still the caller's. */
static int start(struct hook *hook, const struct hook_item *item)
{
	struct hook_run *run = calloc(1, sizeof *run);
	char *text = facts_text(item->facts);
	if (!run || !text) {
		free(run);
		free(text);
		return -ENOMEM;
	}
	run->hook = hook;
	run->text = text;
	run->started_ms = clock_ms();
	uv_pipe_init(hook->hooks->loop, &run->input, 0);
	uv_timer_init(hook->hooks->loop, &run->limit);
	run->process.data = run->input.data = run->limit.data = run;
	run->open = 3;
	run->item = *item;
	int result = spawn(run, hook);
	if (result < 0) {
		run->item = (struct hook_item){ 0 };
		close_run(run);
		return result;
	}
	hook->run = run;
	hand_over(run);
	clock_start_timer(&run->limit, on_limit, hook->timeout_ms);
	return 0;
}

static void run_next(struct hook *hook)
{
	struct hook_item item;
	while (!hook->run && hook_queue_take(&hook->queue, &item)) {
		int result = start(hook, &item);
		if (result == 0)
			return;
		tell(hook, &item, HOOK_NOT_RUN, -result, 0);
		hook_item_free(&item);
	}
}

/* ------------------------------------------------------------------------------------------------------- the hooks */

static void free_hook(struct hook *hook)
{
	struct hook_run *run = hook->run;
	hook->left_out += hook_queue_clear(&hook->queue);
	if (run) {
		shell_kill(&run->process);
		tell(hook, &run->item, HOOK_STOPPED, 0, clock_ms() - run->started_ms);
		run->hook = NULL;
	}
	free(hook->name);
	free(hook->command);
	free(hook);
}

struct hooks *hooks_open(uv_loop_t *loop, hooks_told *told, void *owner)
{
	struct hooks *hooks = calloc(1, sizeof *hooks);
	if (hooks)
		*hooks = (struct hooks){ .loop = loop, .told = told, .owner = owner };
	return hooks;
}

static struct hook *find(const struct hooks *hooks, const char *name)
{
	struct hook *hook = hooks->list;
	while (hook && strcmp(hook->name, name) != 0)
		hook = hook->next;
	return hook;
}

/* The one of that name, or a new one behind those that are there. */
static struct hook *provide(struct hooks *hooks, const char *name)
{
	struct hook *hook = find(hooks, name), **last = &hooks->list;
	if (hook || !(hook = calloc(1, sizeof *hook)))
		return hook;
	hook->hooks = hooks;
	hook->name = strdup(name);
	if (!hook->name) {
		free(hook);
		return NULL;
	}
	while (*last)
		last = &(*last)->next;
	return *last = hook;
}

static void drop_others(struct hooks *hooks)
{
	struct hook **at = &hooks->list;
	while (*at) {
		struct hook *hook = *at;
		if (hook->stays) {
			at = &hook->next;
			continue;
		}
		*at = hook->next;
		free_hook(hook);
	}
}

int hooks_configure(struct hooks *hooks, const struct conf *conf)
{
	char **commands = calloc(conf->hook_count + 1, sizeof *commands);
	bool complete = commands;
	for (size_t i = 0; complete && i < conf->hook_count; i++)
		complete = (commands[i] = strdup(conf->hooks[i].command)) && provide(hooks, conf->hooks[i].name);
	for (size_t i = 0; complete && i < conf->hook_count; i++) {
		struct hook *hook = find(hooks, conf->hooks[i].name);
		free(hook->command);
		hook->command = commands[i];
		commands[i] = NULL;
		hook->on = conf->hooks[i].on;
		hook->timeout_ms = conf->hooks[i].timeout_ms;
		hook->stays = true;
	}
	for (struct hook *hook = hooks->list; hook && !complete; hook = hook->next)
		hook->stays = hook->command;
	drop_others(hooks);
	for (struct hook *hook = hooks->list; hook; hook = hook->next)
		hook->stays = false;
	for (size_t i = 0; commands && i < conf->hook_count; i++)
		free(commands[i]);
	free(commands);
	return complete ? 0 : -ENOMEM;
}

void hooks_fire(struct hooks *hooks, enum conf_event event, const char *subject, json_t *facts)
{
	for (struct hook *hook = hooks->list; hook; hook = hook->next) {
		if (!(hook->on & event))
			continue;
		hook->left_out += hook_queue_add(&hook->queue, event, subject, facts);
		run_next(hook);
	}
}

void hooks_close(struct hooks *hooks)
{
	if (!hooks)
		return;
	drop_others(hooks);
	free(hooks);
}
