/* SPDX-License-Identifier: MIT */
#include "probe/dns/expand.h"

#include <stdlib.h>
#include <string.h>

#include "preload/endpoint.h"

/* Everything in one piece of memory. */
struct expansion {
	struct conf conf;
	struct conf_service services[CONF_MAX_SERVICES];
	struct conf_candidate candidates[CONF_MAX_CANDIDATES];
	char names[CONF_MAX_CANDIDATES][CONF_NAME_SIZE];
	size_t used; /* candidates */
	size_t left; /* room for answers, in all */
};

static bool share_port(const struct conf_service *a, const struct conf_service *b)
{
	if (!a->port_count && !b->port_count)
		return true;
	for (size_t i = 0; i < a->port_count; i++)
		for (size_t j = 0; j < b->port_count; j++)
			if (a->ports[i] == b->ports[j])
				return true;
	return false;
}

static bool has_address(const struct conf_candidate *candidate, const uint8_t address[16])
{
	return !memcmp(candidate->address.ip.s6_addr, address, 16);
}

/* Does SERVICE, but for its "@dns", have a candidate at ADDRESS that clients may ask for? */
static bool holds(const struct conf_service *service, const uint8_t address[16])
{
	for (size_t i = 0; i < service->candidate_count; i++)
		if (!service->candidates[i].is_dns && !service->candidates[i].port &&
		    has_address(&service->candidates[i], address))
			return true;
	return false;
}

static bool is_answered(const struct answers *answers, const uint8_t address[16])
{
	for (unsigned i = 0; i < answers->count; i++)
		if (answers->list[i].sources && !memcmp(answers->list[i].address, address, 16))
			return true;
	return false;
}

/* Would SERVICE and another one both claim ADDRESS?  Files come before answers, and among those earlier services. */
static bool is_taken(const struct expansion *expansion, const struct conf *from, size_t service,
                     const uint8_t address[16])
{
	for (size_t i = 0; i < from->service_count; i++) {
		if (i == service || !share_port(&from->services[i], &from->services[service]))
			continue;
		if (holds(&from->services[i], address))
			return true;
		const struct conf_service *earlier = &expansion->services[i];
		for (size_t j = 0; i < service && j < earlier->candidate_count; j++)
			if (!earlier->candidates[j].port && has_address(&earlier->candidates[j], address))
				return true;
	}
	return false;
}

/* Has SERVICE this very candidate, by the file or by what was expanded before? */
static bool is_there(const struct conf_service *service, const struct conf_candidate *like, const uint8_t address[16])
{
	for (size_t i = 0; i < service->candidate_count; i++) {
		const struct conf_candidate *candidate = &service->candidates[i];
		if (!candidate->is_dns && candidate->port == like->port && candidate->uplink == like->uplink &&
		    has_address(candidate, address))
			return true;
	}
	return false;
}

static bool reaches(const struct conf_uplink *uplink, const uint8_t address[16])
{
	return !uplink || !uplink->has_source ||
	       endpoint_is_ipv4(uplink->source.ip.s6_addr) == endpoint_is_ipv4(address);
}

/* "CANDIDATE:ADDRESS", with as much of the first as there is room for. */
static void name_answer(char out[CONF_NAME_SIZE], const char *candidate, const uint8_t address[16])
{
	char text[ENDPOINT_TEXT];
	const size_t length = endpoint_print(address, 0, 0, text), room = CONF_NAME_SIZE - 2 - length;
	size_t size = strlen(candidate);
	if (size > room)
		for (size = room; size > 0 && ((unsigned char)candidate[size] & 0xc0) == 0x80;)
			size--; /* no half characters */
	memcpy(out, candidate, size);
	out[size] = ':';
	memcpy(out + size + 1, text, length + 1);
}

/* --------------------------------------------------------------------------------------------------------- the order */

struct order {
	const struct answers *answers;
	bool prefer_dns;
};

/* Smaller comes first; within the same the order of the file, and of the answers. */
static unsigned key(const struct order *order, const struct conf_candidate *candidate)
{
	const uint8_t *address = candidate->address.ip.s6_addr;
	return order->prefer_dns && !(candidate->is_dns ? !candidate->is_stale : is_answered(order->answers, address));
}

static void sort(struct conf_candidate *list, size_t count, const struct order *order)
{
	for (size_t i = 1; i < count; i++) {
		struct conf_candidate candidate = list[i];
		size_t at = i;
		for (; at > 0 && key(order, &list[at - 1]) > key(order, &candidate); at--)
			list[at] = list[at - 1];
		list[at] = candidate;
	}
}

/* --------------------------------------------------------------------------------------------------------- the whole */

struct work {
	struct expansion *expansion;
	const struct conf *from;
	size_t service;
	const struct answers *answers;
	size_t room; /* for answers, in this service */
};

/* The answers, current or not, in the place of WILDCARD. */
static void put_answers(struct work *work, const struct conf_candidate *wildcard, bool current)
{
	struct expansion *expansion = work->expansion;
	const struct conf_service *service = &work->from->services[work->service];
	for (unsigned i = 0; i < work->answers->count && work->room && expansion->left; i++) {
		const struct answers_address *answer = &work->answers->list[i];
		const uint8_t *address = answer->address;
		if (!answer->sources == current || !reaches(wildcard->uplink, address) ||
		    is_there(service, wildcard, address))
			continue;
		if (!wildcard->port && is_taken(expansion, work->from, work->service, address))
			continue;
		struct conf_candidate *to = &expansion->candidates[expansion->used];
		char *name = expansion->names[expansion->used++];
		*to = *wildcard;
		memcpy(to->address.ip.s6_addr, address, 16);
		name_answer(name, wildcard->name, address);
		to->name = name;
		to->is_stale = !current;
		work->room--;
		expansion->left--;
	}
}

static void expand_service(struct expansion *expansion, const struct conf *from, size_t number,
                           const struct answers *answers)
{
	static const struct answers none;
	const struct conf_service *service = &from->services[number];
	struct conf_service *to = &expansion->services[number];
	struct work work = {
		.expansion = expansion, .from = from, .service = number, .answers = answers ? answers : &none
	};
	size_t first = expansion->used;
	work.room = CONF_MAX_SERVICE_CANDIDATES;
	for (size_t i = 0; i < service->candidate_count; i++)
		work.room -= !service->candidates[i].is_dns;
	for (size_t i = 0; i < service->candidate_count; i++) {
		if (!service->candidates[i].is_dns) {
			expansion->candidates[expansion->used++] = service->candidates[i];
			continue;
		}
		put_answers(&work, &service->candidates[i], true);
		put_answers(&work, &service->candidates[i], false);
	}
	*to = *service;
	to->candidates = &expansion->candidates[first];
	to->candidate_count = expansion->used - first;
	const struct order order = { .answers = work.answers, .prefer_dns = service->prefer == CONF_PREFER_DNS };
	sort(to->candidates, to->candidate_count, &order);
}

struct conf *expand(const struct conf *conf, const struct answers *const *answers)
{
	struct expansion *expansion = calloc(1, sizeof *expansion);
	if (!expansion)
		return NULL;
	expansion->conf = *conf;
	expansion->conf.services = expansion->services;
	expansion->left = CONF_MAX_CANDIDATES;
	for (size_t i = 0; i < conf->service_count; i++)
		for (size_t j = 0; j < conf->services[i].candidate_count; j++)
			expansion->left -= !conf->services[i].candidates[j].is_dns;
	for (size_t i = 0; i < conf->service_count; i++)
		expand_service(expansion, conf, i, answers[i]);
	return &expansion->conf;
}
