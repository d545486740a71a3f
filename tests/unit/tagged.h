/* SPDX-License-Identifier: MIT */
/*
 * tagged.h - configurations of which each part carries the same number, so that a mixture of two is seen.
 */
#ifndef MPFAILOVER_TEST_TAGGED_H
#define MPFAILOVER_TEST_TAGGED_H

#include "tests/unit/fixture.h"

enum { TAGGED_SERVICES = 8, TAGGED_KINDS = 2 };

/* Two layouts of the same hosts and addresses, KIND 0 and 1: services stand elsewhere and have other numbers of candidates. */
void tagged_configuration(struct fixture *fixture, unsigned kind);

/* Writes TAG into all that a reader copies. */
void tagged_set(struct mpf_slot *image, uint32_t tag);

/* Looks service NUMBER (0 to TAGGED_SERVICES - 1) up, by its address or by its name.  0: not found; else its tag, or
 * UINT32_MAX if what was found is not of one piece. */
uint32_t tagged_look(const struct mpf_header *table, unsigned number, bool by_name);

#endif
