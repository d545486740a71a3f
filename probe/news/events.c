/* SPDX-License-Identifier: MIT */
#include "probe/news/events.h"

#include <stdlib.h>

static void keep(struct events *events, char *line)
{
	if (events->count == EVENTS_KEPT) {
		free(events->lines[events->oldest]);
		events->lines[events->oldest] = line;
		events->oldest = (events->oldest + 1) % EVENTS_KEPT;
		return;
	}
	events->lines[(events->oldest + events->count++) % EVENTS_KEPT] = line;
}

void events_add(struct events *events, char *line)
{
	struct events_follower *next;
	keep(events, line);
	for (struct events_follower *follower = events->followers; follower; follower = next) {
		next = follower->next;
		follower->told(follower, line);
	}
}

const char *events_line(const struct events *events, size_t index)
{
	return events->lines[(events->oldest + index) % EVENTS_KEPT];
}

void events_follow(struct events *events, struct events_follower *follower)
{
	follower->next = events->followers;
	events->followers = follower;
}

void events_leave(struct events *events, struct events_follower *follower)
{
	struct events_follower **at = &events->followers;
	while (*at && *at != follower)
		at = &(*at)->next;
	if (*at)
		*at = follower->next;
}

void events_clear(struct events *events)
{
	for (size_t i = 0; i < EVENTS_KEPT; i++)
		free(events->lines[i]);
	*events = (struct events){ .followers = events->followers };
}
