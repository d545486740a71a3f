/* SPDX-License-Identifier: MIT */
/*
 * check_warm.h - has libcurl parse the system's certificates now, and not within the first check's deadline.
 *
 * It does so in a handshake only, hence in one with a socket of our own that never answers.
 */
#ifndef MPFAILOVER_CHECK_WARM_H
#define MPFAILOVER_CHECK_WARM_H

#include "probe/check/check.h"

void check_warm_start(struct check_world *world); /* a failure does not matter */
void check_warm_end(struct check_world *world);

#endif
