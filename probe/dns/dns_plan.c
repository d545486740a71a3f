/* SPDX-License-Identifier: MIT */
#include "probe/dns/dns_plan.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "preload/endpoint.h"
#include "probe/dns/expand.h"

static bool asks_dns(const struct conf_service *service)
{
	for (size_t i = 0; i < service->candidate_count; i++)
		if (service->candidates[i].is_dns)
			return true;
	return false;
}

/* Could a candidate be reached by an address of FAMILY? */
static bool wants_family(const struct conf_service *service, int family)
{
	for (size_t i = 0; i < service->candidate_count; i++) {
		const struct conf_uplink *uplink = service->candidates[i].uplink;
		if (!service->candidates[i].is_dns)
			continue;
		if (!uplink || !uplink->has_source ||
		    endpoint_is_ipv4(uplink->source.ip.s6_addr) == (family == AF_INET))
			return true;
	}
	return false;
}

static void add_host(struct dns_service *service, const char *name, uint64_t now_ms)
{
	static const int families[] = { AF_INET, AF_INET6 };
	struct dns_host *host = &service->hosts[service->host_count];
	host->name = name;
	for (unsigned i = 0; i < 2; i++)
		host->source[i] = (struct dns_source){
			.service = service,
			.host = host,
			.family = wants_family(service->conf, families[i]) ? families[i] : 0,
			.number = 2 * service->host_count + i,
			.due_ms = now_ms,
		};
	service->host_count++;
}

/* ------------------------------------------------------------------------------------------------ what is known already */

static bool same_hosts(const struct dns_service *a, const struct dns_service *b)
{
	if (a->host_count != b->host_count)
		return false;
	for (unsigned i = 0; i < a->host_count; i++)
		if (strcmp(a->hosts[i].name, b->hosts[i].name) != 0 ||
		    a->hosts[i].source[0].family != b->hosts[i].source[0].family ||
		    a->hosts[i].source[1].family != b->hosts[i].source[1].family)
			return false;
	return true;
}

static const struct dns_service *find_old(const struct dns_plan *old, const struct dns_service *like)
{
	for (size_t i = 0; old && i < old->count; i++)
		if (!strcmp(old->services[i].conf->name, like->conf->name) && same_hosts(&old->services[i], like))
			return &old->services[i];
	return NULL;
}

/* What was being asked is asked again. */
static void keep(struct dns_service *service, const struct dns_service *old)
{
	service->answers = old->answers;
	service->told_ms = old->told_ms;
	for (unsigned i = 0; i < service->host_count; i++) {
		struct dns_host *host = &service->hosts[i];
		host->told = old->hosts[i].told;
		host->told_ms = old->hosts[i].told_ms;
		for (unsigned j = 0; j < 2; j++) {
			const struct dns_source *source = &old->hosts[i].source[j];
			host->source[j].failures = source->failures;
			if (!source->query)
				host->source[j].due_ms = source->due_ms;
		}
	}
}

/* The sources that could have answered with ADDRESS. */
static uint32_t sources_of(const struct dns_service *service, const uint8_t address[16])
{
	uint32_t sources = 0;
	for (unsigned i = 0; i < service->host_count; i++)
		sources |= 1u << service->hosts[i].source[!endpoint_is_ipv4(address)].number;
	return sources;
}

static void seed(struct dns_service *service, const struct mpf_slot *slot, uint64_t now_ms)
{
	for (uint32_t i = 0; i < slot->service_count; i++) {
		const struct mpf_service *from = &slot->services[i];
		if (strcmp((const char *)from->name, service->conf->name) != 0)
			continue;
		for (uint32_t j = from->first_candidate; j < from->first_candidate + from->candidate_count; j++) {
			const uint8_t *address = slot->candidates[j].address;
			const uint32_t origin = slot->infos[j].from_dns;
			if (origin != MPF_FROM_FILE)
				answers_seed(&service->answers, address,
				             origin == MPF_FROM_DNS ? sources_of(service, address) : 0, now_ms);
		}
	}
}

/* --------------------------------------------------------------------------------------------------------- its life */

struct dns_plan *dns_plan_new(const struct conf *conf, const struct dns_plan *old, const struct mpf_slot *slot,
                              uint64_t now_ms)
{
	struct dns_plan *plan = calloc(1, sizeof *plan);
	size_t count = 0;
	for (size_t i = 0; i < conf->service_count; i++)
		count += asks_dns(&conf->services[i]);
	if (!plan || !(plan->services = calloc(count + 1, sizeof *plan->services))) {
		free(plan);
		return NULL;
	}
	plan->conf = conf;
	for (size_t i = 0; i < conf->service_count; i++) {
		const struct conf_service *from = &conf->services[i];
		if (!asks_dns(from))
			continue;
		struct dns_service *service = &plan->services[plan->count++];
		service->conf = from;
		for (size_t j = 0; j < from->host_count && service->host_count < DNS_HOSTS; j++)
			if (from->hosts[j][0] != '*')
				add_host(service, from->hosts[j], now_ms);
		const struct dns_service *known = find_old(old, service);
		if (known)
			keep(service, known);
		else if (slot)
			seed(service, slot, now_ms);
	}
	return plan;
}

struct conf *dns_plan_expand(const struct dns_plan *plan)
{
	const struct answers *answers[CONF_MAX_SERVICES] = { NULL };
	for (size_t i = 0; i < plan->count; i++)
		answers[plan->services[i].conf - plan->conf->services] = &plan->services[i].answers;
	return expand(plan->conf, answers);
}

void dns_plan_free(struct dns_plan *plan)
{
	if (!plan)
		return;
	free(plan->services);
	free(plan);
}
