/* SPDX-License-Identifier: MIT */
#include "probe/ctl/status_json.h"

#include <string.h>

#include "preload/choose.h"
#include "preload/endpoint.h"
#include "probe/ctl/ctl_json.h"
#include "probe/ctl/ctl_text.h"
#include "probe/judge/reason.h"
#include "probe/judge/verdict.h"
#include "probe/news/json_text.h"

static json_t *text_field(const uint8_t *field)
{
	return json_text((const char *)field);
}

/* For a time, a number or an index that stands for "none" with 0. */
static json_t *number_or_null(uint32_t value)
{
	return value ? json_integer(value) : json_null();
}

static json_t *address(const uint8_t bytes[16], uint32_t scope)
{
	char out[ENDPOINT_TEXT];
	endpoint_print(bytes, scope, 0, out);
	return json_string(out);
}

static json_t *reason(uint32_t code, uint32_t detail)
{
	char out[REASON_TEXT];
	return json_pack("{s:s, s:i, s:i}", "text", reason_print(code, detail, out), "code", (int)code, "detail",
	                 (int)detail);
}

static json_t *last_check(const struct mpf_info *info)
{
	if (!info->checked_s)
		return json_null();
	return json_pack("{s:I, s:I, s:o, s:I}", "at", (json_int_t)info->checked_s, "took_us",
	                 (json_int_t)info->check_us, "reason", reason(info->last_reason & 0xff, info->last_reason >> 8),
	                 "streak", (json_int_t)info->streak);
}

static json_t *candidate(const struct mpf_slot *slot, uint32_t number)
{
	const struct mpf_candidate *it = &slot->candidates[number];
	const struct mpf_info *info = &slot->infos[number];
	const uint32_t flags = mpf_word_flags(it->word);
	return json_pack(
		"{s:o, s:o, s:o, s:o, s:s, s:s, s:b, s:b, s:b, s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:b, s:s, s:I, s:o, s:b}",
		"name", text_field(info->name), "address", address(it->address, it->scope), "port",
		number_or_null(it->port), "uplink",
		it->uplink ? text_field(slot->uplinks[it->uplink - 1].name) : json_null(), "verdict",
		verdict_name(mpf_word_verdict(it->word)), "operator", ctl_text_operator(mpf_word_operator(it->word)),
		"doubted", (flags & MPF_DOUBTED) != 0, "held", (flags & MPF_HELD) != 0, "usable",
		choose_rank_of(it->word, false) < RANK_DOWN, "rank", choose_rank_name(choose_rank_of(it->word, false)),
		"reason", reason(mpf_word_reason(it->word), mpf_word_detail(it->word)), "since",
		number_or_null(info->since_s), "last_check", last_check(info), "handshake_us",
		number_or_null(it->handshake_us), "certificate_until", number_or_null(info->cert_until_s), "moved",
		(json_int_t)info->moved, "failed_over", (json_int_t)info->failed_over, "from_dns",
		info->from_dns != MPF_FROM_FILE, "origin", ctl_text_origin(info->from_dns), "changes_last_hour",
		(json_int_t)info->changes, "held_until", number_or_null(flags & MPF_HELD ? info->held_until_s : 0),
		"certificate_warns", info->cert_warns != 0);
}

static json_t *hosts(const struct mpf_slot *slot, uint32_t service)
{
	json_t *list = json_array();
	for (uint32_t i = 0; i < slot->host_count; i++)
		if (slot->hosts[i].service == service)
			json_array_append_new(list, text_field(slot->hosts[i].pattern));
	return list;
}

static json_t *service_settings(const struct mpf_service *it)
{
	return json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "all_down",
	                 it->all_down == MPF_ALL_DOWN_PASS ? "pass-through" : "try", "when_stale",
	                 it->when_stale == MPF_STALE_PASS ? "pass-through" : "last-good", "resolve",
	                 it->resolve == MPF_RESOLVE_DNS ? "dns" : "table", "stale_after_ms",
	                 (json_int_t)it->stale_after_ms, "stick_ms", (json_int_t)it->stick_ms, "nonblocking_wait_ms",
	                 (json_int_t)it->nonblocking_wait_ms, "attempt_floor_ms", (json_int_t)it->attempt_floor_ms,
	                 "attempt_ceiling_ms", (json_int_t)it->attempt_ceiling_ms);
}

static json_t *service(const struct ctl_table *table, uint32_t number)
{
	const struct mpf_service *it = &table->slot.services[number];
	json_t *ports = json_array(), *candidates = json_array();
	for (uint32_t i = 0; i < it->port_count; i++)
		json_array_append_new(ports, json_integer(it->ports[i]));
	for (uint32_t i = 0; i < it->candidate_count; i++)
		json_array_append_new(candidates, candidate(&table->slot, it->first_candidate + i));
	return json_pack("{s:o, s:o, s:o, s:b, s:b, s:I, s:o, s:o}", "name", text_field(it->name), "hosts",
	                 hosts(&table->slot, number), "ports", ports, "off", it->off != 0, "stale",
	                 ctl_table_stale(table, number), "usable", (json_int_t)ctl_table_usable(table, number),
	                 "settings", service_settings(it), "candidates", candidates);
}

static json_t *uplink(const struct mpf_uplink *it)
{
	return json_pack("{s:o, s:o, s:o, s:b, s:o}", "name", text_field(it->name), "source",
	                 it->has_source ? address(it->source, 0) : json_null(), "interface",
	                 it->interface[0] ? text_field(it->interface) : json_null(), "down", it->down != 0, "since",
	                 number_or_null(it->since_s));
}

/* A table of another boot has no heartbeat that could be compared. */
static json_t *heartbeat_age(const struct ctl_table *table)
{
	return table->this_boot ? json_integer(ctl_table_heartbeat_age_ms(table)) : json_null();
}

static json_t *whole(const struct ctl_table *table, const char *path)
{
	const struct mpf_header *header = &table->header;
	json_t *services = json_array(), *uplinks = json_array();
	for (uint32_t i = 0; i < table->slot.service_count; i++)
		json_array_append_new(services, service(table, i));
	for (uint32_t i = 0; i < table->slot.uplink_count; i++)
		json_array_append_new(uplinks, uplink(&table->slot.uplinks[i]));
	return json_pack("{s:o, s:I, s:I, s:{s:b, s:o, s:o, s:o}, s:b, s:{s:o, s:I, s:I}, s:{s:o, s:o}, s:o, s:o}",
	                 "table", json_text(path), "abi", (json_int_t)header->abi, "at", (json_int_t)table->now_s,
	                 "daemon", "alive", ctl_table_alive(table), "pid", number_or_null(header->writer_pid),
	                 "heartbeat_age_ms", heartbeat_age(table), "version", text_field(header->version), "off",
	                 header->off != 0, "configuration", "file", text_field(table->slot.source), "loaded",
	                 (json_int_t)table->slot.loaded_s, "generation", (json_int_t)table->slot.generation, "sockets",
	                 "report", text_field(header->report), "control", text_field(header->control), "uplinks",
	                 uplinks, "services", services);
}

bool status_json(FILE *out, const struct ctl_table *table, const char *path, bool on_one_line)
{
	return ctl_json_print(out, whole(table, path), on_one_line);
}

bool status_json_error(FILE *out, const char *path, const char *error, bool on_one_line)
{
	return ctl_json_print(out, json_pack("{s:o, s:o}", "table", json_text(path), "error", json_text(error)),
	                      on_one_line);
}
