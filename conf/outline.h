/* SPDX-License-Identifier: MIT */
/*
 * outline.h - the names in a file, and where they stand: what libconfuse does not keep.
 *
 * Follows the tokens, refuses names that the grammar does not know and names that come twice in one section (libconfuse
 * takes the last in silence), and says where a section opens.  Syntax is libconfuse's matter: at what it will refuse, the
 * outline falls silent.
 */
#ifndef MPFAILOVER_OUTLINE_H
#define MPFAILOVER_OUTLINE_H

#include "conf/fault.h"
#include "conf/scan.h"

struct pool;
struct grammar_section;

enum {
	OUTLINE_DEPTH = 4,
	OUTLINE_NAMES = 1024, /* in scope at once */
};

enum outline_event {
	OUTLINE_NOTHING,
	OUTLINE_SECTION, /* the token is the { of a section */
	OUTLINE_WORD,    /* the token is the word include; the file's name follows */
	OUTLINE_INCLUDE, /* the token is the name of the file to include */
	OUTLINE_FAULT,
};

struct outline_name {
	const char *name, *title; /* title: with its quotes; NULL: none */
	struct place place;
};

struct outline_level {
	const struct grammar_section *section;
	size_t first; /* of its names */
	struct place opened;
};

struct outline {
	struct pool *pool; /* for names, while the outline is in use */
	int state;
	unsigned depth;
	struct outline_level levels[OUTLINE_DEPTH];
	struct outline_name names[OUTLINE_NAMES];
	size_t name_count;
	struct outline_name pending;
	struct place lost; /* file NULL: not.  Where the outline fell silent */
};

void outline_init(struct outline *outline, struct pool *pool);

/* TEXT is what TOKEN stands for in the file; PLACE where.  *FAULT is set with OUTLINE_FAULT. */
enum outline_event outline_token(struct outline *outline, const struct scan_token *token, const char *text,
                                 struct place place, char **fault);

/* At the end of each file, which must not be in the middle of something. */
bool outline_end(const struct outline *outline, char **fault);

#endif
