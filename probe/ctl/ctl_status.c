/* SPDX-License-Identifier: MIT */
#include "probe/ctl/ctl.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "probe/ctl/ctl_status_text.h"
#include "probe/ctl/ctl_table.h"
#include "probe/ctl/ctl_watch.h"
#include "probe/ctl/status_json.h"

/* One look at the table. */
struct look {
	bool readable;
	char error[CTL_ERROR_SIZE]; /* if it is not */
	struct ctl_table table;     /* if it is */
};

struct status {
	const char *path;
	bool json, watch, full_screen, colour;
	struct look now, shown;
	bool shown_any;
};

static void look(struct status *status)
{
	status->now.readable = ctl_table_read(&status->now.table, status->path, status->now.error);
}

static enum ctl_exit exit_status(const struct look *look)
{
	if (!look->readable)
		return CTL_NO_TABLE;
	if (!ctl_table_alive(&look->table))
		return CTL_NO_DAEMON;
	for (uint32_t i = 0; i < look->table.slot.service_count; i++)
		if (!ctl_table_usable(&look->table, i))
			return CTL_UNUSABLE;
	return CTL_OK;
}

static bool print(const struct status *status, FILE *out)
{
	const struct look *now = &status->now;
	if (status->json)
		return now->readable ? status_json(out, &now->table, status->path, status->watch)
		                     : status_json_error(out, status->path, now->error, status->watch);
	if (now->readable)
		return status_text(out, &now->table, status->path, status->colour);
	fprintf(out, "mpfailoverctl: %s\n", now->error);
	return true;
}

/* The same but for times and counters? */
static bool same_table(const struct ctl_table *a, const struct ctl_table *b)
{
	if (a->slot.generation != b->slot.generation || a->header.off != b->header.off ||
	    a->header.writer_pid != b->header.writer_pid || ctl_table_alive(a) != ctl_table_alive(b))
		return false;
	for (uint32_t i = 0; i < a->slot.service_count; i++)
		if (a->slot.services[i].off != b->slot.services[i].off ||
		    ctl_table_stale(a, i) != ctl_table_stale(b, i))
			return false;
	for (uint32_t i = 0; i < a->slot.candidate_count; i++)
		if (a->slot.candidates[i].word != b->slot.candidates[i].word)
			return false;
	for (uint32_t i = 0; i < a->slot.uplink_count; i++)
		if (a->slot.uplinks[i].down != b->slot.uplinks[i].down)
			return false;
	return true;
}

static bool same(const struct look *a, const struct look *b)
{
	if (a->readable != b->readable)
		return false;
	return a->readable ? same_table(&a->table, &b->table) : !strcmp(a->error, b->error);
}

static bool draw(FILE *out, void *argument)
{
	struct status *status = argument;
	char at[64];
	look(status);
	if (!status->full_screen && status->shown_any && same(&status->now, &status->shown))
		return true;
	if (!status->json) {
		const time_t now = time(NULL);
		strftime(at, sizeof at, "%Y-%m-%d %H:%M:%S %z", localtime(&now));
		fprintf(out, "%sat       %s\n", status->shown_any && !status->full_screen ? "\n" : "", at);
	}
	status->shown = status->now;
	status->shown_any = true;
	return print(status, out);
}

static bool run(struct status *status)
{
	if (status->watch)
		return ctl_watch(draw, status, status->full_screen);
	look(status);
	return print(status, status->now.readable || status->json ? stdout : stderr);
}

static bool parse(struct status *status, struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "watch", no_argument, NULL, 'w' },
		{ "table", required_argument, NULL, 't' },
		{ 0 },
	};
	for (int option; (option = getopt_long(argc, argv, "t:", options, NULL)) != -1;)
		switch (option) {
		case 'j':
			status->json = true;
			break;
		case 'w':
			status->watch = true;
			break;
		case 't':
			ctl->table = optarg;
			break;
		default:
			return false;
		}
	if (optind < argc)
		fprintf(stderr, "mpfailoverctl: status takes no \"%s\"\n", argv[optind]);
	return optind == argc;
}

/* A terminal that can be drawn on, by the escape sequences that all but the oldest know. */
static bool is_screen(void)
{
	const char *kind = getenv("TERM");
	return isatty(STDOUT_FILENO) && kind && *kind && strcmp(kind, "dumb") != 0;
}

int ctl_status(struct ctl *ctl, int argc, char **argv)
{
	int result = CTL_FAILED;
	struct status *status = calloc(1, sizeof *status);
	if (!status) {
		perror("mpfailoverctl");
		return CTL_FAILED;
	}
	if (!parse(status, ctl, argc, argv)) {
		result = CTL_USAGE;
		goto cleanup;
	}
	const bool terminal = is_screen();
	const char *no_colour = getenv("NO_COLOR");
	status->path = ctl->table;
	status->full_screen = status->watch && terminal && !status->json;
	status->colour = terminal && !(no_colour && *no_colour);
	if (run(status))
		result = exit_status(&status->now);
	else if (!ferror(stdout))
		perror("mpfailoverctl: status");
cleanup:
	free(status);
	return result;
}
