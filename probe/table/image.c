/* SPDX-License-Identifier: MIT */
#include "probe/table/image.h"

#include <stdio.h>
#include <string.h>

#include "conf/conf.h"

/* Cuts TEXT to SIZE - 1 bytes; the rest of DESTINATION is NUL already. */
static void put_text(uint8_t *destination, size_t size, const char *text)
{
	snprintf((char *)destination, size, "%s", text);
}

static void index_put(uint32_t index[MPF_INDEX_SIZE], uint32_t hash, uint32_t value)
{
	while (index[hash % MPF_INDEX_SIZE])
		hash++;
	index[hash % MPF_INDEX_SIZE] = value;
}

/* The first candidate with the address of CANDIDATE that the index holds, NULL if there is none. */
static struct mpf_candidate *find_address(struct mpf_slot *image, const struct mpf_candidate *candidate)
{
	uint32_t hash = mpf_hash_address(candidate->address), value;
	for (; (value = image->address_index[hash % MPF_INDEX_SIZE]); hash++) {
		struct mpf_candidate *found = &image->candidates[value - 1];
		if (!memcmp(found->address, candidate->address, sizeof found->address))
			return found;
	}
	return NULL;
}

/* Makes candidate INDEX findable by its address, once for each service and scope that hold it. */
static void index_candidate(struct mpf_slot *image, uint32_t index)
{
	struct mpf_candidate *candidate = &image->candidates[index];
	if (candidate->port)
		return;
	struct mpf_candidate *found = find_address(image, candidate);
	if (!found) {
		index_put(image->address_index, mpf_hash_address(candidate->address), index + 1);
		return;
	}
	for (;; found = &image->candidates[found->next - 1]) {
		if (found->service == candidate->service && found->scope == candidate->scope)
			return;
		if (!found->next)
			break;
	}
	found->next = index + 1;
}

static uint32_t hash_pattern(const char *pattern)
{
	const char *start = pattern[0] == '*' ? pattern + 1 : pattern;
	uint32_t hash = MPF_HASH_HOST_START;
	for (const char *at = start + strlen(start); at-- > start;)
		hash = mpf_hash_host_step(hash, (uint8_t)*at);
	return mpf_hash_host_end(hash);
}

/* Makes host record INDEX findable by its pattern, behind those of earlier services with the same one. */
static void index_host(struct mpf_slot *image, uint32_t index)
{
	const char *pattern = (const char *)image->hosts[index].pattern;
	uint32_t hash = hash_pattern(pattern), value;
	for (uint32_t at = hash; (value = image->host_index[at % MPF_INDEX_SIZE]); at++) {
		struct mpf_host *found = &image->hosts[value - 1];
		if (strcmp((const char *)found->pattern, pattern) != 0)
			continue;
		while (found->next)
			found = &image->hosts[found->next - 1];
		found->next = index + 1;
		return;
	}
	index_put(image->host_index, hash, index + 1);
}

/* "@dns" itself, and not one of its answers? */
static bool is_unresolved(const struct conf_candidate *candidate)
{
	static const struct in6_addr none;
	return candidate->is_dns && !memcmp(&candidate->address.ip, &none, sizeof none);
}

static void add_candidate(struct mpf_slot *image, const struct conf *conf, const struct conf_candidate *from)
{
	uint32_t index = image->candidate_count++;
	struct mpf_candidate *to = &image->candidates[index];
	to->word = MPF_WORD(MPF_UNKNOWN, MPF_READY, 0, MPF_REASON_NONE, 0);
	to->service = image->service_count;
	memcpy(to->address, &from->address.ip, sizeof to->address);
	to->scope = from->address.scope;
	to->port = from->port;
	if (from->uplink) {
		to->uplink = (uint32_t)(from->uplink - conf->uplinks) + 1;
		to->has_source = from->uplink->has_source;
		memcpy(to->source, &from->uplink->source.ip, sizeof to->source);
	}
	put_text(image->infos[index].name, MPF_NAME_SIZE, from->name);
	if (from->is_dns)
		image->infos[index].from_dns = from->is_stale ? MPF_GONE_FROM_DNS : MPF_FROM_DNS;
	index_candidate(image, index);
}

static void add_host(struct mpf_slot *image, const char *pattern)
{
	uint32_t index = image->host_count++;
	image->hosts[index].service = image->service_count;
	put_text(image->hosts[index].pattern, MPF_HOST_SIZE, pattern);
	index_host(image, index);
}

static void add_service(struct mpf_slot *image, const struct conf *conf, const struct conf_service *from)
{
	struct mpf_service *to = &image->services[image->service_count];
	to->first_candidate = image->candidate_count;
	for (size_t i = 0; i < from->candidate_count; i++)
		if (!is_unresolved(&from->candidates[i]))
			add_candidate(image, conf, &from->candidates[i]);
	to->candidate_count = image->candidate_count - to->first_candidate;
	if (!to->candidate_count)
		return;
	for (size_t i = 0; i < from->host_count; i++)
		add_host(image, from->hosts[i]);
	to->port_count = (uint32_t)from->port_count;
	for (size_t i = 0; i < from->port_count; i++)
		to->ports[i] = from->ports[i];
	to->all_down = from->all_down == CONF_ALL_DOWN_PASS ? MPF_ALL_DOWN_PASS : MPF_ALL_DOWN_TRY;
	to->when_stale = from->when_stale == CONF_STALE_PASS ? MPF_STALE_PASS : MPF_STALE_LAST_GOOD;
	to->resolve = from->resolve == CONF_RESOLVE_DNS ? MPF_RESOLVE_DNS : MPF_RESOLVE_TABLE;
	to->stale_after_ms = from->stale_after_ms;
	to->stick_ms = from->stick_ms;
	to->nonblocking_wait_ms = from->nonblocking_wait_ms;
	to->attempt_floor_ms = from->attempt_floor_ms;
	to->attempt_ceiling_ms = from->attempt_ceiling_ms;
	put_text(to->name, MPF_NAME_SIZE, from->name);
	image->service_count++;
}

void image_build(struct mpf_slot *image, const struct conf *conf, uint32_t loaded_s)
{
	memset(image, 0, sizeof *image);
	image->loaded_s = loaded_s;
	put_text(image->source, sizeof image->source, conf->file);
	for (size_t i = 0; i < conf->uplink_count; i++) {
		const struct conf_uplink *from = &conf->uplinks[i];
		struct mpf_uplink *to = &image->uplinks[image->uplink_count++];
		to->has_source = from->has_source;
		memcpy(to->source, &from->source.ip, sizeof to->source);
		put_text(to->name, MPF_NAME_SIZE, from->name);
		put_text(to->interface, sizeof to->interface, from->interface);
	}
	for (size_t i = 0; i < conf->service_count; i++)
		add_service(image, conf, &conf->services[i]);
}

static bool same_text(const uint8_t *a, const uint8_t *b, size_t size)
{
	return !strncmp((const char *)a, (const char *)b, size);
}

/* "": none.  By name, since an uplink's index is only its place in the file. */
static const uint8_t *uplink_name(const struct mpf_slot *slot, const struct mpf_candidate *candidate)
{
	static const uint8_t none[1];
	return candidate->uplink && candidate->uplink <= MPF_MAX_UPLINKS ? slot->uplinks[candidate->uplink - 1].name
	                                                                 : none;
}

static bool same_candidate(const struct mpf_slot *a, uint32_t i, const struct mpf_slot *b, uint32_t j)
{
	const struct mpf_candidate *x = &a->candidates[i], *y = &b->candidates[j];
	return x->port == y->port && x->scope == y->scope && !memcmp(x->address, y->address, sizeof x->address) &&
	       same_text(a->infos[i].name, b->infos[j].name, MPF_NAME_SIZE) &&
	       same_text(uplink_name(a, x), uplink_name(b, y), MPF_NAME_SIZE);
}

static unsigned adopt_candidates(struct mpf_slot *image, const struct mpf_service *to, const struct mpf_slot *previous,
                                 const struct mpf_service *from)
{
	unsigned adopted = 0;
	for (uint32_t i = to->first_candidate; i < to->first_candidate + to->candidate_count; i++)
		for (uint32_t j = from->first_candidate; j < from->first_candidate + from->candidate_count; j++) {
			if (!same_candidate(image, i, previous, j))
				continue;
			image->candidates[i].word = previous->candidates[j].word;
			image->candidates[i].handshake_us = previous->candidates[j].handshake_us;
			const uint32_t from_dns = image->infos[i].from_dns;
			image->infos[i] = previous->infos[j];
			image->infos[i].from_dns = from_dns;
			adopted++;
			break;
		}
	return adopted;
}

unsigned image_adopt(struct mpf_slot *image, const struct mpf_slot *previous)
{
	unsigned adopted = 0;
	for (uint32_t i = 0; i < image->uplink_count; i++)
		for (uint32_t j = 0; j < previous->uplink_count; j++)
			if (same_text(image->uplinks[i].name, previous->uplinks[j].name, MPF_NAME_SIZE)) {
				image->uplinks[i].down = previous->uplinks[j].down;
				image->uplinks[i].since_s = previous->uplinks[j].since_s;
			}
	for (uint32_t i = 0; i < image->service_count; i++)
		for (uint32_t j = 0; j < previous->service_count; j++) {
			if (!same_text(image->services[i].name, previous->services[j].name, MPF_NAME_SIZE))
				continue;
			image->services[i].off = previous->services[j].off;
			adopted += adopt_candidates(image, &image->services[i], previous, &previous->services[j]);
		}
	return adopted;
}
