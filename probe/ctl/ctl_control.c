/* SPDX-License-Identifier: MIT */
/* The commands that the daemon carries out: a request, its answer, and what comes in between. */
#include "probe/ctl/ctl.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "probe/ctl/ctl_client.h"
#include "probe/ctl/ctl_grid.h"
#include "probe/ctl/ctl_json.h"
#include "probe/ctl/ctl_text.h"

enum { PATIENCE_MS = 10000, SLACK_MS = 2000 };

/* What follows the command. */
enum operand { OPERAND_NONE, OPERAND_CANDIDATE, OPERAND_SERVICE_OR_ALL, OPERAND_ANY, OPERAND_LEVEL };

static const struct kind {
	const char *name;
	enum operand operand;
} kinds[] = {
	{ "drain", OPERAND_CANDIDATE },    { "maint", OPERAND_CANDIDATE },   { "ready", OPERAND_CANDIDATE },
	{ "off", OPERAND_SERVICE_OR_ALL }, { "on", OPERAND_SERVICE_OR_ALL }, { "check", OPERAND_ANY },
	{ "reload", OPERAND_NONE },        { "events", OPERAND_NONE },       { "log", OPERAND_LEVEL },
};

struct control_options {
	bool json, follow;
	const char *operand; /* NULL: none */
};

/* -------------------------------------------------------------------------------------------------------- the request */

static bool parse(struct control_options *options, struct ctl *ctl, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "follow", no_argument, NULL, 'f' },
		{ "socket", required_argument, NULL, 's' },
		{ "table", required_argument, NULL, 't' },
		{ 0 },
	};
	for (int option; (option = getopt_long(argc, argv, "s:t:", longs, NULL)) != -1;) {
		switch (option) {
		case 'j':
			options->json = true;
			break;
		case 'f':
			options->follow = true;
			break;
		case 's':
			ctl->socket = optarg;
			break;
		case 't':
			ctl->table = optarg;
			break;
		default:
			return false;
		}
	}
	if (options->follow && strcmp(ctl->command, "events") != 0) {
		fprintf(stderr, "mpfailoverctl: only events takes --follow\n");
		return false;
	}
	options->operand = optind < argc ? argv[optind++] : NULL;
	if (optind < argc)
		fprintf(stderr, "mpfailoverctl: %s takes no \"%s\"\n", ctl->command, argv[optind]);
	return optind >= argc;
}

static enum operand operand_of(const char *command)
{
	const struct kind *kind = kinds;
	while (strcmp(kind->name, command) != 0)
		kind++;
	return kind->operand;
}

/* Says what is missing or too much. */
static bool suits(const struct ctl *ctl, enum operand operand, const char *text)
{
	const char *wanted = NULL;
	if (operand == OPERAND_NONE && text)
		wanted = "nothing more";
	else if (operand == OPERAND_LEVEL && !text)
		wanted = "a level: error, warn, info, debug";
	else if (operand == OPERAND_SERVICE_OR_ALL && text && strchr(text, '/'))
		wanted = "a service, not a candidate of it";
	else if (operand == OPERAND_CANDIDATE && (!text || !strchr(text, '/')))
		wanted = "SERVICE/CANDIDATE; mpfailoverctl status lists them";
	if (wanted)
		fprintf(stderr, "mpfailoverctl: %s takes %s\n", ctl->command, wanted);
	return !wanted;
}

static json_t *new_request(const struct ctl *ctl, const struct control_options *options, enum operand operand)
{
	json_t *request = json_pack("{s:s}", "command", ctl->command);
	const char *text = options->operand, *slash = text ? strchr(text, '/') : NULL;
	if (options->follow)
		json_object_set_new(request, "follow", json_true());
	if (!text)
		return request;
	/* What is not UTF-8 is no string of JSON, and makes the request as a whole none. */
	if (operand == OPERAND_LEVEL)
		json_object_set_new(request, "level", json_stringn_nocheck(text, strlen(text)));
	else
		json_object_set_new(request, "service",
		                    json_stringn_nocheck(text, slash ? (size_t)(slash - text) : strlen(text)));
	if (slash)
		json_object_set_new(request, "candidate", json_stringn_nocheck(slash + 1, strlen(slash + 1)));
	return request;
}

/* --------------------------------------------------------------------------------------------------------- the answer */

static const char *text_in(const json_t *object, const char *key, const char *otherwise)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text ? text : otherwise;
}

static void print_escaped(char character)
{
	if (character == '"' || character == '\\')
		printf("\\%c", character);
	else if (character == '\n')
		printf("\\n");
	else if ((unsigned char)character < ' ' || character == 0x7f)
		printf("\\x%02x", (unsigned char)character);
	else
		putchar(character);
}

/* In quotes where the daemon's log puts it in quotes, and escaped as there. */
static void print_value(const char *text)
{
	bool plain = *text;
	for (const char *at = text; *at; at++)
		plain &= (unsigned char)*at > ' ' && !strchr("\"\\=\x7f", *at);
	if (plain) {
		fputs(text, stdout);
		return;
	}
	putchar('"');
	for (; *text; text++)
		print_escaped(*text);
	putchar('"');
}

/* KEY=VALUE */
static void print_pair(const char *key, const json_t *value)
{
	if (json_is_string(value)) {
		printf(" %s=", key);
		print_value(json_string_value(value));
	} else if (json_is_integer(value))
		printf(" %s=%lld", key, (long long)json_integer_value(value));
	else
		printf(" %s=%s", key, json_is_true(value) ? "yes" : "no");
}

static void print_event(const json_t *event)
{
	static const char *const in_front[] = { "at_ms", "event", "service", "candidate" };
	const time_t at = (time_t)(json_integer_value(json_object_get(event, "at_ms")) / 1000);
	const char *service = text_in(event, "service", NULL), *candidate = text_in(event, "candidate", NULL), *key;
	json_t *value;
	char time[32];
	strftime(time, sizeof time, "%Y-%m-%d %H:%M:%S", localtime(&at));
	printf("%s  %-9s", time, text_in(event, "event", "?"));
	if (service)
		printf(" %s%s%s", service, candidate ? "/" : "", candidate ? candidate : "");
	json_object_foreach((json_t *)event, key, value)
	{
		bool printed = false;
		for (size_t i = 0; i < sizeof in_front / sizeof in_front[0]; i++)
			printed |= !strcmp(key, in_front[i]);
		if (!printed)
			print_pair(key, value);
	}
	putchar('\n');
}

static bool print_checks(const json_t *checks)
{
	static const char *const titles[] = { "SERVICE", "CANDIDATE", "OUTCOME", "REASON", "TOOK", "VERDICT" };
	struct grid grid = { .columns = sizeof titles / sizeof titles[0] };
	for (unsigned i = 0; i < grid.columns; i++)
		grid_add(&grid, GRID_BOLD, titles[i]);
	for (size_t i = 0; i < json_array_size(checks); i++) {
		const json_t *check = json_array_get(checks, i);
		char took[CTL_TEXT];
		ctl_text_micros((uint32_t)json_integer_value(json_object_get(check, "took_us")), took);
		grid_add(&grid, GRID_PLAIN, text_in(check, "service", "?"));
		grid_add(&grid, GRID_PLAIN, text_in(check, "candidate", "?"));
		grid_add(&grid, GRID_PLAIN, text_in(check, "outcome", "?"));
		grid_add(&grid, GRID_PLAIN, text_in(check, "reason", "-"));
		grid_add(&grid, GRID_PLAIN, took);
		grid_add(&grid, GRID_PLAIN, text_in(check, "verdict", "-"));
	}
	const bool done = !grid.failed;
	grid_print(&grid, stdout, false);
	grid_free(&grid);
	return done;
}

static void print_answer(const json_t *answer)
{
	const json_t *warnings = json_object_get(answer, "warnings"), *checks = json_object_get(answer, "checks");
	const char *text = text_in(answer, "text", NULL), *warning = text_in(answer, "warning", NULL);
	for (size_t i = 0; i < json_array_size(warnings); i++)
		fprintf(stderr, "mpfailoverctl: warning: %s\n", json_string_value(json_array_get(warnings, i)));
	if (text)
		puts(text);
	if (warning)
		fprintf(stderr, "mpfailoverctl: warning: %s\n", warning);
	if (checks && !print_checks(checks))
		perror("mpfailoverctl");
}

static enum ctl_exit take_answer(json_t *answer, const struct control_options *options, bool is_events)
{
	const bool ok = json_is_true(json_object_get(answer, "ok"));
	const json_int_t failed = json_integer_value(json_object_get(answer, "failed"));
	const json_t *error = json_object_get(answer, "error");
	const char *code = text_in(error, "code", "");
	if (!ok)
		fprintf(stderr, "mpfailoverctl: %s%s\n", text_in(error, "text", "the daemon gives no reason"),
		        strcmp(code, "configuration") ? "" : "; nothing has changed");
	else if (!options->json)
		print_answer(answer);
	if (options->json && !is_events)
		ctl_json_print(stdout, json_incref(answer), false);
	if (!ok)
		return CTL_REFUSED;
	return failed ? CTL_UNUSABLE : CTL_OK;
}

/* False: it could not be written. */
static bool take_event(json_t *event, const struct control_options *options)
{
	if (options->json)
		ctl_json_print(stdout, json_incref(event), true);
	else
		print_event(event);
	fflush(stdout);
	return !ferror(stdout);
}

/* Lines until one is the answer. */
static enum ctl_exit hear(struct ctl_client *client, const struct control_options *options)
{
	int limit_ms = options->follow ? -1 : PATIENCE_MS;
	bool is_events = options->follow;
	json_t *line;
	for (;;) {
		enum ctl_exit result = ctl_client_read(client, &line, limit_ms);
		if (!line)
			return result;
		if (json_object_get(line, "ok")) {
			result = take_answer(line, options, is_events);
			json_decref(line);
			return result;
		}
		if (json_object_get(line, "limit_ms"))
			limit_ms = (int)json_integer_value(json_object_get(line, "limit_ms")) + SLACK_MS;
		const bool is_event = json_object_get(line, "event") != NULL;
		const bool written = !is_event || take_event(line, options);
		is_events |= is_event;
		json_decref(line);
		if (!written)
			return CTL_FAILED;
	}
}

int ctl_control(struct ctl *ctl, int argc, char **argv)
{
	struct control_options options = { 0 };
	struct ctl_client *client;
	const enum operand operand = operand_of(ctl->command);
	if (!parse(&options, ctl, argc, argv) || !suits(ctl, operand, options.operand))
		return CTL_USAGE;
	enum ctl_exit result = ctl_client_open(&client, ctl);
	if (result == CTL_OK)
		result = ctl_client_ask(client, new_request(ctl, &options, operand));
	if (result == CTL_OK)
		result = hear(client, &options);
	ctl_client_close(client);
	return result;
}
