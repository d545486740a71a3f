/* SPDX-License-Identifier: MIT */
/*
 * check_kind.h - what each kind of check gives to check.c, and no one else sees.
 */
#ifndef MPFAILOVER_CHECK_KIND_H
#define MPFAILOVER_CHECK_KIND_H

#include "probe/check/check.h"

/* The first member of each kind's own struct. */
struct check {
	void (*cancel)(struct check *check); /* frees it, once its handles are closed */
	check_done *done;
	void *owner;
};

typedef struct check *check_starter(struct check_world *world, const struct check_target *target, uint32_t timeout_ms);

check_starter check_tcp_start, check_curl_start, check_exec_start;

#endif
