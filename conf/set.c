/* SPDX-License-Identifier: MIT */
#include "conf/set.h"

#include "conf/setting.h"
#include "conf/source.h"
#include "conf/tree.h"

void *setting_field(const struct setting *setting)
{
	return (char *)setting->target + setting->option->offset;
}

bool setting_refuse_value(struct draft *draft, struct place place, const char *option, const char *value,
                          const char *problem)
{
	return fault_at(draft->fault, place, "%s = \"%.80s\": %s", option, value, problem);
}

bool setting_refuse(struct draft *draft, const struct setting *setting, const char *problem)
{
	return setting_refuse_value(draft, setting->place, setting->option->name, setting->text, problem);
}

const struct tree_value *setting_value(const struct draft *draft, const struct setting *setting, size_t index,
                                       struct place *place)
{
	const struct tree_value *value = tree_value(setting->section, setting->option->name, index);
	*place = source_place(draft->source, value->line);
	return value;
}

static setting_setter *const setters[] = {
	[GRAMMAR_TEXT] = set_text,     [GRAMMAR_BODY] = set_body,       [GRAMMAR_PATH] = set_path,
	[GRAMMAR_SOCKET] = set_socket, [GRAMMAR_CA_FILE] = set_ca_file, [GRAMMAR_USER] = set_user,
	[GRAMMAR_GROUP] = set_group,   [GRAMMAR_TARGET] = set_target,   [GRAMMAR_TOKEN] = set_token,
	[GRAMMAR_HOST] = set_host,     [GRAMMAR_LISTEN] = set_listen,   [GRAMMAR_DEVICE] = set_device,
	[GRAMMAR_MS] = set_ms,         [GRAMMAR_SECONDS] = set_seconds, [GRAMMAR_NUMBER] = set_number,
	[GRAMMAR_PORT] = set_port,     [GRAMMAR_FLAG] = set_flag,       [GRAMMAR_WORD] = set_word,
	[GRAMMAR_EVENTS] = set_events, [GRAMMAR_STATUS] = set_status,   [GRAMMAR_HEADERS] = set_headers,
	[GRAMMAR_HOSTS] = set_hosts,   [GRAMMAR_PORTS] = set_ports,     [GRAMMAR_ADDRESS] = set_address,
	[GRAMMAR_SOURCE] = set_source, [GRAMMAR_CHECK] = set_check,     [GRAMMAR_TIMING] = set_timing,
	[GRAMMAR_UPLINK] = set_uplink, [GRAMMAR_UPLINKS] = set_uplinks,
};

bool set_options(struct draft *draft, const struct grammar_section *grammar, struct cfg_t *section, struct place place,
                 void *target)
{
	for (const struct grammar_option *option = grammar->options; option->name; option++) {
		struct setting setting = { .option = option, .section = section, .target = target };
		setting.count = section ? tree_value_count(section, option->name) : 0;
		setting.place = place;
		setting.text = option->fallback;
		if (setting.count)
			setting.text = setting_value(draft, &setting, 0, &setting.place)->text;
		else if (!option->fallback)
			return fault_at(draft->fault, place, "this %s has no %s; add it", grammar->name, option->name);
		if (!setters[option->kind](draft, &setting))
			return false;
	}
	return true;
}
