/* SPDX-License-Identifier: MIT */
/* The commands whose answer takes its time. */
#include "probe/control/command_call.h"

#include <stdlib.h>

#include "probe/engine/await.h"
#include "probe/judge/reason.h"
#include "probe/news/json_text.h"
#include "probe/news/news.h"

/* ---------------------------------------------------------------------------------------------------------------- check */

struct checking {
	struct control_client *client;
	struct await *await;
};

static void on_asker_gone(void *state)
{
	struct checking *checking = state;
	await_cancel(checking->await);
	free(checking);
}

static json_t *result_object(const struct await_result *result)
{
	char reason[REASON_TEXT];
	json_t *object =
		json_pack("{s:o, s:o}", "service", json_text(result->service), "candidate", json_text(result->name));
	if (result->gone) {
		json_object_set_new(object, "outcome", json_string("gone"));
		return object;
	}
	json_object_set_new(object, "outcome", json_string(outcome_kind_name(result->outcome.kind)));
	reason_print(result->outcome.reason, result->outcome.detail, reason);
	json_object_set_new(object, "reason", json_text(reason));
	json_object_set_new(object, "took_us", json_integer((json_int_t)result->took_us));
	json_object_set_new(object, "verdict", json_string(verdict_name(mpf_word_verdict(result->word))));
	return object;
}

static void on_checked(void *owner, const struct await_result *results, size_t count)
{
	struct checking *checking = owner;
	struct control_client *client = checking->client;
	json_t *list = json_array();
	json_int_t failed = 0;
	for (size_t i = 0; i < count; i++) {
		json_array_append_new(list, result_object(&results[i]));
		failed += results[i].gone || results[i].outcome.kind != OUTCOME_SUCCESS;
	}
	free(checking);
	control_answer(client, json_pack("{s:b, s:I, s:o}", "ok", 1, "failed", failed, "checks", list));
}

void command_check(struct command_call *call)
{
	struct candidate *const *list = call->candidate ? &call->candidate : call->candidates;
	size_t count = call->candidate ? 1 : call->count;
	struct checking *checking = calloc(1, sizeof *checking);
	if (!count) {
		free(checking);
		control_answer(call->client, json_pack("{s:b, s:i, s:[]}", "ok", 1, "failed", 0, "checks"));
		return;
	}
	if (!checking || !(checking->await = await_start(list, count, on_checked, checking))) {
		free(checking);
		command_fail(call, "memory", "out of memory");
		return;
	}
	checking->client = call->client;
	control_on_end(call->client, on_asker_gone, checking, false);
	control_send(call->client, json_pack("{s:I, s:I}", "checking", (json_int_t)count, "limit_ms",
	                                     (json_int_t)await_limit_ms(checking->await)));
}

/* --------------------------------------------------------------------------------------------------------------- events */

struct following {
	struct events_follower follower; /* first */
	struct control_client *client;
	struct events *events;
};

static void on_event(struct events_follower *follower, const char *line)
{
	control_send_text(((struct following *)follower)->client, line);
}

static void on_follower_gone(void *state)
{
	struct following *following = state;
	events_leave(following->events, &following->follower);
	free(following);
}

void command_events(struct command_call *call)
{
	struct events *events = &engine_news(call->world->engine)->events;
	bool follow = json_is_true(json_object_get(call->request, "follow"));
	struct following *following = follow ? calloc(1, sizeof *following) : NULL;
	if (follow && !following) {
		command_fail(call, "memory", "out of memory");
		return;
	}
	if (follow) {
		*following = (struct following){ { on_event, NULL }, call->client, events };
		events_follow(events, &following->follower);
		control_on_end(call->client, on_follower_gone, following, true);
	}
	for (size_t i = 0; i < events->count; i++)
		if (!control_send_text(call->client, events_line(events, i)))
			return;
	if (!follow)
		control_answer(call->client, json_pack("{s:b, s:I}", "ok", 1, "count", (json_int_t)events->count));
}
