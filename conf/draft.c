/* SPDX-License-Identifier: MIT */
#include "conf/draft.h"

#include "conf/source.h"
#include "conf/tree.h"

#include <stdarg.h>
#include <stdio.h>

bool draft_warn(struct draft *draft, struct place place, const char *format, ...)
{
	struct conf *conf = draft->conf;
	if (conf->warning_count == CONF_MAX_WARNINGS)
		return true;
	char text[400];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (conf->warning_count == CONF_MAX_WARNINGS - 1)
		snprintf(text, sizeof text, "there are more warnings than the %d before this one",
		         CONF_MAX_WARNINGS - 1);
	const char *line = pool_printf(draft->pool, "%s:%u: %s", place.file, place.line, text);
	if (!line)
		return fault_memory(draft->fault);
	conf->warnings[conf->warning_count++] = line;
	return true;
}

struct place draft_section_place(const struct draft *draft, struct cfg_t *section)
{
	return source_place(draft->source, tree_line(section));
}

struct place draft_option_place(const struct draft *draft, struct cfg_t *section, const char *option)
{
	if (tree_value_count(section, option))
		return source_place(draft->source, tree_value(section, option, 0)->line);
	return draft_section_place(draft, section);
}
