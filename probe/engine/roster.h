/* SPDX-License-Identifier: MIT */
/*
 * roster.h - all candidates of a configuration, in the order of the table.
 */
#ifndef MPFAILOVER_ROSTER_H
#define MPFAILOVER_ROSTER_H

#include <stddef.h>

#include "probe/engine/candidate.h"

struct roster {
	struct candidate **list;
	size_t count;
};

/* Room for the candidates of CONF, which is expanded (expand.h).  0 or -ENOMEM. */
int roster_prepare(struct roster *roster, struct candidate_world *world, const struct conf *conf);

/* Gives each its place in CONF and in SLOT, which was built from it.  One that was in OLD already goes on as it was, the others
 * go on from what SLOT says and are checked soon.  What is left of OLD is freed. */
void roster_fill(struct roster *roster, struct roster *old, const struct conf *conf, struct mpf_slot *slot);

/* Checks those, as soon as they can be without being late. */
void roster_check(struct candidate *const *list, size_t count);

void roster_free(struct roster *roster);

#endif
