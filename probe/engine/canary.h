/* SPDX-License-Identifier: MIT */
/*
 * canary.h - what clients report of a candidate, and the bare connects that follow.
 */
#ifndef MPFAILOVER_CANARY_H
#define MPFAILOVER_CANARY_H

#include "preload/table.h"
#include "probe/engine/candidate.h"

/* A client's word. */
void canary_report(struct candidate *candidate, enum mpf_report_kind kind);

/* Something else says that it may have failed. */
void canary_doubt(struct candidate *candidate);

/* A check has ended so.  True: its first packet got no answer, which may be chance, so canaries ask again before it counts (if one is
 * answered, it does not, and another check follows at once). */
bool canary_appeal(struct candidate *candidate, const struct outcome *outcome);

/* A check of the candidate has ended, or the candidate does: no canary is needed any more. */
void canary_settle(struct candidate *candidate, enum outcome_kind outcome);
void canary_cancel(struct candidate *candidate);

#endif
