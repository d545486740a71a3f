/* SPDX-License-Identifier: MIT */
/*
 * hook.h - the operator's commands that are run when something has happened: asynchronously, in order, one at a time of each hook,
 * and killed with all that they have started when their time is over.
 *
 * A command gets the facts as JSON, one line, on its standard input, and each of them as MPF_NAME in its environment.
 */
#ifndef MPFAILOVER_HOOK_H
#define MPFAILOVER_HOOK_H

#include <jansson.h>
#include <uv.h>

#include "conf/conf.h"

enum hook_fate {
	HOOK_EXITED,   /* status: exit status */
	HOOK_SIGNALED, /* status: signal */
	HOOK_TIMEOUT,
	HOOK_NOT_RUN, /* status: errno */
	HOOK_STOPPED, /* killed, since the daemon ends, or its hook left the configuration */
};

/* How a run of a hook ended. */
struct hook_end {
	const char *hook;
	const json_t *facts;
	enum hook_fate fate;
	int status;
	uint64_t took_ms;
	unsigned left_out; /* events that found no place in the queue, since the last run's end */
};

struct hooks;
typedef void hooks_told(void *owner, const struct hook_end *end);

const char *hook_fate_name(enum hook_fate fate);

/* NULL: no memory. */
struct hooks *hooks_open(uv_loop_t *loop, hooks_told *told, void *owner);

/* The hooks of CONF, by name: what waits for one that stays is kept.  0 or -ENOMEM: as before. */
int hooks_configure(struct hooks *hooks, const struct conf *conf);

/* Runs those that want EVENT, now or in their turn.  FACTS, with "event" among them, may be shared but not changed afterwards. */
void hooks_fire(struct hooks *hooks, enum conf_event event, const char *subject, json_t *facts);

/* Ends what runs.  NULL is fine. */
void hooks_close(struct hooks *hooks);

#endif
