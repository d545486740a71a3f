/* SPDX-License-Identifier: MIT */
/*
 * hook_queue.h - what waits for a hook that is busy.  No system call, no clock.
 *
 * In order.  Of one subject only the newest of each event waits: "down, up" behind which comes another "down" becomes that
 * "down" alone.  Of more than HOOK_QUEUE_ROOM the oldest goes.
 */
#ifndef MPFAILOVER_HOOK_QUEUE_H
#define MPFAILOVER_HOOK_QUEUE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "conf/conf.h"

enum { HOOK_QUEUE_ROOM = 64 };

struct hook_item {
	enum conf_event event;
	char *subject; /* what it is about: "SERVICE/CANDIDATE", "SERVICE", an uplink's name */
	json_t *facts;
};

/* All zero at the start. */
struct hook_queue {
	struct hook_item items[HOOK_QUEUE_ROOM]; /* oldest first */
	size_t count;
};

/* With a reference to FACTS of its own.  How many were left out for it; no memory: 1, itself. */
unsigned hook_queue_add(struct hook_queue *queue, enum conf_event event, const char *subject, json_t *facts);

/* Takes the oldest out.  False: there is none. */
bool hook_queue_take(struct hook_queue *queue, struct hook_item *item);

/* Forgets all; how many there were. */
unsigned hook_queue_clear(struct hook_queue *queue);

void hook_item_free(struct hook_item *item);

#endif
