/* SPDX-License-Identifier: MIT */
#include "conf/setting.h"

#include "conf/duration.h"

#include <stdio.h>
#include <string.h>

static bool refuse_range(struct draft *draft, struct place place, const struct grammar_option *option,
                         const char *value)
{
	char problem[80];
	snprintf(problem, sizeof problem, "out of range; it goes from %s to %s", option->low, option->high);
	return setting_refuse_value(draft, place, option->name, value, problem);
}

static bool parse_duration(struct draft *draft, const struct setting *setting, uint64_t *ms)
{
	uint64_t low, high;
	const char *problem = duration_parse(setting->text, ms);
	if (problem)
		return setting_refuse(draft, setting, problem);
	duration_parse(setting->option->low, &low);
	duration_parse(setting->option->high, &high);
	if (*ms < low || *ms > high)
		return refuse_range(draft, setting->place, setting->option, setting->text);
	return true;
}

bool set_ms(struct draft *draft, const struct setting *setting)
{
	uint64_t ms;
	if (!parse_duration(draft, setting, &ms))
		return false;
	*(uint32_t *)setting_field(setting) = (uint32_t)ms;
	return true;
}

bool set_seconds(struct draft *draft, const struct setting *setting)
{
	uint64_t ms;
	if (!parse_duration(draft, setting, &ms))
		return false;
	if (ms % 1000)
		return setting_refuse(draft, setting, "whole seconds only; use s, m, h or d");
	*(uint32_t *)setting_field(setting) = (uint32_t)(ms / 1000);
	return true;
}

bool setting_number(struct draft *draft, const struct grammar_option *option, const char *text, struct place place,
                    int64_t *number)
{
	int64_t low, high;
	const char *problem = number_parse(text, number);
	if (problem)
		return setting_refuse_value(draft, place, option->name, text, problem);
	number_parse(option->low, &low);
	number_parse(option->high, &high);
	if (*number < low || *number > high)
		return refuse_range(draft, place, option, text);
	return true;
}

bool set_number(struct draft *draft, const struct setting *setting)
{
	int64_t number;
	if (!setting_number(draft, setting->option, setting->text, setting->place, &number))
		return false;
	*(uint32_t *)setting_field(setting) = (uint32_t)number;
	return true;
}

bool set_port(struct draft *draft, const struct setting *setting)
{
	int64_t number;
	if (!setting_number(draft, setting->option, setting->text, setting->place, &number))
		return false;
	*(uint16_t *)setting_field(setting) = (uint16_t)number;
	return true;
}

bool set_flag(struct draft *draft, const struct setting *setting)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = { { "true", true },   { "on", true },   { "yes", true },
		      { "false", false }, { "off", false }, { "no", false } };
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (!strcmp(words[i].word, setting->text)) {
			*(bool *)setting_field(setting) = words[i].value;
			return true;
		}
	return setting_refuse(draft, setting, "write true (or on, yes) or false (or off, no)");
}

/* Index of TEXT in the option's words, -1: refused. */
int setting_word(struct draft *draft, const struct grammar_option *option, const char *text, struct place place)
{
	char list[120] = "write one of";
	size_t used = strlen(list);
	for (int i = 0; option->words[i]; i++) {
		if (!strcmp(option->words[i], text))
			return i;
		used += (size_t)snprintf(list + used, sizeof list - used, "%s %s", i ? "," : "", option->words[i]);
	}
	setting_refuse_value(draft, place, option->name, text, list);
	return -1;
}

bool set_word(struct draft *draft, const struct setting *setting)
{
	int index = setting_word(draft, setting->option, setting->text, setting->place);
	if (index < 0)
		return false;
	unsigned value = (unsigned)index;
	memcpy(setting_field(setting), &value, sizeof value);
	return true;
}
