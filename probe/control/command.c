/* SPDX-License-Identifier: MIT */
#include "probe/control/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/control/command_call.h"
#include "probe/news/json_text.h"
#include "probe/table/table_writer.h"

/* What a command is about. */
enum about {
	ABOUT_NOTHING,
	ABOUT_SERVICE,   /* or all */
	ABOUT_CANDIDATE, /* just one */
	ABOUT_ANY,       /* a candidate, a service, or all */
};

static const struct command {
	const char *name;
	enum about about;
	command_function *run;
	int argument;
} commands[] = {
	{ "drain", ABOUT_CANDIDATE, command_operator, MPF_DRAIN },
	{ "maint", ABOUT_CANDIDATE, command_operator, MPF_MAINT },
	{ "ready", ABOUT_CANDIDATE, command_operator, MPF_READY },
	{ "off", ABOUT_SERVICE, command_off, true },
	{ "on", ABOUT_SERVICE, command_off, false },
	{ "check", ABOUT_ANY, command_check, 0 },
	{ "events", ABOUT_NOTHING, command_events, 0 },
	{ "log", ABOUT_NOTHING, command_log, 0 },
	{ "reload", ABOUT_NOTHING, command_reload, 0 },
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

void command_fail(struct command_call *call, const char *code, const char *format, ...)
{
	char *text = NULL;
	va_list arguments;
	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	control_answer(call->client, json_pack("{s:b, s:{s:s, s:o}}", "ok", 0, "error", "code", code, "text",
	                                       json_text(text ? text : "out of memory")));
	free(text);
}

json_t *command_answer(const char *format, ...)
{
	char *text = NULL;
	va_list arguments;
	va_start(arguments, format);
	int size = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (size < 0)
		return NULL;
	json_t *answer = json_pack("{s:b, s:o}", "ok", 1, "text", json_text(text));
	free(text);
	return answer;
}

char *command_join(char *names, const char *name)
{
	char *longer = NULL;
	if (names && asprintf(&longer, "%s%s%s", names, *names ? ", " : "", name) < 0)
		longer = NULL;
	free(names);
	return longer;
}

/* ------------------------------------------------------------------------------------------------- what it is about */

static const char *text_of(const json_t *request, const char *key)
{
	return json_string_value(json_object_get(request, key));
}

static void fail_service(struct command_call *call, const char *name)
{
	char *names = strdup("");
	for (uint32_t i = 0; i < call->slot->service_count; i++)
		names = command_join(names, (const char *)call->slot->services[i].name);
	command_fail(call, "no-service", "no service %s; there are: %s", name, names ? names : "?");
	free(names);
}

static void fail_candidate(struct command_call *call, const char *name)
{
	char *names = strdup("");
	for (size_t i = 0; i < call->count; i++)
		names = command_join(names, call->candidates[i]->conf->name);
	command_fail(call, "no-candidate", "no candidate %s in %s; there are: %s", name,
	             (const char *)call->service->name, names ? names : "?");
	free(names);
}

static bool find_service(struct command_call *call, const char *name)
{
	for (uint32_t i = 0; i < call->slot->service_count && !call->service; i++)
		if (strcmp((const char *)call->slot->services[i].name, name) == 0)
			call->service = &call->slot->services[i];
	if (!call->service) {
		fail_service(call, name);
		return false;
	}
	call->candidates += call->service->first_candidate;
	call->count = call->service->candidate_count;
	return true;
}

static bool find_candidate(struct command_call *call, const char *name)
{
	for (size_t i = 0; i < call->count && !call->candidate; i++)
		if (strcmp(call->candidates[i]->conf->name, name) == 0)
			call->candidate = call->candidates[i];
	if (call->candidate)
		return true;
	fail_candidate(call, name);
	return false;
}

/* False: it has been answered. */
static bool find_subject(struct command_call *call, enum about about)
{
	const struct roster *roster = engine_roster(call->world->engine);
	const char *service = text_of(call->request, "service"), *candidate = text_of(call->request, "candidate");
	call->slot = table_writer_active(engine_table(call->world->engine));
	call->candidates = roster->list;
	call->count = roster->count;
	bool wrong = about == ABOUT_NOTHING     ? service || candidate
	             : about == ABOUT_SERVICE   ? candidate != NULL
	             : about == ABOUT_CANDIDATE ? !service || !candidate
	                                        : candidate && !service;
	if (wrong) {
		static const char *const wanted[] = { "nothing more", "a service, or nothing",
			                              "a service and a candidate",
			                              "a service and a candidate, a service, or nothing" };
		command_fail(call, "request", "%s takes %s", call->name, wanted[about]);
		return false;
	}
	return (!service || find_service(call, service)) && (!candidate || find_candidate(call, candidate));
}

static void fail_command(struct command_call *call)
{
	char *names = strdup("");
	for (int i = 0; i < COMMANDS; i++)
		names = command_join(names, commands[i].name);
	command_fail(call, "no-command", "no command %s; there are: %s", call->name, names ? names : "?");
	free(names);
}

void command_asked(void *world, struct control_client *client, const json_t *request)
{
	const char *name = text_of(request, "command");
	struct command_call call = { .world = world, .client = client, .request = request, .name = name ? name : "" };
	for (int i = 0; i < COMMANDS; i++) {
		if (strcmp(commands[i].name, call.name) != 0)
			continue;
		call.argument = commands[i].argument;
		if (find_subject(&call, commands[i].about))
			commands[i].run(&call);
		return;
	}
	fail_command(&call);
}
