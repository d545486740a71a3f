/* SPDX-License-Identifier: MIT */
/*
 * candidate.h - one candidate at work: its checks, its verdict, and its row in the table.
 */
#ifndef MPFAILOVER_CANDIDATE_H
#define MPFAILOVER_CANDIDATE_H

#include <uv.h>

#include "conf/conf.h"
#include "preload/table.h"
#include "probe/check/check.h"
#include "probe/judge/announce.h"
#include "probe/judge/cert_watch.h"
#include "probe/judge/doubt.h"
#include "probe/judge/estimate.h"
#include "probe/judge/flap.h"
#include "probe/judge/lateness.h"
#include "probe/judge/punctuality.h"
#include "probe/judge/verdict.h"

/* What all candidates of a daemon share. */
struct candidate_world {
	struct check_world checks;
	struct lateness lateness;
	uint64_t
		loaded_ms; /* a failure of what was started before that says nothing: the configuration was another one */
	uint32_t started; /* checks, since someone has set it to 0 */
	uint32_t late_ms; /* the latest of them was that late */
	struct punctuality punctuality;
	bool changed; /* a verdict, since someone has looked at all of them */
	struct news *news;
	const struct roster *roster; /* all of them */
	struct await *awaits;        /* who waits for checks */
};

/* Has this process been away?  To be asked before and after the loop waits, too. */
void candidate_world_note(struct candidate_world *world);

struct candidate {
	struct candidate_world *world;
	const struct conf_service *service;
	const struct conf_candidate *conf;
	struct mpf_candidate *row; /* in the slot in force */
	struct mpf_info *info;

	struct verdict verdict;
	enum mpf_operator oper;
	enum mpf_reason reason; /* of the last change or failure */
	uint32_t detail;
	struct estimate handshake; /* of the TCP handshake */
	struct estimate pace;      /* of a whole check that succeeded */

	uv_timer_t timer; /* the next check */
	uint64_t due_ms;
	struct check *check; /* under way, else NULL */
	uint64_t started_us, ended_ms;
	uint32_t limit_ms; /* what the check under way may take */
	uint32_t definite; /* definite failures in a row */
	uint32_t voided;   /* failures in a row that said nothing */
	bool again;        /* check at once when the present check has ended */

	struct doubt doubt;
	struct check *canary;  /* under way, else NULL */
	uint64_t canary_ms;    /* when it was sent */
	struct outcome appeal; /* a check that failed unanswered, and counts only if the canaries miss, too; */
	bool appeals;          /* there is one */
	bool excused;          /* the last check was such a one, and a canary was answered: not twice in a row */
	struct watch *watch;   /* NULL: none */

	struct flap flap;
	struct announce announce;
	struct cert_watch cert;
	bool all_down; /* its service, and that has been told */
};

/* Never checked, and without a row.  NULL: no memory. */
struct candidate *candidate_new(struct candidate_world *world);

/* What it is, and where its row is, from now on. */
void candidate_place(struct candidate *candidate, const struct conf_service *service, const struct conf_candidate *conf,
                     struct mpf_candidate *row, struct mpf_info *info);

/* Goes on from what its row says. */
void candidate_adopt(struct candidate *candidate);

/* Checks it DELAY_MS from now, or sooner if that was planned already; never within 50 ms of its last check. */
void candidate_check_soon(struct candidate *candidate, uint64_t delay_ms);

/* What an operator says of it; `ready` also ends a hold, and forgives flapping. */
void candidate_set_operator(struct candidate *candidate, enum mpf_operator oper);

/* Has a check of it not begun, or not ended, long after it should have? */
bool candidate_is_overdue(const struct candidate *candidate, uint64_t now_ms);

/* The port that its check uses. */
uint16_t candidate_check_port(const struct candidate *candidate);

/* For canary.c and watch.c: where to connect, */
struct check_target candidate_target(const struct candidate *candidate);
/* counts a check's OUTCOME, */
void candidate_judge(struct candidate *candidate, const struct outcome *outcome);
/* puts AFTER in force, */
void candidate_change(struct candidate *candidate, struct verdict after);
/* was it our own absence, or another configuration, that failed since STARTED_MS? */
bool candidate_is_void(struct candidate *candidate, uint64_t started_ms, enum outcome_kind outcome);
/* and a debug line of how something ended that took TOOK_US. */
void candidate_tell(const struct candidate *candidate, const char *event, const struct outcome *outcome,
                    uint64_t took_us);

/* Time has passed. */
void candidate_tick(struct candidate *candidate);

/* Cancels what is under way; the memory goes when the loop has turned. */
void candidate_free(struct candidate *candidate);

#endif
