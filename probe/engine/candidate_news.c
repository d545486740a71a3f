/* SPDX-License-Identifier: MIT */
#include "probe/engine/candidate_news.h"

#include <stdio.h>
#include <string.h>

#include "preload/choose.h"
#include "preload/endpoint.h"
#include "probe/engine/clock.h"
#include "probe/engine/roster.h"
#include "probe/judge/reason.h"
#include "probe/news/news.h"
#include "probe/table/table_writer.h"

enum { SUBJECT_SIZE = 2 * CONF_NAME_SIZE + 16, DAY_S = 86400 };

json_t *candidate_news_event(const char *event, const struct candidate *candidate)
{
	char address[ENDPOINT_TEXT];
	const struct conf_address *to = &candidate->conf->address;
	json_t *object = news_event(event);
	news_put_text(object, "service", candidate->service->name);
	news_put_text(object, "candidate", candidate->conf->name);
	endpoint_print(to->ip.s6_addr, to->scope, 0, address);
	news_put_text(object, "address", address);
	news_put_number(object, "port", candidate_check_port(candidate));
	if (candidate->conf->uplink)
		news_put_text(object, "uplink", candidate->conf->uplink->name);
	return object;
}

static void put_reason(json_t *event, const struct candidate *candidate)
{
	char reason[REASON_TEXT];
	news_put_text(event, "reason", reason_print(candidate->reason, candidate->detail, reason));
}

/* ---------------------------------------------------------------------------------------------------- the log's part */

static void tell_verdict(const struct candidate *candidate, enum mpf_verdict from)
{
	json_t *event = candidate_news_event("verdict", candidate);
	news_put_text(event, "from", verdict_name(from));
	news_put_text(event, "to", verdict_name(candidate->verdict.verdict));
	put_reason(event, candidate);
	news_put_number(event, "after", candidate->verdict.streak);
	if (candidate->row->handshake_us)
		news_put_number(event, "handshake_us", candidate->row->handshake_us);
	if (candidate->verdict.flags & MPF_HELD)
		news_put_flag(event, "held", true);
	news_tell(candidate->world->news, LEVEL_INFO, event);
}

static void tell_flapping(struct candidate *candidate, uint32_t untold)
{
	json_t *event = candidate_news_event("flapping", candidate);
	news_put_text(event, "verdict", verdict_name(candidate->verdict.verdict));
	news_put_number(event, "changes_untold", untold);
	news_put_number(event, "changes_last_hour", flap_changes(&candidate->flap, clock_ms()));
	news_tell(candidate->world->news, LEVEL_WARN, event);
}

/* -------------------------------------------------------------------------------------------------- the hooks' part */

/* Where connections go in place of those that are gone. */
static void put_instead(json_t *event, const struct candidate *best, unsigned usable)
{
	char address[ENDPOINT_TEXT];
	news_put_number(event, "usable", usable);
	if (!usable)
		return;
	endpoint_print(best->row->address, best->row->scope, 0, address);
	news_put_text(event, "instead", best->conf->name);
	news_put_text(event, "instead_address", address);
}

struct service_state {
	struct announce_tally tally;
	unsigned count;
	const struct candidate *best;
	bool all_down;
};

static bool is_beside(const struct candidate *candidate, const struct candidate *other)
{
	return other->service == candidate->service;
}

/* CANDIDATE's service, as it is now. */
static struct service_state survey(const struct candidate *candidate)
{
	const struct roster *roster = candidate->world->roster;
	struct service_state state = { .best = candidate };
	for (size_t i = 0; i < roster->count; i++) {
		const struct candidate *other = roster->list[i];
		if (!is_beside(candidate, other))
			continue;
		enum choose_rank rank = choose_rank_of(other->row->word, false);
		bool usable = rank < RANK_DOWN;
		if (!state.count++ || rank < choose_rank_of(state.best->row->word, false))
			state.best = other;
		state.tally.usable += usable;
		state.tally.settled += usable && !other->announce.down;
		state.tally.down += rank == RANK_DOWN;
		state.all_down |= other->all_down;
	}
	return state;
}

static void judge_service(struct candidate *candidate, bool adopted)
{
	const struct roster *roster = candidate->world->roster;
	struct service_state state = survey(candidate);
	bool now = announce_all_down(&state.all_down, &state.tally) && !adopted;
	for (size_t i = 0; i < roster->count; i++)
		if (is_beside(candidate, roster->list[i]))
			roster->list[i]->all_down = state.all_down;
	if (!now)
		return;
	json_t *event = news_event("all-down");
	news_put_text(event, "service", candidate->service->name);
	news_put_number(event, "candidates", state.count);
	news_tell(candidate->world->news, LEVEL_ERROR, json_incref(event));
	news_run_hooks(candidate->world->news, CONF_ON_ALL_DOWN, candidate->service->name, event);
}

static void announce(struct candidate *candidate, enum conf_event kind, const char *name)
{
	char subject[SUBJECT_SIZE];
	struct service_state state = survey(candidate);
	json_t *event = candidate_news_event(name, candidate);
	put_reason(event, candidate);
	news_put_flag(event, "held", candidate->verdict.flags & MPF_HELD);
	put_instead(event, state.best, state.tally.usable);
	snprintf(subject, sizeof subject, "%s/%s", candidate->service->name, candidate->conf->name);
	news_run_hooks(candidate->world->news, kind, subject, event);
}

/* In an operator's maintenance nothing is news: it is when that ends. */
static void judge(struct candidate *candidate)
{
	uint32_t quiet_ms = flap_quiet_ms(&candidate->flap, candidate->service->timing->hold_up_ms);
	enum announce_word word = ANNOUNCE_NOTHING;
	if (candidate->oper != MPF_MAINT)
		word = announce_candidate(&candidate->announce, &candidate->verdict, clock_ms(), quiet_ms);
	if (word == ANNOUNCE_DOWN)
		announce(candidate, CONF_ON_DOWN, "down");
	if (word == ANNOUNCE_UP)
		announce(candidate, CONF_ON_UP, "up");
}

/* ------------------------------------------------------------------------------------------------------ certificates */

static void judge_certificate(struct candidate *candidate)
{
	char subject[SUBJECT_SIZE];
	const uint32_t until_s = candidate->info->cert_until_s, now_s = clock_wall_s();
	const uint32_t warn_s = candidate->service->check->cert_warn_s;
	table_store(&candidate->info->cert_warns, cert_watch_ends(until_s, now_s, warn_s));
	if (!cert_watch_due(&candidate->cert, until_s, now_s, warn_s))
		return;
	json_t *event = candidate_news_event("cert-warn", candidate);
	news_put_number(event, "until_s", until_s);
	news_put_number(event, "days_left", until_s > now_s ? (until_s - now_s) / DAY_S : 0);
	snprintf(subject, sizeof subject, "%s/%s certificate", candidate->service->name, candidate->conf->name);
	news_tell(candidate->world->news, LEVEL_WARN, json_incref(event));
	news_run_hooks(candidate->world->news, CONF_ON_CERT_WARN, subject, event);
}

/* --------------------------------------------------------------------------------------------------------- the whole */

/* When a hold that time ends will be over. */
static uint32_t held_until_s(const struct candidate *candidate, uint64_t now_ms)
{
	if (!(candidate->verdict.flags & MPF_HELD) || candidate->service->failback == CONF_FAILBACK_HOLD)
		return 0;
	uint64_t end_ms = candidate->verdict.up_since_ms +
	                  flap_hold_up_ms(&candidate->flap, candidate->service->timing->hold_up_ms);
	return clock_wall_s() + (end_ms > now_ms ? (uint32_t)((end_ms - now_ms + 999) / 1000) : 0);
}

static void store(struct candidate *candidate)
{
	uint64_t now_ms = clock_ms();
	table_store(&candidate->info->changes, flap_changes(&candidate->flap, now_ms));
	table_store(&candidate->info->held_until_s, held_until_s(candidate, now_ms));
}

void candidate_news_adopted(struct candidate *candidate)
{
	candidate->announce = announce_adopted(&candidate->verdict, candidate->oper == MPF_MAINT);
	candidate->flap.down = candidate->verdict.verdict == MPF_DOWN;
}

void candidate_news_changed(struct candidate *candidate, const struct verdict *before)
{
	const struct verdict *after = &candidate->verdict;
	const uint32_t hold_up_ms = candidate->service->timing->hold_up_ms;
	if (after->verdict != before->verdict && flap_changed(&candidate->flap, after->verdict, clock_ms(), hold_up_ms))
		tell_verdict(candidate, before->verdict);
	if (before->flags & ~after->flags & MPF_HELD && after->verdict == MPF_UP)
		news_tell(candidate->world->news, LEVEL_INFO, candidate_news_event("failback", candidate));
	store(candidate);
	judge(candidate);
	judge_service(candidate, false);
}

void candidate_news_passed(struct candidate *candidate)
{
	uint32_t untold = flap_passed(&candidate->flap, clock_ms());
	if (untold)
		tell_flapping(candidate, untold);
	store(candidate);
	judge(candidate);
	judge_certificate(candidate);
}

void candidate_news_settle(const struct roster *roster, bool adopted)
{
	for (size_t i = 0; i < roster->count; i++)
		if (!i || !is_beside(roster->list[i - 1], roster->list[i]))
			judge_service(roster->list[i], adopted);
}
