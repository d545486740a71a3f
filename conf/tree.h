/* SPDX-License-Identifier: MIT */
/*
 * tree.h - libconfuse, and nothing but: a text becomes a tree of sections and values as they were written.
 *
 * Every value is kept with its line.  What values mean is not known here.
 */
#ifndef MPFAILOVER_TREE_H
#define MPFAILOVER_TREE_H

#include "conf/fault.h"

#include <stddef.h>

struct cfg_t; /* libconfuse's */
struct source;

struct tree_value {
	unsigned line; /* of the source's text */
	char text[];
};

/* The file as a section, to be freed by tree_free().  NULL: refused. */
struct cfg_t *tree_parse(const struct source *source, char **fault);

void tree_free(struct cfg_t *tree); /* NULL is fine */

size_t tree_value_count(struct cfg_t *section, const char *option);
const struct tree_value *tree_value(struct cfg_t *section, const char *option, size_t index);

size_t tree_section_count(struct cfg_t *section, const char *name);
struct cfg_t *tree_section(struct cfg_t *section, const char *name, size_t index);

const char *tree_title(struct cfg_t *section); /* "" without one */
unsigned tree_line(struct cfg_t *section);     /* on which it opens */

#endif
