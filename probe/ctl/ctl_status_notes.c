/* SPDX-License-Identifier: MIT */
#include "probe/ctl/ctl_status_notes.h"

#include "preload/choose.h"
#include "probe/ctl/ctl_grid.h"
#include "probe/ctl/ctl_text.h"

/* With nothing usable: are there down ones left that clients try? */
static bool tries_down(const struct ctl_table *table, const struct mpf_service *service)
{
	for (uint32_t i = 0; i < service->candidate_count; i++)
		if (choose_rank_of(table->slot.candidates[service->first_candidate + i].word, false) == RANK_DOWN)
			return service->all_down == MPF_ALL_DOWN_TRY;
	return false;
}

static void note_services(FILE *out, const struct ctl_table *table, bool with_colour)
{
	char line[CTL_ERROR_SIZE];
	for (uint32_t i = 0; i < table->slot.service_count; i++) {
		const struct mpf_service *service = &table->slot.services[i];
		if (service->off)
			snprintf(line, sizeof line, "%s: off by an operator: clients pass it through\n",
			         (const char *)service->name);
		else if (!ctl_table_usable(table, i))
			snprintf(line, sizeof line, "%s: no candidate is usable: clients %s\n",
			         (const char *)service->name,
			         tries_down(table, service) ? "try those that are down, in their order"
			                                    : "pass through");
		else
			continue;
		grid_print_text(out, service->off ? GRID_YELLOW : GRID_RED, line, with_colour);
	}
}

static void note_uplinks(FILE *out, const struct ctl_table *table, bool with_colour)
{
	char line[CTL_ERROR_SIZE], since[CTL_TEXT];
	for (uint32_t i = 0; i < table->slot.uplink_count; i++) {
		const struct mpf_uplink *uplink = &table->slot.uplinks[i];
		if (!uplink->down)
			continue;
		snprintf(line, sizeof line, "uplink %s: down for %s, while another lives\n", (const char *)uplink->name,
		         ctl_text_since(table->now_s, uplink->since_s, since));
		grid_print_text(out, GRID_RED, line, with_colour);
	}
}

static void note_hold(FILE *out, const struct ctl_table *table, const char *service, const struct mpf_info *info,
                      bool with_colour)
{
	const char *name = (const char *)info->name;
	char line[CTL_ERROR_SIZE], rest[CTL_TEXT];
	if (info->held_until_s)
		snprintf(line, sizeof line, "%s/%s: held for another %s, unless you say: mpfailoverctl ready %s/%s\n",
		         service, name, ctl_text_since(info->held_until_s, table->now_s, rest), service, name);
	else
		snprintf(line, sizeof line, "%s/%s: held until you say: mpfailoverctl ready %s/%s\n", service, name,
		         service, name);
	grid_print_text(out, GRID_YELLOW, line, with_colour);
}

static void note_certificate(FILE *out, const struct ctl_table *table, const char *service, const struct mpf_info *info,
                             bool with_colour)
{
	const bool over = info->cert_until_s <= table->now_s;
	char line[CTL_ERROR_SIZE], rest[CTL_TEXT];
	ctl_text_since(over ? table->now_s : info->cert_until_s, over ? info->cert_until_s : table->now_s, rest);
	snprintf(line, sizeof line,
	         over ? "%s/%s: its certificate ended %s ago\n" : "%s/%s: its certificate ends in %s\n", service,
	         (const char *)info->name, rest);
	grid_print_text(out, over ? GRID_RED : GRID_YELLOW, line, with_colour);
}

static void note_candidates(FILE *out, const struct ctl_table *table, bool with_colour)
{
	for (uint32_t i = 0; i < table->slot.service_count; i++) {
		const struct mpf_service *service = &table->slot.services[i];
		for (uint32_t j = 0; j < service->candidate_count; j++) {
			const struct mpf_info *info = &table->slot.infos[service->first_candidate + j];
			const uint32_t word = table->slot.candidates[service->first_candidate + j].word;
			if (mpf_word_flags(word) & MPF_HELD && mpf_word_verdict(word) == MPF_UP)
				note_hold(out, table, (const char *)service->name, info, with_colour);
			if (info->cert_warns)
				note_certificate(out, table, (const char *)service->name, info, with_colour);
		}
	}
}

void status_notes(FILE *out, const struct ctl_table *table, bool with_colour)
{
	note_services(out, table, with_colour);
	note_uplinks(out, table, with_colour);
	note_candidates(out, table, with_colour);
}
