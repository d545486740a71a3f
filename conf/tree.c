/* SPDX-License-Identifier: MIT */
#include "conf/tree.h"

#include "conf/grammar.h"
#include "conf/source.h"

#include <confuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPTIONS = 20,  /* in one section, with what is put in */
	SECTIONS = 10, /* kinds of them */
};

/* libconfuse copies what it is given, sections within sections too. */
struct description {
	cfg_opt_t options[SECTIONS][OPTIONS];
	size_t used;
};

/* libconfuse's error function gets no pointer of ours. */
static struct {
	const struct source *source;
	char **fault;
} parsing;

static void on_error(cfg_t *cfg, const char *format, va_list arguments)
{
	char problem[300];
	vsnprintf(problem, sizeof problem, format, arguments);
	fault_at(parsing.fault, source_place(parsing.source, (unsigned)cfg->line),
	         "%s; look here and just before for a missing or superfluous \"=\", value, comma or brace", problem);
}

/* Numbers stay text here: libconfuse takes "" as 0 and 0443 as octal. */
static int on_value(cfg_t *cfg, cfg_opt_t *option, const char *text, void *result)
{
	(void)option;
	size_t size = strlen(text) + 1;
	struct tree_value *value = malloc(sizeof *value + size);
	if (!value)
		return fault_memory(parsing.fault), -1;
	value->line = (unsigned)cfg->line;
	memcpy(value->text, text, size);
	*(void **)result = value;
	return 0;
}

static cfg_opt_t *describe(struct description *description, const struct grammar_section *section)
{
	cfg_opt_t *first = description->options[description->used++], *next = first;
	for (const struct grammar_option *option = section->options; option->name; option++) {
		cfg_flag_t flags = CFGF_NODEFAULT | (grammar_is_list(option->kind) ? CFGF_LIST : CFGF_NONE);
		*next++ = (cfg_opt_t)CFG_PTR_CB(option->name, NULL, flags, on_value, free);
	}
	for (const struct grammar_section *const *inner = section->sections; *inner; inner++) {
		cfg_flag_t flags = CFGF_MULTI | ((*inner)->titled ? CFGF_TITLE | CFGF_NO_TITLE_DUPES : CFGF_NONE);
		*next++ = (cfg_opt_t)CFG_SEC((*inner)->name, describe(description, *inner), flags);
	}
	const char *extra = section == &grammar_file ? SOURCE_END : SOURCE_OPENED;
	*next++ = (cfg_opt_t)CFG_PTR_CB(extra, NULL, CFGF_NODEFAULT, on_value, free);
	*next = (cfg_opt_t)CFG_END();
	return first;
}

struct cfg_t *tree_parse(const struct source *source, char **fault)
{
	static struct description description;
	description.used = 0;
	cfg_t *tree = cfg_init(describe(&description, &grammar_file), CFGF_NONE);
	if (!tree) {
		fault_memory(fault);
		return NULL;
	}
	parsing.source = source;
	parsing.fault = fault;
	cfg_set_error_function(tree, on_error);
	int result = cfg_parse_buf(tree, source->text);
	struct place where = source->lost.file ? source->lost : source_place(source, 1);
	if (result != CFG_SUCCESS || source->lost.file || !cfg_opt_size(cfg_getopt(tree, SOURCE_END)))
		fault_at(fault, where, "this is not understood; mpfailover.conf(5) shows how it is written");
	if (!*fault)
		return tree;
	/* Also resets the lexer, which otherwise takes the failure over into the next parse. */
	cfg_free(tree);
	return NULL;
}

void tree_free(struct cfg_t *tree)
{
	if (tree)
		cfg_free(tree);
}

size_t tree_value_count(struct cfg_t *section, const char *option)
{
	return cfg_size(section, option);
}

const struct tree_value *tree_value(struct cfg_t *section, const char *option, size_t index)
{
	return cfg_getnptr(section, option, (unsigned)index);
}

size_t tree_section_count(struct cfg_t *section, const char *name)
{
	return cfg_size(section, name);
}

struct cfg_t *tree_section(struct cfg_t *section, const char *name, size_t index)
{
	return cfg_getnsec(section, name, (unsigned)index);
}

const char *tree_title(struct cfg_t *section)
{
	const char *title = cfg_title(section);
	return title ? title : "";
}

unsigned tree_line(struct cfg_t *section)
{
	return tree_value(section, SOURCE_OPENED, 0)->line;
}
