/* SPDX-License-Identifier: MIT */
#include "probe/engine/candidate.h"

#include <stdlib.h>
#include <string.h>

#include "preload/endpoint.h"
#include "probe/engine/await.h"
#include "probe/engine/canary.h"
#include "probe/engine/candidate_news.h"
#include "probe/engine/clock.h"
#include "probe/engine/watch.h"
#include "probe/judge/liveness.h"
#include "probe/judge/reason.h"
#include "probe/judge/schedule.h"
#include "probe/news/log.h"
#include "probe/table/table_writer.h"

/* A process that is always late must still find out, in the end. */
enum { VOID_IN_A_ROW = 3 };

static struct verdict_rules rules_of(const struct candidate *candidate)
{
	const struct conf_timing *timing = candidate->service->timing;
	bool hold = candidate->service->failback == CONF_FAILBACK_HOLD;
	uint32_t hold_up_ms = hold ? VERDICT_FOREVER : flap_hold_up_ms(&candidate->flap, timing->hold_up_ms);
	return (struct verdict_rules){ timing->fall, timing->rise, hold_up_ms };
}

uint16_t candidate_check_port(const struct candidate *candidate)
{
	return candidate->conf->port ? candidate->conf->port : candidate->service->check_port;
}

/* ------------------------------------------------------------------------------------------------- what is told */

static void begin_line(struct log_line *line, enum log_level level, const char *event,
                       const struct candidate *candidate)
{
	char address[ENDPOINT_TEXT];
	const struct conf_address *to = &candidate->conf->address;
	log_begin(line, level, event);
	log_text(line, "service", candidate->service->name);
	log_text(line, "candidate", candidate->conf->name);
	endpoint_print(to->ip.s6_addr, to->scope, 0, address);
	log_text(line, "address", address);
	log_number(line, "port", candidate_check_port(candidate));
}

/* A failure on this side: once, until something else happens. */
static void tell_void(const struct candidate *candidate, const struct outcome *outcome)
{
	struct log_line line;
	char reason[REASON_TEXT];
	if (candidate->info->last_reason == (outcome->reason | outcome->detail << 8))
		return;
	begin_line(&line, LEVEL_WARN, "check-void", candidate);
	log_text(&line, "reason", reason_print(outcome->reason, outcome->detail, reason));
	log_write(&line);
}

void candidate_tell(const struct candidate *candidate, const char *event, const struct outcome *outcome,
                    uint64_t took_us)
{
	struct log_line line;
	char reason[REASON_TEXT];
	if (!log_wants(LEVEL_DEBUG))
		return;
	begin_line(&line, LEVEL_DEBUG, event, candidate);
	log_text(&line, "outcome", outcome_kind_name(outcome->kind));
	log_text(&line, "reason", reason_print(outcome->reason, outcome->detail, reason));
	log_number(&line, "took_us", took_us);
	if (outcome->handshake_us)
		log_number(&line, "handshake_us", outcome->handshake_us);
	log_write(&line);
}

/* --------------------------------------------------------------------------------------------- what is in the table */

static void store_verdict(struct candidate *candidate)
{
	const struct verdict *verdict = &candidate->verdict;
	table_store(&candidate->row->word,
	            MPF_WORD(verdict->verdict, candidate->oper, verdict->flags, candidate->reason, candidate->detail));
}

static void store_check(struct candidate *candidate, const struct outcome *outcome, uint64_t took_us)
{
	struct mpf_info *info = candidate->info;
	table_store(&info->checked_s, clock_wall_s());
	table_store(&info->check_us, took_us < UINT32_MAX ? (uint32_t)took_us : UINT32_MAX);
	table_store(&info->last_reason, outcome->reason | outcome->detail << 8);
	table_store(&info->streak, candidate->verdict.streak);
	if (outcome->cert_until_s)
		table_store(&info->cert_until_s, outcome->cert_until_s);
	table_store(&candidate->row->handshake_us, estimate_upper_us(candidate->handshake));
}

void candidate_change(struct candidate *candidate, struct verdict after)
{
	struct verdict before = candidate->verdict;
	candidate->verdict = after;
	if (after.verdict != before.verdict)
		table_store(&candidate->info->since_s, clock_wall_s());
	store_verdict(candidate);
	if (after.verdict != before.verdict || after.flags != before.flags) {
		candidate->world->changed = true;
		candidate_news_changed(candidate, &before);
	}
	watch_follow(candidate);
}

/* ------------------------------------------------------------------------------------------------------- the checks */

static void on_due(uv_timer_t *timer);

static void plan(struct candidate *candidate, uint64_t due_ms)
{
	uint64_t now_ms = clock_ms();
	candidate->due_ms = due_ms > now_ms ? due_ms : now_ms;
	clock_start_timer(&candidate->timer, on_due, candidate->due_ms - now_ms);
}

static void plan_next(struct candidate *candidate, enum outcome_kind outcome)
{
	struct schedule_last last = { outcome, candidate->definite, candidate->started_us / 1000, candidate->ended_ms };
	uint64_t next_ms =
		schedule_next_ms(candidate->service->timing, &candidate->verdict, &last, (uint32_t)random() * 2);
	uint64_t soonest_ms = candidate->ended_ms + SCHEDULE_GAP_MS;
	plan(candidate, candidate->again ? soonest_ms : next_ms);
	candidate->again = false;
}

static void learn(struct candidate *candidate, const struct outcome *outcome, uint64_t took_us)
{
	candidate->definite = outcome->kind == OUTCOME_FAILURE ? candidate->definite + 1 : 0;
	if (outcome->handshake_us)
		candidate->handshake = estimate_after(candidate->handshake, outcome->handshake_us);
	if (outcome->kind == OUTCOME_SUCCESS && took_us < UINT32_MAX)
		candidate->pace = estimate_after(candidate->pace, (uint32_t)took_us);
}

void candidate_judge(struct candidate *candidate, const struct outcome *outcome)
{
	struct verdict_rules rules = rules_of(candidate);
	struct verdict after = verdict_after(candidate->verdict, outcome->kind, candidate->ended_ms, &rules);
	if (outcome_is_bad(outcome->kind) || after.verdict != candidate->verdict.verdict) {
		candidate->reason = outcome->reason;
		candidate->detail = outcome->detail;
	}
	candidate_change(candidate, after);
}

void candidate_world_note(struct candidate_world *world)
{
	uint64_t woke_ms = uv_now(world->checks.loop);
	if (lateness_note(&world->lateness, woke_ms, clock_ms(), clock_asleep_ms()))
		log_say(LEVEL_WARN, "late",
		        "this process was away for %llu ms; checks that failed meanwhile are repeated",
		        (unsigned long long)world->lateness.away_ms);
}

bool candidate_is_void(struct candidate *candidate, uint64_t started_ms, enum outcome_kind outcome)
{
	struct candidate_world *world = candidate->world;
	if (!outcome_is_bad(outcome))
		return false;
	candidate_world_note(world);
	return lateness_voids(&world->lateness, started_ms) || started_ms < world->loaded_ms;
}

static void on_done(void *owner, const struct outcome *told)
{
	struct candidate *candidate = owner;
	struct outcome outcome = *told;
	uint64_t now_us = clock_us(), took_us = now_us - candidate->started_us;
	candidate->check = NULL;
	candidate->ended_ms = now_us / 1000;
	bool is_void = candidate_is_void(candidate, candidate->started_us / 1000, outcome.kind);
	candidate->voided = is_void ? candidate->voided + 1 : 0;
	if (is_void && candidate->voided <= VOID_IN_A_ROW) {
		outcome.kind = OUTCOME_VOID;
		candidate->again = true;
	} else if (outcome.kind == OUTCOME_VOID) {
		tell_void(candidate, &outcome);
	}
	candidate_tell(candidate, "check", &outcome, took_us);
	learn(candidate, &outcome, took_us);
	if (!canary_appeal(candidate, &outcome)) {
		canary_settle(candidate, outcome.kind);
		candidate_judge(candidate, &outcome);
	}
	store_check(candidate, &outcome, took_us);
	await_checked(candidate, &outcome, took_us);
	plan_next(candidate, outcome.kind);
}

struct check_target candidate_target(const struct candidate *candidate)
{
	const struct conf_service *service = candidate->service;
	const struct conf_candidate *conf = candidate->conf;
	const struct conf_uplink *uplink = conf->uplink;
	struct check_target target = {
		.check = service->check,
		.service = service->name,
		.candidate = conf->name,
		.host = service->check_host,
		.host_port = service->check_port,
		.dial = { .to = { .scope = conf->address.scope, .port = candidate_check_port(candidate) },
		          .has_source = uplink && uplink->has_source,
		          .interface = uplink ? uplink->interface : "" },
	};
	memcpy(target.dial.to.address, &conf->address.ip, sizeof target.dial.to.address);
	if (target.dial.has_source) {
		memcpy(target.dial.source.address, &uplink->source.ip, sizeof target.dial.source.address);
		target.dial.source.scope = uplink->source.scope;
	}
	return target;
}

static void start(struct candidate *candidate)
{
	struct check_target target = candidate_target(candidate);
	uint32_t pace_us = estimate_upper_us(candidate->pace);
	uint32_t deadline_ms = schedule_deadline_ms(candidate->service->timing, &candidate->verdict, pace_us);
	candidate->started_us = clock_us();
	candidate->limit_ms = deadline_ms;
	candidate->check = check_start(&candidate->world->checks, &target, deadline_ms, on_done, candidate);
	if (!candidate->check) { /* no memory: later */
		candidate->ended_ms = candidate->started_us / 1000;
		plan_next(candidate, OUTCOME_VOID);
	}
}

static void on_due(uv_timer_t *timer)
{
	struct candidate *candidate = timer->data;
	struct candidate_world *world = candidate->world;
	uint64_t now_ms = clock_ms();
	uint64_t late_ms = now_ms > candidate->due_ms ? now_ms - candidate->due_ms : 0;
	if (late_ms > world->late_ms)
		world->late_ms = (uint32_t)late_ms;
	world->started++;
	punctuality_note(&world->punctuality, late_ms < UINT32_MAX ? (uint32_t)late_ms : UINT32_MAX);
	start(candidate);
}

void candidate_check_soon(struct candidate *candidate, uint64_t delay_ms)
{
	if (candidate->check) {
		candidate->again = true;
		return;
	}
	uint64_t due_ms = clock_ms() + delay_ms;
	uint64_t soonest_ms = candidate->ended_ms ? candidate->ended_ms + SCHEDULE_GAP_MS : 0;
	if (due_ms < soonest_ms)
		due_ms = soonest_ms;
	if (!uv_is_active((uv_handle_t *)&candidate->timer) || due_ms < candidate->due_ms)
		plan(candidate, due_ms);
}

bool candidate_is_overdue(const struct candidate *candidate, uint64_t now_ms)
{
	return liveness_overdue(
		&(struct liveness_check){ .under_way = candidate->check != NULL,
	                                  .started_ms = candidate->started_us / 1000,
	                                  .limit_ms = candidate->limit_ms,
	                                  .planned = uv_is_active((const uv_handle_t *)&candidate->timer),
	                                  .due_ms = candidate->due_ms },
		now_ms);
}

/* --------------------------------------------------------------------------------------------------------- its life */

struct candidate *candidate_new(struct candidate_world *world)
{
	struct candidate *candidate = calloc(1, sizeof *candidate);
	if (!candidate)
		return NULL;
	candidate->world = world;
	uv_timer_init(world->checks.loop, &candidate->timer);
	candidate->timer.data = candidate;
	return candidate;
}

void candidate_place(struct candidate *candidate, const struct conf_service *service, const struct conf_candidate *conf,
                     struct mpf_candidate *row, struct mpf_info *info)
{
	candidate->service = service;
	candidate->conf = conf;
	candidate->row = row;
	candidate->info = info;
	candidate->appeals = candidate->excused = false;
	watch_follow(candidate);
}

void candidate_adopt(struct candidate *candidate)
{
	uint32_t word = candidate->row->word;
	candidate->verdict = verdict_adopted(mpf_word_verdict(word), mpf_word_flags(word), clock_ms());
	candidate->oper = mpf_word_operator(word);
	candidate->reason = mpf_word_reason(word);
	candidate->detail = mpf_word_detail(word);
	candidate_news_adopted(candidate);
}

void candidate_tick(struct candidate *candidate)
{
	struct verdict_rules rules = rules_of(candidate);
	struct verdict after = verdict_at(candidate->verdict, clock_ms(), &rules);
	if (after.flags != candidate->verdict.flags)
		candidate_change(candidate, after);
	candidate_news_passed(candidate);
}

void candidate_set_operator(struct candidate *candidate, enum mpf_operator oper)
{
	struct verdict after = candidate->verdict;
	candidate->oper = oper;
	if (after.verdict == MPF_UP) { /* of what is not, the failure tells more */
		candidate->reason = MPF_REASON_OPERATOR;
		candidate->detail = 0;
	}
	if (oper == MPF_READY) {
		flap_forgive(&candidate->flap);
		after = verdict_released(after);
	}
	candidate_change(candidate, after);
	candidate_news_passed(candidate);
}

static void on_closed(uv_handle_t *timer)
{
	free(timer->data);
}

void candidate_free(struct candidate *candidate)
{
	if (candidate->check)
		check_cancel(candidate->check);
	await_gone(candidate);
	canary_cancel(candidate);
	watch_cancel(candidate);
	uv_close((uv_handle_t *)&candidate->timer, on_closed);
}
