/* SPDX-License-Identifier: MIT */
/*
 * check.h - try a candidate once: start, and be told once how it went, or cancel.
 *
 * One absolute deadline covers a check as a whole.  A check never writes a verdict.
 */
#ifndef MPFAILOVER_CHECK_H
#define MPFAILOVER_CHECK_H

#include <stdint.h>
#include <uv.h>

#include "conf/conf.h"
#include "probe/check/dial.h"
#include "probe/check/outcome.h"

struct check;

/* What all checks of a daemon share: its loop, and libcurl's engines. */
struct check_world {
	uv_loop_t *loop;
	struct curl_loop *curl;  /* one for each certificate store */
	struct check_warm *warm; /* NULL: not under way */
};

struct check_target {
	const struct conf_check *check;
	const char *service, *candidate; /* names */
	const char *host;                /* SNI and Host, "": the address itself */
	uint16_t host_port;              /* the port as a client names it: the Host header's */
	struct dial dial;
};

/* Called once, never from within check_start(), and never after check_cancel().  The check is gone then. */
typedef void check_done(void *owner, const struct outcome *outcome);

/* TARGET and what it points to are not needed after the call.  NULL: no memory. */
struct check *check_start(struct check_world *world, const struct check_target *target, uint32_t timeout_ms,
                          check_done *done, void *owner);

void check_cancel(struct check *check);

/* 0 or -errno.  The world must outlive its checks; ending it closes what it added to the loop. */
int check_world_open(struct check_world *world, uv_loop_t *loop);
void check_world_close(struct check_world *world);

#endif
