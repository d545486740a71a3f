/* SPDX-License-Identifier: MIT */
/*
 * build.h - the sections of a tree become the structs of conf.h.
 */
#ifndef MPFAILOVER_BUILD_H
#define MPFAILOVER_BUILD_H

#include "conf/draft.h"

/* Fills DRAFT->conf from TREE.  False: refused. */
bool build_conf(struct draft *draft, struct cfg_t *tree);

#endif
