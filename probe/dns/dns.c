/* SPDX-License-Identifier: MIT */
#include "probe/dns/dns.h"

#include <stdlib.h>
#include <string.h>

#include "preload/endpoint.h"
#include "probe/dns/resolver.h"
#include "probe/engine/clock.h"
#include "probe/news/news.h"

enum {
	LEAST_MS = 1000,    /* from one answer to the next question, */
	MOST_MS = 86400000, /* whatever the TTL */
	AGAIN_MS = 1000,    /* after a failure; then twice as long, */
	AGAIN_MOST_MS = 60000,
	TELL_AGAIN_MS = 600000, /* how often a host that comes and goes is told of */
};

struct dns {
	struct resolver *resolver;
	struct news *news;
	const struct roster *roster;
	struct dns_plan *plan;
	uv_timer_t timer; /* the next question */
	bool changed;
};

/* ------------------------------------------------------------------------------------------------- what is told */

enum { ADDRESSES_TEXT = ANSWERS_MOST * ENDPOINT_TEXT };

static void add_address(char out[ADDRESSES_TEXT], const uint8_t address[16])
{
	size_t used = strlen(out);
	if (used)
		out[used++] = ' ';
	endpoint_print(address, 0, 0, out + used);
}

static void tell_answers(const struct dns *dns, const struct dns_service *service, enum log_level level)
{
	const struct answers *answers = &service->answers;
	char current[ADDRESSES_TEXT] = "", stale[ADDRESSES_TEXT] = "";
	json_t *event = news_event("dns");
	for (unsigned i = 0; i < answers->count; i++)
		add_address(answers->list[i].sources ? current : stale, answers->list[i].address);
	news_put_text(event, "service", service->conf->name);
	news_put_text(event, "answers", current);
	if (stale[0])
		news_put_text(event, "kept", stale);
	news_tell(dns->news, level, event);
}

static void tell_host(const struct dns *dns, const struct dns_source *source, enum log_level level, const char *key,
                      const char *text)
{
	json_t *event = news_event("dns");
	news_put_text(event, "service", source->service->conf->name);
	news_put_text(event, "host", source->host->name);
	news_put_text(event, key, text);
	news_tell(dns->news, level, event);
}

/* Neither family has an answer? */
static bool has_failed(const struct dns_host *host)
{
	for (unsigned i = 0; i < 2; i++)
		if (host->source[i].family && !host->source[i].failures)
			return false;
	return true;
}

static void tell_failure(const struct dns *dns, const struct dns_source *source, const char *error)
{
	struct dns_host *host = source->host;
	const uint64_t now_ms = clock_ms();
	if (host->told || !has_failed(host) || (host->told_ms && now_ms - host->told_ms < TELL_AGAIN_MS))
		return;
	host->told = true;
	host->told_ms = now_ms;
	tell_host(dns, source, LEVEL_WARN, "error", error);
}

static void tell_success(const struct dns *dns, const struct dns_source *source)
{
	if (!source->host->told)
		return;
	source->host->told = false;
	tell_host(dns, source, LEVEL_INFO, "msg", "answered again");
}

static bool is_used(const struct conf_service *service, const uint8_t address[16])
{
	for (size_t i = 0; i < service->candidate_count; i++)
		if (!memcmp(service->candidates[i].address.ip.s6_addr, address, 16))
			return true;
	return false;
}

void dns_tell_unused(const struct dns *dns, const struct conf *conf)
{
	for (size_t i = 0; i < dns->plan->count; i++) {
		const struct dns_service *service = &dns->plan->services[i];
		const struct conf_service *to = &conf->services[service->conf - dns->plan->conf->services];
		char unused[ADDRESSES_TEXT] = "";
		for (unsigned j = 0; j < service->answers.count; j++)
			if (service->answers.list[j].sources && !is_used(to, service->answers.list[j].address))
				add_address(unused, service->answers.list[j].address);
		if (unused[0])
			news_say(
				dns->news, LEVEL_WARN, "dns",
				"service \"%s\": no place for %s; another service has it at the same port, or there are %d "
				"candidates already",
				to->name, unused, CONF_MAX_SERVICE_CANDIDATES);
	}
}

/* ------------------------------------------------------------------------------------------------------ the questions */

/* Which of the addresses are down by each of their ways, or have none? */
static uint32_t find_down(const struct dns *dns, const struct dns_service *service)
{
	const struct answers *answers = &service->answers;
	uint32_t alive = 0;
	for (size_t i = 0; i < dns->roster->count; i++) {
		const struct candidate *candidate = dns->roster->list[i];
		if (!candidate->conf->is_dns || candidate->verdict.verdict == MPF_DOWN ||
		    strcmp(candidate->service->name, service->conf->name) != 0)
			continue;
		for (unsigned j = 0; j < answers->count; j++)
			if (!memcmp(candidate->row->address, answers->list[j].address, 16))
				alive |= 1u << j;
	}
	return ~alive;
}

static void arm(struct dns *dns);

static uint64_t within(uint64_t value, uint64_t least, uint64_t most)
{
	return value < least ? least : value > most ? most : value;
}

/* What only turns, from one of the same addresses to another, may do so with each answer. */
static void follow_change(struct dns *dns, struct dns_service *service, enum answers_change change)
{
	const uint64_t now_ms = clock_ms();
	const bool again = service->told_ms && now_ms - service->told_ms < TELL_AGAIN_MS;
	dns->changed = true;
	tell_answers(dns, service, change == ANSWERS_TURNED && again ? LEVEL_DEBUG : LEVEL_INFO);
	if (change == ANSWERS_TURNED && !again)
		service->told_ms = now_ms;
}

static void on_answer(void *owner, const struct resolver_answer *answer)
{
	struct dns_source *source = owner;
	struct dns_service *service = source->service;
	struct dns *dns = source->dns;
	const uint64_t now_ms = clock_ms();
	enum answers_change change = ANSWERS_SAME;
	source->query = NULL;
	if (answer->error) {
		const uint32_t doublings = source->failures < 10 ? source->failures : 10;
		source->failures++;
		source->due_ms = now_ms + within((uint64_t)AGAIN_MS << doublings, AGAIN_MS, AGAIN_MOST_MS);
		tell_failure(dns, source, answer->error);
	} else {
		source->failures = 0;
		source->due_ms = now_ms + within((uint64_t)answer->ttl_s * 1000, LEAST_MS, MOST_MS);
		tell_success(dns, source);
		change = answers_told(&service->answers, source->number, answer->address, answer->count, answer->ttl_s,
		                      find_down(dns, service), now_ms);
	}
	if (change != ANSWERS_SAME)
		follow_change(dns, service, change);
	arm(dns);
}

typedef void each_source(struct dns *dns, struct dns_source *source, uint64_t *argument);

static void for_each_source(struct dns *dns, each_source *act, uint64_t *argument)
{
	for (size_t i = 0; dns->plan && i < dns->plan->count; i++)
		for (unsigned j = 0; j < dns->plan->services[i].host_count; j++)
			for (unsigned k = 0; k < 2; k++) {
				struct dns_source *source = &dns->plan->services[i].hosts[j].source[k];
				if (source->family)
					act(dns, source, argument);
			}
}

static void ask_if_due(struct dns *dns, struct dns_source *source, uint64_t *now_ms)
{
	if (source->query || source->due_ms > *now_ms)
		return;
	source->query = resolver_ask(dns->resolver, source->host->name, source->family, on_answer, source);
	if (!source->query)
		source->due_ms = *now_ms + AGAIN_MOST_MS;
}

static void on_timer(uv_timer_t *timer)
{
	struct dns *dns = timer->data;
	uint64_t now_ms = clock_ms();
	for_each_source(dns, ask_if_due, &now_ms);
	arm(dns);
}

static void find_next(struct dns *dns, struct dns_source *source, uint64_t *next_ms)
{
	(void)dns;
	if (!source->query && source->due_ms < *next_ms)
		*next_ms = source->due_ms;
}

static void arm(struct dns *dns)
{
	uint64_t next_ms = UINT64_MAX, now_ms = clock_ms();
	for_each_source(dns, find_next, &next_ms);
	if (next_ms == UINT64_MAX)
		uv_timer_stop(&dns->timer);
	else
		clock_start_timer(&dns->timer, on_timer, next_ms > now_ms ? next_ms - now_ms : 0);
}

static void make_due(struct dns *dns, struct dns_source *source, uint64_t *now_ms)
{
	(void)dns;
	if (source->failures)
		source->due_ms = *now_ms;
}

void dns_retry(struct dns *dns)
{
	uint64_t now_ms = clock_ms();
	for_each_source(dns, make_due, &now_ms);
	arm(dns);
}

bool dns_has_changed(struct dns *dns)
{
	bool changed = dns->changed;
	dns->changed = false;
	return changed;
}

void dns_tick(struct dns *dns)
{
	for (size_t i = 0; dns->plan && i < dns->plan->count; i++) {
		struct dns_service *service = &dns->plan->services[i];
		if (answers_expire(&service->answers, find_down(dns, service), clock_ms()))
			follow_change(dns, service, ANSWERS_OTHERS);
	}
}

/* --------------------------------------------------------------------------------------------------------- its life */

int dns_open(struct dns **out, uv_loop_t *loop, struct news *news, const struct roster *roster)
{
	struct dns *dns = calloc(1, sizeof *dns);
	int result = -ENOMEM;
	if (!dns || (result = resolver_open(&dns->resolver, loop)) < 0) {
		free(dns);
		return result;
	}
	dns->news = news;
	dns->roster = roster;
	uv_timer_init(loop, &dns->timer);
	dns->timer.data = dns;
	*out = dns;
	return 0;
}

const struct dns_plan *dns_plan(const struct dns *dns)
{
	return dns->plan;
}

static void forget(struct dns *dns, struct dns_source *source, uint64_t *unused)
{
	(void)dns, (void)unused;
	if (source->query)
		resolver_forget(source->query);
}

static void take(struct dns *dns, struct dns_source *source, uint64_t *unused)
{
	(void)unused;
	source->dns = dns;
}

void dns_follow(struct dns *dns, struct dns_plan *plan)
{
	for_each_source(dns, forget, NULL);
	dns_plan_free(dns->plan);
	dns->plan = plan;
	dns->changed = false;
	for_each_source(dns, take, NULL);
	arm(dns);
}

static void on_closed(uv_handle_t *timer)
{
	free(timer->data);
}

void dns_close(struct dns *dns)
{
	if (!dns)
		return;
	for_each_source(dns, forget, NULL);
	dns_plan_free(dns->plan);
	dns->plan = NULL;
	resolver_close(dns->resolver);
	uv_close((uv_handle_t *)&dns->timer, on_closed);
}
