/* SPDX-License-Identifier: MIT */
#include "probe/news/news.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "probe/news/json_text.h"

json_t *news_event(const char *event)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return json_pack("{s:I, s:s}", "at_ms", (json_int_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, "event", event);
}

void news_put_text(json_t *event, const char *key, const char *value)
{
	json_object_set_new(event, key, json_text(value));
}

void news_put_number(json_t *event, const char *key, uint64_t value)
{
	json_object_set_new(event, key, json_integer((json_int_t)value));
}

void news_put_flag(json_t *event, const char *key, bool value)
{
	json_object_set_new(event, key, json_boolean(value));
}

static void log_event(enum log_level level, const json_t *event)
{
	struct log_line line;
	const char *key;
	json_t *value;
	log_begin(&line, level, json_string_value(json_object_get(event, "event")));
	json_object_foreach((json_t *)event, key, value)
	{
		if (!strcmp(key, "at_ms") || !strcmp(key, "event"))
			continue;
		if (json_is_string(value))
			log_text(&line, key, json_string_value(value));
		else if (json_is_integer(value))
			log_number(&line, key, (uint64_t)json_integer_value(value));
		else
			log_text(&line, key, json_is_true(value) ? "yes" : "no");
	}
	log_write(&line);
}

void news_tell(struct news *news, enum log_level level, json_t *event)
{
	if (!event)
		return;
	log_event(level, event);
	char *line = json_dumps(event, JSON_COMPACT);
	if (line)
		events_add(&news->events, line);
	json_decref(event);
}

void news_say(struct news *news, enum log_level level, const char *event, const char *format, ...)
{
	char text[1024];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	json_t *object = news_event(event);
	news_put_text(object, "msg", text);
	news_tell(news, level, object);
}

void news_run_hooks(struct news *news, enum conf_event kind, const char *subject, json_t *event)
{
	if (event)
		hooks_fire(news->hooks, kind, subject, event);
	json_decref(event);
}

/* What the hook was told of, and how it ended. */
static void on_hook_end(void *owner, const struct hook_end *end)
{
	static const char *const subjects[] = { "service", "candidate", "uplink" };
	json_t *event = news_event("hook");
	bool well = end->fate == HOOK_EXITED && end->status == 0;
	news_put_text(event, "hook", end->hook);
	json_object_set(event, "on", json_object_get(end->facts, "event"));
	for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++)
		json_object_set(event, subjects[i], json_object_get(end->facts, subjects[i]));
	news_put_text(event, "ended", hook_fate_name(end->fate));
	if (end->fate == HOOK_NOT_RUN)
		news_put_text(event, "error", strerror(end->status));
	else if (end->fate == HOOK_EXITED || end->fate == HOOK_SIGNALED)
		news_put_number(event, "status", (uint64_t)end->status);
	news_put_number(event, "took_ms", end->took_ms);
	if (end->left_out)
		news_put_number(event, "left_out", end->left_out);
	news_tell(owner, well ? LEVEL_INFO : LEVEL_WARN, event);
}

int news_open(struct news *news, uv_loop_t *loop)
{
	news->hooks = hooks_open(loop, on_hook_end, news);
	return news->hooks ? 0 : -ENOMEM;
}

void news_stop(struct news *news)
{
	hooks_close(news->hooks);
	news->hooks = NULL;
}

void news_free(struct news *news)
{
	events_clear(&news->events);
}
