/* SPDX-License-Identifier: MIT */
#include "probe/engine/await.h"

#include <stdio.h>
#include <stdlib.h>

#include "probe/engine/clock.h"
#include "probe/engine/roster.h"
#include "probe/judge/schedule.h"

enum { SLACK_MS = 1000 };

struct await {
	struct candidate_world *world;
	struct await *next;
	await_over *over;
	void *owner;
	uint64_t since_us; /* a check that began earlier is another one's */
	uint32_t limit_ms;
	size_t count, open;
	struct await_result results[];
};

/* Spread as roster_check() does it, and behind one that may be under way. */
static uint32_t limit_of(struct candidate *const *list, size_t count)
{
	uint32_t spread_us = 0, slowest_ms = 0;
	for (size_t i = 0; i < count; i++) {
		uint32_t timeout_ms = list[i]->service->timing->timeout_ms;
		spread_us += schedule_room_us(list[i]->service->check->type);
		slowest_ms = timeout_ms > slowest_ms ? timeout_ms : slowest_ms;
	}
	return spread_us / 1000 + 2 * slowest_ms + SCHEDULE_GAP_MS + SLACK_MS;
}

struct await *await_start(struct candidate *const *list, size_t count, await_over *over, void *owner)
{
	struct await *await = calloc(1, sizeof *await + count * sizeof await->results[0]);
	if (!await)
		return NULL;
	await->world = list[0]->world;
	await->over = over;
	await->owner = owner;
	await->since_us = clock_us();
	await->limit_ms = limit_of(list, count);
	await->count = await->open = count;
	for (size_t i = 0; i < count; i++) {
		struct await_result *result = &await->results[i];
		result->candidate = list[i];
		snprintf(result->service, sizeof result->service, "%s", list[i]->service->name);
		snprintf(result->name, sizeof result->name, "%s", list[i]->conf->name);
	}
	await->next = await->world->awaits;
	await->world->awaits = await;
	roster_check(list, count);
	return await;
}

uint32_t await_limit_ms(const struct await *await)
{
	return await->limit_ms;
}

void await_cancel(struct await *await)
{
	struct await **at = &await->world->awaits;
	while (*at != await)
		at = &(*at)->next;
	*at = await->next;
	free(await);
}

static struct await_result *find(struct await *await, const struct candidate *candidate)
{
	for (size_t i = 0; i < await->count; i++)
		if (await->results[i].candidate == candidate)
			return &await->results[i];
	return NULL;
}

static void settle(struct await *await, struct await_result *result)
{
	result->candidate = NULL;
	if (--await->open)
		return;
	await->over(await->owner, await->results, await->count);
	await_cancel(await);
}

void await_checked(const struct candidate *candidate, const struct outcome *outcome, uint64_t took_us)
{
	struct await *next;
	for (struct await *await = candidate->world->awaits; await; await = next) {
		struct await_result *result = find(await, candidate);
		next = await->next;
		if (!result || candidate->started_us < await->since_us)
			continue;
		result->outcome = *outcome;
		result->took_us = took_us;
		result->word = candidate->row->word;
		settle(await, result);
	}
}

void await_gone(const struct candidate *candidate)
{
	struct await *next;
	for (struct await *await = candidate->world->awaits; await; await = next) {
		struct await_result *result = find(await, candidate);
		next = await->next;
		if (!result)
			continue;
		result->gone = true;
		settle(await, result);
	}
}
