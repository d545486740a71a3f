/* SPDX-License-Identifier: MIT */
#include "probe/engine/roster.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "probe/judge/schedule.h"

static bool same_uplink(const struct conf_uplink *a, const struct conf_uplink *b)
{
	return a && b ? !strcmp(a->name, b->name) : a == b;
}

/* By what identifies a candidate: service, name, address, port, uplink. */
static bool is_same(const struct candidate *candidate, const struct conf_service *service,
                    const struct conf_candidate *conf)
{
	const struct conf_candidate *old = candidate->conf;
	return !strcmp(old->name, conf->name) && !strcmp(candidate->service->name, service->name) &&
	       old->port == conf->port && old->address.scope == conf->address.scope &&
	       !memcmp(&old->address.ip, &conf->address.ip, sizeof conf->address.ip) &&
	       same_uplink(old->uplink, conf->uplink);
}

/* Takes out the one that is to be CONF, most likely at GUESS.  NULL: there is none. */
static struct candidate *take(struct roster *roster, size_t guess, const struct conf_service *service,
                              const struct conf_candidate *conf)
{
	for (size_t i = 0; i < roster->count; i++) {
		size_t at = (guess + i) % roster->count;
		struct candidate *found = roster->list[at];
		if (!found || !is_same(found, service, conf))
			continue;
		roster->list[at] = NULL;
		return found;
	}
	return NULL;
}

/* In the order of image_build(). */
static size_t count_candidates(const struct conf *conf)
{
	size_t count = 0;
	for (size_t i = 0; i < conf->service_count; i++)
		count += conf->services[i].candidate_count;
	return count;
}

int roster_prepare(struct roster *roster, struct candidate_world *world, const struct conf *conf)
{
	size_t count = count_candidates(conf);
	*roster = (struct roster){ .list = calloc(count + 1, sizeof *roster->list) };
	while (roster->list && roster->count < count) {
		if (!(roster->list[roster->count] = candidate_new(world)))
			break;
		roster->count++;
	}
	if (roster->list && roster->count == count)
		return 0;
	roster_free(roster);
	return -ENOMEM;
}

static bool place(struct roster *roster, struct roster *old, size_t index, const struct conf_service *service,
                  const struct conf_candidate *conf, struct mpf_slot *slot)
{
	struct candidate **at = &roster->list[index];
	struct candidate *known = take(old, index, service, conf);
	if (known) {
		candidate_free(*at);
		*at = known;
	}
	candidate_place(*at, service, conf, &slot->candidates[index], &slot->infos[index]);
	if (!known)
		candidate_adopt(*at);
	return !known;
}

void roster_fill(struct roster *roster, struct roster *old, const struct conf *conf, struct mpf_slot *slot)
{
	size_t index = 0, fresh = 0;
	bool is_new[MPF_MAX_CANDIDATES];
	for (size_t i = 0; i < conf->service_count; i++) {
		const struct conf_service *service = &conf->services[i];
		for (size_t j = 0; j < service->candidate_count; j++) {
			is_new[index] = place(roster, old, index, service, &service->candidates[j], slot);
			fresh += is_new[index++];
		}
	}
	roster_free(old);
	for (size_t i = 0, turn = 0; i < index; i++)
		if (is_new[i])
			candidate_check_soon(roster->list[i], schedule_first_ms(roster->list[i]->service->timing,
			                                                        (uint32_t)turn++, (uint32_t)fresh));
}

void roster_check(struct candidate *const *list, size_t count)
{
	uint64_t delay_us = 0;
	for (size_t i = 0; i < count; i++) {
		candidate_check_soon(list[i], delay_us / 1000);
		delay_us += schedule_room_us(list[i]->service->check->type);
	}
}

void roster_free(struct roster *roster)
{
	for (size_t i = 0; i < roster->count; i++)
		if (roster->list[i])
			candidate_free(roster->list[i]);
	free(roster->list);
	*roster = (struct roster){ 0 };
}
