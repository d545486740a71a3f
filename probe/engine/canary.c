/* SPDX-License-Identifier: MIT */
#include "probe/engine/canary.h"

#include "probe/engine/clock.h"
#include "probe/table/table_writer.h"

static void act(struct candidate *candidate, enum doubt_action action);

static void on_done(void *owner, const struct outcome *outcome)
{
	struct candidate *candidate = owner;
	uint32_t interval_ms = candidate->service->timing->interval_ms;
	bool is_void = candidate_is_void(candidate, candidate->canary_ms, outcome->kind);
	enum outcome_kind kind = is_void ? OUTCOME_VOID : outcome->kind;
	candidate->canary = NULL;
	candidate_tell(candidate, "canary", outcome, (clock_ms() - candidate->canary_ms) * 1000);
	act(candidate, doubt_tried(&candidate->doubt, kind, clock_ms(), interval_ms));
}

/* Whatever the service's check is: a handshake, on the port that the check uses. */
static void send_one(struct candidate *candidate)
{
	static const struct conf_check tcp = { .type = CONF_TCP };
	struct check_target target = candidate_target(candidate);
	target.check = &tcp;
	uint32_t deadline_ms = doubt_deadline_ms(estimate_upper_us(candidate->handshake));
	candidate->canary_ms = clock_ms();
	candidate->canary = check_start(&candidate->world->checks, &target, deadline_ms, on_done, candidate);
	if (!candidate->canary)
		doubt_tried(&candidate->doubt, OUTCOME_VOID, candidate->canary_ms, 0);
}

/* What was lost was a packet: the check does not count, and is repeated. */
static void excuse(struct candidate *candidate)
{
	if (!candidate->appeals)
		return;
	candidate->appeals = false;
	candidate->excused = true;
	candidate_check_soon(candidate, 0);
}

static void suspect(struct candidate *candidate)
{
	if (candidate->appeals) {
		candidate->appeals = false;
		candidate_judge(candidate, &candidate->appeal);
		return;
	}
	candidate->reason = MPF_REASON_CANARIES;
	candidate->detail = 0;
	candidate_change(candidate, verdict_suspected(candidate->verdict));
}

static void act(struct candidate *candidate, enum doubt_action action)
{
	switch (action) {
	case DOUBT_NOTHING:
		break;
	case DOUBT_TRY:
		candidate_change(candidate, verdict_doubted(candidate->verdict, true));
		send_one(candidate);
		break;
	case DOUBT_CLEAR:
		candidate_change(candidate, verdict_doubted(candidate->verdict, false));
		excuse(candidate);
		break;
	case DOUBT_SUSPECT:
		suspect(candidate);
		candidate_check_soon(candidate, 0);
		break;
	}
}

bool canary_appeal(struct candidate *candidate, const struct outcome *outcome)
{
	if (outcome->kind == OUTCOME_VOID)
		return false;
	const bool excused = candidate->excused;
	candidate->excused = false;
	if (!outcome->unanswered || excused || candidate->appeals || candidate->verdict.verdict != MPF_UP)
		return false;
	candidate->appeals = true;
	candidate->appeal = *outcome;
	act(candidate, doubt_unanswered(&candidate->doubt));
	return true;
}

void canary_doubt(struct candidate *candidate)
{
	act(candidate, doubt_reported(&candidate->doubt, candidate->verdict.verdict == MPF_UP, clock_ms()));
}

void canary_report(struct candidate *candidate, enum mpf_report_kind kind)
{
	uint32_t *count = kind == MPF_REPORT_FAILED ? &candidate->info->failed_over : &candidate->info->moved;
	table_store(count, *count + 1);
	if (kind == MPF_REPORT_FAILED)
		canary_doubt(candidate);
}

void canary_cancel(struct candidate *candidate)
{
	if (candidate->canary)
		check_cancel(candidate->canary);
	candidate->canary = NULL;
}

void canary_settle(struct candidate *candidate, enum outcome_kind outcome)
{
	if (outcome == OUTCOME_VOID)
		return;
	canary_cancel(candidate);
	doubt_checked(&candidate->doubt, outcome, clock_ms(), candidate->service->timing->interval_ms);
	if (candidate->appeals && outcome_is_bad(outcome))
		candidate_judge(candidate, &candidate->appeal);
	candidate->appeals = false;
}
