/* SPDX-License-Identifier: MIT */
/*
 * set.h - what was written becomes the fields of a struct, by the kind that the grammar gives an option.
 */
#ifndef MPFAILOVER_SET_H
#define MPFAILOVER_SET_H

#include "conf/draft.h"
#include "conf/grammar.h"

struct tree_value;

/* Sets the fields of TARGET from the options that GRAMMAR lists: from SECTION (NULL: nothing is written), else by default.
 * PLACE: of the section. */
bool set_options(struct draft *draft, const struct grammar_section *grammar, struct cfg_t *section, struct place place,
                 void *target);

/* The uplink of that name; NULL: refused. */
const struct conf_uplink *set_find_uplink(struct draft *draft, const char *option, const struct tree_value *value);

#endif
