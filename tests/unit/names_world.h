/* SPDX-License-Identifier: MIT */
/*
 * names_world.h - a table of names, mapped by the library, for the tests of the name functions.
 *
 *     four.example     192.0.2.1, .2, .3
 *     six.example      2001:db8::1, fe80::1%1
 *     both.example     192.0.2.11, 2001:db8::11, 192.0.2.12, 2001:db8::12
 *     ports.example    on 80 and 443: 192.0.2.21; on 21: 192.0.2.22; on any other: 192.0.2.23
 *     full.example     sixteen, from 10.0.0.1 to 10.0.0.16
 *     *.wild.example   192.0.2.31
 *     twice.example    192.0.2.41 through two uplinks, 192.0.2.42 on a port of its own, 192.0.2.43
 *     one.example      192.0.2.51
 *     own.example      192.0.2.61 on a port of its own
 */
#ifndef MPFAILOVER_TEST_NAMES_WORLD_H
#define MPFAILOVER_TEST_NAMES_WORLD_H

#include "tests/unit/fixture.h"

struct names_world {
	struct fixture *fixture;
	char *directory;
	struct mpf_header *file; /* as the writer has it mapped */
	struct mpf_slot *slot;   /* the active one */
	uint32_t size;
};

/* Group fixtures: *STATE is a struct names_world. */
int names_world_begin(void **state);
int names_world_end(void **state);

/* All as it was at the beginning. */
int names_world_reset(void **state);

/* The candidate with this address, to store a verdict into. */
struct mpf_candidate *names_world_candidate(const struct names_world *world, const char *address);
struct mpf_service *names_world_service(const struct names_world *world, const char *name);

#endif
