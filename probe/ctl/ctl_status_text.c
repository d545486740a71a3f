/* SPDX-License-Identifier: MIT */
#include "probe/ctl/ctl_status_text.h"

#include "preload/choose.h"
#include "preload/endpoint.h"
#include "probe/ctl/ctl_grid.h"
#include "probe/ctl/ctl_status_notes.h"
#include "probe/ctl/ctl_text.h"
#include "probe/judge/reason.h"

/* What a silent daemon means for the clients. */
static void consequence(const struct ctl_table *table, char out[CTL_TEXT])
{
	uint32_t passing = 0;
	for (uint32_t i = 0; i < table->slot.service_count; i++)
		passing += table->slot.services[i].when_stale == MPF_STALE_PASS && ctl_table_stale(table, i);
	if (!passing)
		snprintf(out, CTL_TEXT, "clients go by the last verdicts");
	else if (passing == table->slot.service_count)
		snprintf(out, CTL_TEXT, "clients pass everything through (when-stale = pass-through)");
	else
		snprintf(out, CTL_TEXT,
		         "clients go by the last verdicts, and pass %u of %u services through (when-stale)", passing,
		         table->slot.service_count);
}

/* The heartbeat and what follows from it; its colour is returned. */
static enum grid_colour daemon_line(const struct ctl_table *table, char out[CTL_ERROR_SIZE])
{
	const uint32_t age_ms = ctl_table_heartbeat_age_ms(table), pid = table->header.writer_pid;
	char age[CTL_TEXT], then[CTL_TEXT];
	ctl_text_duration(age_ms / 1000, age);
	consequence(table, then);
	if (ctl_table_alive(table)) {
		snprintf(out, CTL_ERROR_SIZE, "pid %u%s, version %s, heartbeat %.1f s ago", pid,
		         table->pid_exists ? "" : " (no such process here: in another container, or killed just now)",
		         (const char *)table->header.version, age_ms / 1e3);
		return GRID_PLAIN;
	}
	if (!table->this_boot)
		snprintf(out, CTL_ERROR_SIZE, "not running since this machine was started; %s", then);
	else if (!pid)
		snprintf(out, CTL_ERROR_SIZE, "ended %s ago: the daemon is not running; %s", age, then);
	else if (table->pid_exists)
		snprintf(out, CTL_ERROR_SIZE,
		         "no heartbeat for %s, though process %u exists: the daemon hangs or is stopped; %s", age, pid,
		         then);
	else
		snprintf(out, CTL_ERROR_SIZE, "no heartbeat for %s: the daemon is not running; %s", age, then);
	return GRID_RED;
}

static void print_head(FILE *out, const struct ctl_table *table, const char *path, bool with_colour)
{
	char line[CTL_ERROR_SIZE], loaded[CTL_TEXT];
	fprintf(out, "table    %s\n", path);
	fprintf(out, "config   %s, loaded %s ago\n", (const char *)table->slot.source,
	        ctl_text_since(table->now_s, table->slot.loaded_s, loaded));
	const enum grid_colour colour = daemon_line(table, line);
	fputs("daemon   ", out);
	grid_print_text(out, colour, line, with_colour);
	fputc('\n', out);
	if (table->header.off) {
		fputs("off      ", out);
		grid_print_text(out, GRID_YELLOW, "by an operator: all clients pass everything through", with_colour);
		fputc('\n', out);
	}
}

static enum grid_colour verdict_colour(uint32_t word)
{
	switch (choose_rank_of(word, false)) {
	case RANK_UP:
		return GRID_GREEN;
	case RANK_DOWN:
	case RANK_NEVER:
		return GRID_RED;
	default:
		return GRID_YELLOW;
	}
}

static void add_last_check(struct grid *grid, const struct ctl_table *table, const struct mpf_info *info)
{
	char reason[REASON_TEXT], ago[CTL_TEXT], text[CTL_ERROR_SIZE] = "-";
	if (info->checked_s) {
		reason_print(info->last_reason & 0xff, info->last_reason >> 8, reason);
		snprintf(text, sizeof text, "%s, %s ago", reason, ctl_text_since(table->now_s, info->checked_s, ago));
	}
	grid_add(grid, GRID_PLAIN, text);
}

/* ----------------------------------------------------------------------------------- columns that are not always there */

static bool has_uplinks(const struct ctl_table *table)
{
	return table->slot.uplink_count > 0;
}

static void print_uplink(const struct ctl_table *table, uint32_t number, char out[CTL_TEXT])
{
	const uint32_t uplink = table->slot.candidates[number].uplink;
	snprintf(out, CTL_TEXT, "%s", uplink ? (const char *)table->slot.uplinks[uplink - 1].name : "-");
}

static bool asks_dns(const struct ctl_table *table)
{
	for (uint32_t i = 0; i < table->slot.candidate_count; i++)
		if (table->slot.infos[i].from_dns != MPF_FROM_FILE)
			return true;
	return false;
}

static void print_origin(const struct ctl_table *table, uint32_t number, char out[CTL_TEXT])
{
	snprintf(out, CTL_TEXT, "%s", ctl_text_origin(table->slot.infos[number].from_dns));
}

static bool has_changes(const struct ctl_table *table)
{
	for (uint32_t i = 0; i < table->slot.candidate_count; i++)
		if (table->slot.infos[i].changes)
			return true;
	return false;
}

static void print_changes(const struct ctl_table *table, uint32_t number, char out[CTL_TEXT])
{
	snprintf(out, CTL_TEXT, "%u", table->slot.infos[number].changes);
}

static bool has_clients(const struct ctl_table *table)
{
	for (uint32_t i = 0; i < table->slot.candidate_count; i++)
		if (table->slot.infos[i].moved || table->slot.infos[i].failed_over)
			return true;
	return false;
}

static void print_moved(const struct ctl_table *table, uint32_t number, char out[CTL_TEXT])
{
	snprintf(out, CTL_TEXT, "%u", table->slot.infos[number].moved);
}

static void print_failed(const struct ctl_table *table, uint32_t number, char out[CTL_TEXT])
{
	snprintf(out, CTL_TEXT, "%u", table->slot.infos[number].failed_over);
}

static const struct extra {
	const char *title;
	bool (*wanted)(const struct ctl_table *table);
	void (*print)(const struct ctl_table *table, uint32_t candidate, char out[CTL_TEXT]);
} extras[] = {
	{ "UPLINK", has_uplinks, print_uplink },     { "FROM", asks_dns, print_origin },
	{ "CHANGES/H", has_changes, print_changes }, { "MOVED", has_clients, print_moved },
	{ "FAILED", has_clients, print_failed },
};

enum { EXTRAS = sizeof extras / sizeof extras[0] };

/* ------------------------------------------------------------------------------------------------------------ the rows */

static void add_candidate(struct grid *grid, const struct ctl_table *table, uint32_t service, uint32_t number)
{
	const struct mpf_candidate *candidate = &table->slot.candidates[number];
	const struct mpf_info *info = &table->slot.infos[number];
	char text[CTL_TEXT];
	grid_add(grid, GRID_PLAIN, (const char *)table->slot.services[service].name);
	grid_add(grid, GRID_PLAIN, (const char *)info->name);
	endpoint_print(candidate->address, candidate->scope, (uint16_t)candidate->port, text);
	grid_add(grid, GRID_PLAIN, text);
	grid_add(grid, verdict_colour(candidate->word), ctl_text_word(candidate->word, text));
	grid_add(grid, GRID_PLAIN, ctl_text_since(table->now_s, info->since_s, text));
	add_last_check(grid, table, info);
	grid_add(grid, GRID_PLAIN, ctl_text_micros(candidate->handshake_us, text));
	for (int i = 0; i < EXTRAS; i++) {
		if (!extras[i].wanted(table))
			continue;
		extras[i].print(table, number, text);
		grid_add(grid, GRID_PLAIN, text);
	}
}

static bool print_candidates(FILE *out, const struct ctl_table *table, bool with_colour)
{
	static const char *const titles[] = { "SERVICE", "CANDIDATE",  "ADDRESS",  "VERDICT",
		                              "SINCE",   "LAST CHECK", "HANDSHAKE" };
	const unsigned always = sizeof titles / sizeof titles[0];
	struct grid grid = { .columns = always };
	for (int i = 0; i < EXTRAS; i++)
		grid.columns += extras[i].wanted(table);
	for (unsigned i = 0; i < always; i++)
		grid_add(&grid, GRID_BOLD, titles[i]);
	for (int i = 0; i < EXTRAS; i++)
		if (extras[i].wanted(table))
			grid_add(&grid, GRID_BOLD, extras[i].title);
	for (uint32_t i = 0; i < table->slot.service_count; i++) {
		const struct mpf_service *service = &table->slot.services[i];
		for (uint32_t j = 0; j < service->candidate_count; j++)
			add_candidate(&grid, table, i, service->first_candidate + j);
	}
	const bool done = !grid.failed;
	grid_print(&grid, out, with_colour);
	grid_free(&grid);
	return done;
}

bool status_text(FILE *out, const struct ctl_table *table, const char *path, bool with_colour)
{
	print_head(out, table, path, with_colour);
	fputc('\n', out);
	const bool done = print_candidates(out, table, with_colour);
	status_notes(out, table, with_colour);
	return done;
}
