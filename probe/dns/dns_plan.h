/* SPDX-License-Identifier: MIT */
/*
 * dns_plan.h - what there is to ask DNS for a configuration, and what it has answered so far.
 */
#ifndef MPFAILOVER_DNS_PLAN_H
#define MPFAILOVER_DNS_PLAN_H

#include "conf/conf.h"
#include "preload/table.h"
#include "probe/dns/answers.h"

enum { DNS_HOSTS = ANSWERS_SOURCES / 2 }; /* of a service; those beyond are not asked for */

struct dns;
struct dns_service;
struct resolver_query;

/* A host, for one family. */
struct dns_source {
	struct dns *dns;
	struct dns_service *service;
	struct dns_host *host;
	int family;                   /* 0: no candidate could be reached by it */
	unsigned number;              /* within the service */
	struct resolver_query *query; /* under way, else NULL */
	uint64_t due_ms;
	uint32_t failures; /* in a row */
};

struct dns_host {
	const char *name;
	struct dns_source source[2];
	bool told; /* that it cannot be resolved */
	uint64_t told_ms;
};

struct dns_service {
	const struct conf_service *conf;
	struct dns_host hosts[DNS_HOSTS];
	unsigned host_count;
	struct answers answers;
	uint64_t told_ms; /* when it was told that only the order of the same addresses has changed */
};

struct dns_plan {
	const struct conf *conf;
	struct dns_service *services; /* those with "@dns" */
	size_t count;
};

/* For CONF.  What OLD (NULL: none) knows of services that stay as they are is kept, the others begin with what SLOT (NULL: none) holds of
 * answers.  NULL: no memory. */
struct dns_plan *dns_plan_new(const struct conf *conf, const struct dns_plan *old, const struct mpf_slot *slot,
                              uint64_t now_ms);

/* Its configuration with the answers in place; see expand.h. */
struct conf *dns_plan_expand(const struct dns_plan *plan);

void dns_plan_free(struct dns_plan *plan); /* NULL is fine; no query is under way */

#endif
