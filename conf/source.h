/* SPDX-License-Identifier: MIT */
/*
 * source.h - a configuration file and what it includes, as one text that libconfuse reads right.
 */
#ifndef MPFAILOVER_SOURCE_H
#define MPFAILOVER_SOURCE_H

#include "conf/fault.h"

#include <stddef.h>

struct pool;

enum {
	SOURCE_LIMIT = 1 << 20, /* bytes, roughly, with all that is included */
	SOURCE_DEPTH = 8,       /* files within each other, the first one too */
};

/* Options put in for the reader of the text; no file can hold them. */
#define SOURCE_OPENED "@opened" /* in each section, on the line on which it opens */
#define SOURCE_END    "@end"    /* after everything */

struct source_segment {
	unsigned first; /* line of the text */
	struct place place;
};

struct source {
	char *text;
	size_t size;
	struct source_segment *segments;
	size_t segment_count;
	struct place lost; /* file NULL: none.  Where the syntax is wrong, if libconfuse finds nothing */
};

/* Reads FILE, or takes TEXT as its content if that is not NULL.  File names in places belong to POOL. */
bool source_load(struct source *source, struct pool *pool, const char *file, const char *text, size_t size,
                 char **fault);

/* Where LINE of the text comes from. */
struct place source_place(const struct source *source, unsigned line);

void source_free(struct source *source);

#endif
