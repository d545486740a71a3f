/* SPDX-License-Identifier: MIT */
#include "conf/outline.h"

#include "conf/grammar.h"
#include "conf/pool.h"

#include <stdio.h>
#include <string.h>

enum state {
	AT_NAME,    /* a name or } is next */
	AFTER_NAME, /* =, a title or { */
	AT_VALUE,
	IN_LIST,
	AT_INCLUDE, /* a file's name */
	LOST,
};

void outline_init(struct outline *outline, struct pool *pool)
{
	*outline = (struct outline){ .pool = pool, .state = AT_NAME };
	outline->levels[0].section = &grammar_file;
}

static struct outline_level *level(struct outline *outline)
{
	return &outline->levels[outline->depth];
}

static enum outline_event lose(struct outline *outline, struct place place)
{
	outline->state = LOST;
	outline->lost = place;
	return OUTLINE_NOTHING;
}

static bool knows(const struct grammar_section *section, const char *name)
{
	return grammar_option(section, name) || grammar_section(section, name);
}

static enum outline_event unknown(struct outline *outline, const char *name, struct place place, char **fault)
{
	const struct outline_level *here = level(outline);
	char advice[160] = "";
	for (unsigned i = 0; i < outline->depth && !*advice; i++)
		if (knows(outline->levels[i].section, name))
			snprintf(advice, sizeof advice, "is a } missing before it?");
	if (!*advice)
		grammar_advise(here->section, name, advice, sizeof advice);
	if (outline->depth)
		fault_at(fault, place, "unknown option \"%.60s\" in the %s that opens on line %u; %s", name,
		         here->section->name, here->opened.line, advice);
	else
		fault_at(fault, place, "unknown option or section \"%.60s\"; %s", name, advice);
	return OUTLINE_FAULT;
}

/* A name at the start of a statement. */
static enum outline_event start(struct outline *outline, const char *name, struct place place, char **fault)
{
	const struct grammar_section *section = level(outline)->section;
	if (!strcmp(name, "include")) {
		if (outline->depth) {
			fault_at(fault, place, "include stands outside of sections only; close the %s first",
			         section->name);
			return OUTLINE_FAULT;
		}
		outline->pending = (struct outline_name){ name, NULL, place };
		outline->state = AT_INCLUDE;
		return OUTLINE_WORD;
	}
	if (!knows(section, name))
		return unknown(outline, name, place, fault);
	outline->pending = (struct outline_name){ name, NULL, place };
	outline->state = AFTER_NAME;
	return OUTLINE_NOTHING;
}

static bool same(const struct outline_name *a, const struct outline_name *b)
{
	return !strcmp(a->name, b->name) && !a->title == !b->title && (!a->title || !strcmp(a->title, b->title));
}

/* Notes the pending name, which may stand once in its section. */
static bool note(struct outline *outline, char **fault)
{
	const struct outline_name *name = &outline->pending;
	for (size_t i = level(outline)->first; i < outline->name_count; i++) {
		const struct outline_name *known = &outline->names[i];
		if (!same(known, name))
			continue;
		const char *space = name->title ? " " : "", *title = name->title ? name->title : "";
		return fault_at(fault, name->place,
		                "%s%s%.70s stands here for the second time, the first is %s:%u; remove %s", name->name,
		                space, title, known->place.file, known->place.line,
		                name->title ? "or rename one of them" : "one of them");
	}
	if (outline->name_count == OUTLINE_NAMES)
		return fault_at(fault, name->place, "more than %d options and sections; leave some out", OUTLINE_NAMES);
	outline->names[outline->name_count++] = *name;
	return true;
}

static enum outline_event open_section(struct outline *outline, const struct grammar_section *section, char **fault)
{
	if (!note(outline, fault))
		return OUTLINE_FAULT;
	struct place opened = outline->pending.place;
	outline->depth++;
	*level(outline) = (struct outline_level){ section, outline->name_count, opened };
	outline->state = AT_NAME;
	return OUTLINE_SECTION;
}

static void close_section(struct outline *outline)
{
	outline->name_count = level(outline)->first;
	outline->depth--;
	outline->state = AT_NAME;
}

static enum outline_event at_name(struct outline *outline, enum scan_kind kind, const char *text, struct place place,
                                  char **fault)
{
	if (kind == SCAN_WORD)
		return start(outline, text, place, fault);
	if (kind == SCAN_TEXT) {
		fault_at(fault, place, "a name is expected here, without quotes, but there is %.70s", text);
		return OUTLINE_FAULT;
	}
	if (kind != SCAN_CLOSE || !outline->depth)
		return lose(outline, place);
	close_section(outline);
	return OUTLINE_NOTHING;
}

static enum outline_event after_name(struct outline *outline, enum scan_kind kind, const char *text, struct place place,
                                     char **fault)
{
	const char *name = outline->pending.name;
	const struct grammar_section *section = grammar_section(level(outline)->section, name);
	if (kind == SCAN_EQUALS && !section && !outline->pending.title) {
		outline->state = AT_VALUE;
		return note(outline, fault) ? OUTLINE_NOTHING : OUTLINE_FAULT;
	}
	if (kind == SCAN_OPEN && section && section->titled == !!outline->pending.title)
		return open_section(outline, section, fault);
	if (kind > SCAN_TEXT || !section || outline->pending.title)
		return lose(outline, place);
	outline->pending.title = text;
	return OUTLINE_NOTHING;
}

static enum outline_event at_include(struct outline *outline, enum scan_kind kind, struct place place, char **fault)
{
	if (kind != SCAN_TEXT) {
		fault_at(fault, place, "include wants the name of a file in quotes, as in include \"more.conf\"");
		return OUTLINE_FAULT;
	}
	outline->state = AT_NAME;
	return OUTLINE_INCLUDE;
}

enum outline_event outline_token(struct outline *outline, const struct scan_token *token, const char *text,
                                 struct place place, char **fault)
{
	if (outline->state == AT_NAME || outline->state == AFTER_NAME) {
		text = pool_text(outline->pool, text, token->length);
		if (!text) {
			fault_memory(fault);
			return OUTLINE_FAULT;
		}
	}
	switch ((enum state)outline->state) {
	case AT_NAME:
		return at_name(outline, token->kind, text, place, fault);
	case AFTER_NAME:
		return after_name(outline, token->kind, text, place, fault);
	case AT_VALUE:
		if (token->kind > SCAN_TEXT && token->kind != SCAN_OPEN)
			return lose(outline, place);
		outline->state = token->kind == SCAN_OPEN ? IN_LIST : AT_NAME;
		return OUTLINE_NOTHING;
	case IN_LIST:
		if (token->kind == SCAN_OPEN || token->kind == SCAN_EQUALS)
			return lose(outline, place);
		if (token->kind == SCAN_CLOSE)
			outline->state = AT_NAME;
		return OUTLINE_NOTHING;
	case AT_INCLUDE:
		return at_include(outline, token->kind, place, fault);
	case LOST:
		break;
	}
	return OUTLINE_NOTHING;
}

bool outline_end(const struct outline *outline, char **fault)
{
	if (outline->state == AT_NAME || outline->state == LOST)
		return true;
	return fault_at(fault, outline->pending.place, "\"%s\" has no value; the file ends after it",
	                outline->pending.name);
}
