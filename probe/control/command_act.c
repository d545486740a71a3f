/* SPDX-License-Identifier: MIT */
/* The commands that change something and are done at once. */
#include "probe/control/command_call.h"

#include <stdlib.h>
#include <string.h>

#include "preload/choose.h"
#include "probe/news/json_text.h"
#include "probe/news/log.h"
#include "probe/news/news.h"
#include "probe/table/table_writer.h"

/* Who has done what. */
static void tell(const struct command_call *call, const char *level)
{
	struct control_peer peer = control_peer(call->client);
	json_t *event = news_event("operator");
	news_put_text(event, "command", call->name);
	if (call->service)
		news_put_text(event, "service", (const char *)call->service->name);
	if (call->candidate)
		news_put_text(event, "candidate", call->candidate->conf->name);
	if (level)
		news_put_text(event, "log_level", level);
	news_put_number(event, "uid", peer.uid);
	news_put_number(event, "pid", (uint64_t)peer.pid);
	news_tell(engine_news(call->world->engine), LEVEL_INFO, event);
}

/* ----------------------------------------------------------------------------------------------- drain, maint, ready */

static const char *const operators[] = {
	[MPF_READY] = "ready",
	[MPF_DRAIN] = "drain",
	[MPF_MAINT] = "maint",
};

static json_t *operator_answer(const struct command_call *call)
{
	const char *service = call->candidate->service->name, *name = call->candidate->conf->name;
	switch ((enum mpf_operator)call->argument) {
	case MPF_DRAIN:
		return command_answer("%s/%s is drained: no new connections while a better one is usable", service,
		                      name);
	case MPF_MAINT:
		return command_answer("%s/%s is in maintenance: no connections at all", service, name);
	case MPF_READY:
		break;
	}
	return command_answer("%s/%s is ready, and %s", service, name, verdict_name(call->candidate->verdict.verdict));
}

/* What this leaves to the service's clients. */
static void put_rest(json_t *answer, const struct command_call *call)
{
	enum choose_rank best = RANK_NEVER;
	unsigned usable = 0;
	for (uint32_t i = 0; i < call->service->candidate_count; i++) {
		uint32_t word = call->slot->candidates[call->service->first_candidate + i].word;
		enum choose_rank rank = choose_rank_of(word, false);
		best = rank < best ? rank : best;
		usable += rank < RANK_DOWN;
	}
	json_object_set_new(answer, "usable", json_integer(usable));
	if (best < RANK_DRAIN)
		return;
	json_object_set_new(
		answer, "warning",
		json_string(
			best == RANK_DRAIN
				? "all usable candidates of this service are drained, so connections still go to those"
				: "no candidate of this service is usable now"));
}

void command_operator(struct command_call *call)
{
	tell(call, NULL);
	candidate_set_operator(call->candidate, (enum mpf_operator)call->argument);
	json_t *answer = operator_answer(call);
	json_object_set_new(answer, "service", json_text(call->candidate->service->name));
	json_object_set_new(answer, "candidate", json_text(call->candidate->conf->name));
	json_object_set_new(answer, "operator", json_string(operators[call->argument]));
	json_object_set_new(answer, "verdict", json_string(verdict_name(call->candidate->verdict.verdict)));
	put_rest(answer, call);
	control_answer(call->client, answer);
}

/* ------------------------------------------------------------------------------------------------------------ off, on */

/* Services that are off by themselves, "a, b"; "": none.  NULL: no memory. */
static char *services_off(const struct mpf_slot *slot)
{
	char *names = strdup("");
	for (uint32_t i = 0; i < slot->service_count; i++)
		if (slot->services[i].off)
			names = command_join(names, (const char *)slot->services[i].name);
	return names;
}

static json_t *off_answer(const struct command_call *call, bool all_off, const char *others)
{
	const char *name = call->service ? (const char *)call->service->name : "everything";
	if (call->argument)
		return command_answer("%s is off: clients pass it through from their next connect on", name);
	if (call->service && all_off)
		return command_answer("%s is on, but everything is off still: mpfailoverctl on", name);
	if (!call->service && *others)
		return command_answer("on, but these are off by themselves: %s", others);
	return command_answer("%s is on: clients are led from their next connect on", name);
}

void command_off(struct command_call *call)
{
	struct table_writer *table = engine_table(call->world->engine);
	tell(call, NULL);
	if (call->service)
		table_store(&call->service->off, (uint32_t)call->argument);
	else
		table_writer_set_off(table, call->argument);
	char *others = services_off(call->slot);
	json_t *answer = off_answer(call, table_writer_is_off(table), others ? others : "");
	if (call->service)
		json_object_set_new(answer, "service", json_text((const char *)call->service->name));
	json_object_set_new(answer, "off", json_boolean(call->argument));
	free(others);
	control_answer(call->client, answer);
}

/* --------------------------------------------------------------------------------------------------------- log, reload */

void command_log(struct command_call *call)
{
	const char *wanted = json_string_value(json_object_get(call->request, "level"));
	char *names = strdup("");
	for (enum log_level level = LEVEL_ERROR; level <= LEVEL_DEBUG; level++) {
		names = command_join(names, log_level_name(level));
		if (!wanted || strcmp(wanted, log_level_name(level)) != 0)
			continue;
		free(names);
		tell(call, wanted);
		log_set_level(level);
		control_answer(call->client, command_answer("the log's level is %s, until the daemon ends", wanted));
		return;
	}
	command_fail(call, "no-level", "no level %s; there are: %s", wanted ? wanted : "\"\"", names ? names : "?");
	free(names);
}

void command_reload(struct command_call *call)
{
	tell(call, NULL);
	control_answer(call->client, call->world->reload(call->world->owner));
}
