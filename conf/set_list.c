/* SPDX-License-Identifier: MIT */
#include "conf/set.h"
#include "conf/setting.h"

#include "conf/address.h"
#include "conf/source.h"
#include "conf/text.h"
#include "conf/tree.h"

#include <stdio.h>
#include <string.h>

/* A list's pointer and the count behind it. */
static void put_list(const struct setting *setting, void *items, size_t count)
{
	char *where = setting_field(setting);
	memcpy(where, &items, sizeof items);
	memcpy(where + sizeof items, &count, sizeof count);
}

bool set_events(struct draft *draft, const struct setting *setting)
{
	unsigned *events = setting_field(setting);
	for (size_t i = 0; i < setting->count; i++) {
		struct place place;
		const struct tree_value *value = setting_value(draft, setting, i, &place);
		int index = setting_word(draft, setting->option, value->text, place);
		if (index < 0)
			return false;
		*events |= 1u << index;
	}
	return true;
}

bool set_status(struct draft *draft, const struct setting *setting)
{
	struct conf_status_range ranges[TEXT_STATUS_RANGES];
	size_t count;
	const char *problem = text_status(setting->text, ranges, &count);
	if (problem)
		return setting_refuse(draft, setting, problem);
	struct conf_status_range *copy = pool_alloc(draft->pool, count, sizeof *copy);
	if (!copy)
		return fault_memory(draft->fault);
	memcpy(copy, ranges, count * sizeof *copy);
	put_list(setting, copy, count);
	return true;
}

bool set_headers(struct draft *draft, const struct setting *setting)
{
	const char **headers = pool_alloc(draft->pool, setting->count, sizeof *headers);
	if (!headers)
		return fault_memory(draft->fault);
	for (size_t i = 0; i < setting->count; i++) {
		struct place place;
		const char *text = setting_value(draft, setting, i, &place)->text;
		const char *problem = text_check_header(text);
		if (problem)
			return setting_refuse_value(draft, place, setting->option->name, text, problem);
		headers[i] = pool_text(draft->pool, text, strlen(text));
		if (!headers[i])
			return fault_memory(draft->fault);
	}
	put_list(setting, headers, setting->count);
	return true;
}

bool set_hosts(struct draft *draft, const struct setting *setting)
{
	const char **hosts = pool_alloc(draft->pool, setting->count, sizeof *hosts);
	if (!hosts)
		return fault_memory(draft->fault);
	for (size_t i = 0; i < setting->count; i++) {
		struct place place;
		char host[TEXT_HOST_SIZE];
		const char *text = setting_value(draft, setting, i, &place)->text;
		const char *problem = text_host(text, true, host);
		if (problem)
			return setting_refuse_value(draft, place, setting->option->name, text, problem);
		if (draft->host_count == CONF_MAX_HOSTS)
			return fault_at(draft->fault, place,
			                "more than %d hosts in all; use patterns, as in \"*.example.com\"",
			                CONF_MAX_HOSTS);
		hosts[i] = pool_text(draft->pool, host, strlen(host));
		if (!hosts[i])
			return fault_memory(draft->fault);
		draft->hosts[draft->host_count++] = (struct draft_host){ hosts[i], setting->target, place };
	}
	put_list(setting, hosts, setting->count);
	return true;
}

bool set_ports(struct draft *draft, const struct setting *setting)
{
	uint16_t *ports = pool_alloc(draft->pool, CONF_MAX_PORTS, sizeof *ports);
	if (!ports)
		return fault_memory(draft->fault);
	for (size_t i = 0; i < setting->count; i++) {
		struct place place;
		int64_t number;
		const char *text = setting_value(draft, setting, i, &place)->text;
		if (!setting_number(draft, setting->option, text, place, &number))
			return false;
		if (i == CONF_MAX_PORTS)
			return fault_at(draft->fault, place,
			                "more than %d ports; leave ports out for any port, or split the service",
			                CONF_MAX_PORTS);
		for (size_t j = 0; j < i; j++)
			if (ports[j] == number)
				return setting_refuse_value(draft, place, setting->option->name, text,
				                            "it is listed twice; remove one");
		ports[i] = (uint16_t)number;
	}
	put_list(setting, ports, setting->count);
	return true;
}

bool set_address(struct draft *draft, const struct setting *setting)
{
	struct conf_candidate *candidate = setting->target;
	candidate->is_dns = !strcmp(setting->text, "@dns");
	const char *problem = candidate->is_dns ? NULL : address_parse(setting->text, &candidate->address);
	return !problem || setting_refuse(draft, setting, problem);
}

bool set_source(struct draft *draft, const struct setting *setting)
{
	struct conf_uplink *uplink = setting->target;
	uplink->has_source = *setting->text != '\0';
	const char *problem = uplink->has_source ? address_parse(setting->text, &uplink->source) : NULL;
	return !problem || setting_refuse(draft, setting, problem);
}

/* Finds NAME among structs that start with their name; NULL: refused, with a list of what there is. */
static const void *find(struct draft *draft, struct place place, const char *option, const char *name,
                        const void *items, size_t count, size_t stride)
{
	char problem[400] = "there is none of that name; there are";
	size_t used = strlen(problem);
	for (size_t i = 0; i < count; i++) {
		const void *item = (const char *)items + i * stride;
		const char *known = *(const char *const *)item;
		if (!strcmp(known, name))
			return item;
		if (used < sizeof problem - 100)
			used += (size_t)snprintf(problem + used, sizeof problem - used, "%s \"%s\"", i ? "," : "",
			                         known);
	}
	if (!count)
		snprintf(problem, sizeof problem, "there is none of that name; add a section of that name");
	setting_refuse_value(draft, place, option, name, problem);
	return NULL;
}

bool set_check(struct draft *draft, const struct setting *setting)
{
	const struct conf *conf = draft->conf;
	const struct conf_check *check = *setting->text
	                                         ? find(draft, setting->place, setting->option->name, setting->text,
	                                                conf->checks, conf->check_count, sizeof *conf->checks)
	                                         : draft->tcp;
	*(const struct conf_check **)setting_field(setting) = check;
	return check;
}

bool set_timing(struct draft *draft, const struct setting *setting)
{
	const struct conf *conf = draft->conf;
	const struct conf_timing **timing = setting_field(setting);
	*timing = NULL;
	if (!strcmp(setting->text, setting->option->fallback)) {
		*timing = draft->timing;
		for (size_t i = 0; i < conf->timing_count; i++)
			if (!strcmp(conf->timings[i].name, setting->text))
				*timing = &conf->timings[i];
		return true;
	}
	*timing = find(draft, setting->place, setting->option->name, setting->text, conf->timings, conf->timing_count,
	               sizeof *conf->timings);
	return *timing;
}

const struct conf_uplink *set_find_uplink(struct draft *draft, const char *option, const struct tree_value *value)
{
	const struct conf *conf = draft->conf;
	return find(draft, source_place(draft->source, value->line), option, value->text, conf->uplinks,
	            conf->uplink_count, sizeof *conf->uplinks);
}

bool set_uplink(struct draft *draft, const struct setting *setting)
{
	const struct conf_uplink **uplink = setting_field(setting);
	*uplink = NULL;
	if (!*setting->text)
		return true;
	*uplink = set_find_uplink(draft, setting->option->name, tree_value(setting->section, setting->option->name, 0));
	return *uplink;
}

/* One candidate becomes several: not a field. */
bool set_uplinks(struct draft *draft, const struct setting *setting)
{
	(void)draft;
	(void)setting;
	return true;
}
