/* SPDX-License-Identifier: MIT */
#include "probe/news/hook_queue.h"

#include <stdlib.h>
#include <string.h>

void hook_item_free(struct hook_item *item)
{
	free(item->subject);
	json_decref(item->facts);
	*item = (struct hook_item){ 0 };
}

static void remove_at(struct hook_queue *queue, size_t index)
{
	hook_item_free(&queue->items[index]);
	queue->count--;
	memmove(&queue->items[index], &queue->items[index + 1], (queue->count - index) * sizeof queue->items[0]);
}

/* The same event of the same subject, and what has happened to that one since. */
static unsigned overtake(struct hook_queue *queue, enum conf_event event, const char *subject)
{
	unsigned left_out = 0;
	for (size_t i = 0; i < queue->count;) {
		const struct hook_item *item = &queue->items[i];
		if (strcmp(item->subject, subject) == 0 && (left_out || item->event == event)) {
			remove_at(queue, i);
			left_out++;
		} else {
			i++;
		}
	}
	return left_out;
}

unsigned hook_queue_add(struct hook_queue *queue, enum conf_event event, const char *subject, json_t *facts)
{
	char *copy = strdup(subject);
	if (!copy)
		return 1;
	unsigned left_out = overtake(queue, event, subject);
	if (queue->count == HOOK_QUEUE_ROOM) {
		remove_at(queue, 0);
		left_out++;
	}
	queue->items[queue->count++] = (struct hook_item){ event, copy, json_incref(facts) };
	return left_out;
}

bool hook_queue_take(struct hook_queue *queue, struct hook_item *item)
{
	if (!queue->count)
		return false;
	*item = queue->items[0];
	queue->count--;
	memmove(&queue->items[0], &queue->items[1], queue->count * sizeof queue->items[0]);
	return true;
}

unsigned hook_queue_clear(struct hook_queue *queue)
{
	unsigned count = (unsigned)queue->count;
	while (queue->count)
		remove_at(queue, queue->count - 1);
	return count;
}
