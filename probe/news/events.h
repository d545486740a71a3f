/* SPDX-License-Identifier: MIT */
/*
 * events.h - the last events as lines of text, and those who follow them.
 */
#ifndef MPFAILOVER_EVENTS_H
#define MPFAILOVER_EVENTS_H

#include <stddef.h>

enum { EVENTS_KEPT = 256 };

/* Told of each line from then on.  It may leave while it is told. */
struct events_follower {
	void (*told)(struct events_follower *follower, const char *line);
	struct events_follower *next;
};

/* All zero at the start. */
struct events {
	char *lines[EVENTS_KEPT];
	size_t oldest, count;
	struct events_follower *followers;
};

/* Takes over LINE, from malloc(). */
void events_add(struct events *events, char *line);

/* 0 is the oldest of events->count. */
const char *events_line(const struct events *events, size_t index);

void events_follow(struct events *events, struct events_follower *follower);
void events_leave(struct events *events, struct events_follower *follower);

void events_clear(struct events *events);

#endif
