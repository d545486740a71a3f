/* SPDX-License-Identifier: MIT */
#include "conf/validate.h"

#include "conf/address.h"
#include "conf/grammar.h"
#include "conf/tree.h"

#include <stdio.h>
#include <string.h>

bool validate_uplink(struct draft *draft, const struct conf_uplink *uplink)
{
	struct place place = { uplink->file, uplink->line };
	if (!uplink->has_source && !*uplink->interface)
		return fault_at(draft->fault, place,
		                "uplink \"%s\" has neither source nor interface; add at least one of them",
		                uplink->name);
	return true;
}

/* Refuses options that mean nothing to a check of its type, unless they say what holds anyway. */
static bool check_applies(struct draft *draft, struct cfg_t *section, const struct conf_check *check)
{
	for (const struct grammar_option *option = grammar_check.options; option->name; option++) {
		if (!option->types || option->types & 1u << check->type || !tree_value_count(section, option->name) ||
		    !strcmp(tree_value(section, option->name, 0)->text, option->fallback))
			continue;
		char types[40] = "";
		for (unsigned type = 0; type <= CONF_EXEC; type++)
			if (option->types & 1u << type) {
				size_t used = strlen(types);
				snprintf(types + used, sizeof types - used, "%s%s", used ? " or " : "",
				         conf_check_type_name(type));
			}
		return fault_at(draft->fault, draft_option_place(draft, section, option->name),
		                "%s means nothing to a check of type %s; remove it, or set type = %s", option->name,
		                conf_check_type_name(check->type), types);
	}
	return true;
}

bool validate_check(struct draft *draft, struct cfg_t *section, const struct conf_check *check)
{
	if (!check_applies(draft, section, check))
		return false;
	if (check->type == CONF_EXEC && !*check->command)
		return fault_at(draft->fault, (struct place){ check->file, check->line },
		                "check \"%s\" is of type exec and has no command; add it", check->name);
	if (!check->verify && !draft_warn(draft, draft_option_place(draft, section, "verify"),
	                                  "check \"%s\" accepts an impostor, since verify is off", check->name))
		return false;
	if (*check->body && !strcmp(check->method, "GET"))
		return draft_warn(draft, draft_option_place(draft, section, "body"),
		                  "check \"%s\" sends a body with GET; most servers want method = \"POST\"",
		                  check->name);
	return true;
}

bool validate_timing(struct draft *draft, struct cfg_t *section, const struct conf_timing *timing)
{
	if (timing->fast_ms > timing->interval_ms &&
	    !draft_warn(draft, draft_option_place(draft, section, "fast"),
	                "timing \"%s\": fast is longer than interval, so checks slow down when they should not",
	                timing->name))
		return false;
	if (timing->timeout_ms > timing->interval_ms)
		return draft_warn(
			draft, draft_option_place(draft, section, "timeout"),
			"timing \"%s\": timeout is longer than interval, so a silent server is checked less often",
			timing->name);
	return true;
}

bool validate_hook(struct draft *draft, struct cfg_t *section, const struct conf_hook *hook)
{
	if (!*hook->command)
		return fault_at(draft->fault, draft_option_place(draft, section, "command"),
		                "the command of hook \"%s\" is empty; name one", hook->name);
	return true;
}

static const char *first_host(const struct conf_service *service)
{
	for (size_t i = 0; i < service->host_count; i++)
		if (service->hosts[i][0] != '*')
			return service->hosts[i];
	return "";
}

bool validate_service(struct draft *draft, struct cfg_t *section, struct conf_service *service)
{
	const struct conf_check *check = service->check;
	struct place place = { service->file, service->line };
	service->check_port = check->port;
	if (!check->port && service->port_count)
		service->check_port = service->ports[0];
	if (!service->check_port)
		return fault_at(
			draft->fault, place,
			"service \"%s\" has no ports, so its check does not know which to try; add ports, or a check with a port",
			service->name);
	service->check_host = *check->host ? check->host : first_host(service);
	bool certified = (check->type == CONF_TLS || check->type == CONF_HTTPS) && check->verify;
	if (certified && !*service->check_host)
		return fault_at(
			draft->fault, draft_option_place(draft, section, "check"),
			"check \"%s\" does not know what name to verify in service \"%s\"; add a host without \"*\" to hosts, or host "
			"to the check",
			check->name, service->name);
	if (service->attempt_floor_ms > service->attempt_ceiling_ms)
		return fault_at(draft->fault,
		                draft_option_place(draft, section,
		                                   tree_value_count(section, "attempt-floor") ? "attempt-floor"
		                                                                              : "attempt-ceiling"),
		                "attempt-floor (%u ms) is above attempt-ceiling (%u ms); swap them, or set both",
		                service->attempt_floor_ms, service->attempt_ceiling_ms);
	return true;
}

static bool same_candidate(const struct conf_candidate *a, const struct conf_candidate *b)
{
	return a->is_dns == b->is_dns && a->port == b->port && a->uplink == b->uplink &&
	       (a->is_dns || address_same(&a->address, &b->address));
}

static bool check_uplink(struct draft *draft, struct cfg_t *section, const struct conf_candidate *candidate)
{
	const struct conf_uplink *uplink = candidate->uplink;
	if (!uplink || !uplink->has_source || candidate->is_dns ||
	    address_is_ipv4(&uplink->source) == address_is_ipv4(&candidate->address))
		return true;
	bool listed = tree_value_count(section, "uplinks");
	return fault_at(
		draft->fault, draft_option_place(draft, section, listed ? "uplinks" : "uplink"),
		"the source of uplink \"%s\" and the address of candidate \"%s\" are not both IPv4 or both IPv6; "
		"use an uplink of the same kind",
		uplink->name, candidate->name);
}

static bool check_dns(struct draft *draft, const struct conf_service *service, const struct conf_candidate *candidate)
{
	const struct conf_check *check = service->check;
	struct place place = { candidate->file, candidate->line };
	if (!*first_host(service))
		return fault_at(
			draft->fault, place,
			"\"@dns\" has nothing to ask for in service \"%s\"; add a host without \"*\" to its hosts",
			service->name);
	if (check->verify && (check->type == CONF_TLS || check->type == CONF_HTTPS))
		return true;
	return draft_warn(
		draft, place,
		"\"@dns\" in service \"%s\", whose check verifies no certificate: whoever answers DNS chooses the server",
		service->name);
}

bool validate_candidate(struct draft *draft, struct cfg_t *section, const struct conf_service *service,
                        const struct conf_candidate *candidate)
{
	struct place place = { candidate->file, candidate->line };
	if (candidate->port && service->port_count != 1)
		return fault_at(
			draft->fault, draft_option_place(draft, section, "port"),
			"a candidate has a port of its own only where its service has exactly one port, not %zu; remove it, or "
			"split the service",
			service->port_count);
	for (const struct conf_candidate *other = service->candidates; other < candidate; other++) {
		if (!strcmp(other->name, candidate->name))
			return fault_at(draft->fault, place,
			                "candidate \"%s\" is there twice, the other is %s:%u; rename one of them",
			                candidate->name, other->file, other->line);
		if (same_candidate(other, candidate))
			return fault_at(
				draft->fault, place,
				"candidate \"%s\" has the address, port and uplink of candidate \"%s\" (%s:%u); remove one of them",
				candidate->name, other->name, other->file, other->line);
	}
	if (!check_uplink(draft, section, candidate))
		return false;
	return !candidate->is_dns || check_dns(draft, service, candidate);
}

/* Whether a connection could be meant for either; *PORT: to this port, 0: any. */
static bool ports_meet(const struct conf_service *a, const struct conf_service *b, unsigned *port)
{
	*port = 0;
	if (!a->port_count && !b->port_count)
		return true;
	for (size_t i = 0; i < a->port_count; i++)
		for (size_t j = 0; j < b->port_count; j++)
			if (a->ports[i] == b->ports[j]) {
				*port = a->ports[i];
				return true;
			}
	return false;
}

/* A candidate's address that both own for the same port. */
static bool check_addresses(struct draft *draft, const struct conf_service *a, const struct conf_service *b)
{
	unsigned port;
	if (!ports_meet(a, b, &port))
		return true;
	for (size_t i = 0; i < a->candidate_count; i++)
		for (size_t j = 0; j < b->candidate_count; j++) {
			const struct conf_candidate *one = &a->candidates[i], *two = &b->candidates[j];
			/* One with a port of its own is never what a client asks for. */
			if (one->is_dns || two->is_dns || one->port || two->port ||
			    !address_same(&one->address, &two->address))
				continue;
			char what[24] = "without ports";
			if (port)
				snprintf(what, sizeof what, "for port %u", port);
			return fault_at(
				draft->fault, (struct place){ two->file, two->line },
				"the address of candidate \"%s\" is already in service \"%s\" %s (%s:%u); give the services "
				"different ports, or remove one",
				two->name, a->name, what, one->file, one->line);
		}
	return true;
}

/* The same host in one service twice, or in two that the port does not tell apart. */
static bool check_hosts(struct draft *draft)
{
	for (size_t i = 0; i < draft->host_count; i++)
		for (size_t j = 0; j < i; j++) {
			const struct draft_host *one = &draft->hosts[j], *two = &draft->hosts[i];
			unsigned port;
			if (strcmp(one->pattern, two->pattern))
				continue;
			if (one->service == two->service)
				return fault_at(draft->fault, two->place,
				                "host \"%s\" is listed twice, first in %s:%u; remove one", two->pattern,
				                one->place.file, one->place.line);
			bool any = !one->service->port_count || !two->service->port_count;
			if (any || ports_meet(one->service, two->service, &port))
				return fault_at(
					draft->fault, two->place,
					"host \"%s\" is also in service \"%s\" (%s:%u); name different ports in both, or remove one",
					two->pattern, one->service->name, one->place.file, one->place.line);
		}
	return true;
}

static bool asks_dns(const struct conf_service *service)
{
	for (size_t i = 0; i < service->candidate_count; i++)
		if (service->candidates[i].is_dns)
			return true;
	return false;
}

static bool check_preference(struct draft *draft, const struct conf_service *service)
{
	if (service->prefer != CONF_PREFER_DNS || asks_dns(service))
		return true;
	return draft_warn(draft, (struct place){ service->file, service->line },
	                  "service \"%s\" prefers what DNS answers, but DNS is not asked; add a candidate with address = "
	                  "\"@dns\"",
	                  service->name);
}

bool validate_conf(struct draft *draft)
{
	const struct conf *conf = draft->conf;
	if (!conf->service_count)
		return fault_at(
			draft->fault, (struct place){ conf->file, 1 },
			"there is no service; add one: service \"name\" { ports = { 443 } candidate \"a\" { address = \"...\" } }");
	for (size_t i = 0; i < conf->service_count; i++) {
		for (size_t j = 0; j < i; j++)
			if (!check_addresses(draft, &conf->services[j], &conf->services[i]))
				return false;
		if (!check_preference(draft, &conf->services[i]))
			return false;
	}
	return check_hosts(draft);
}
