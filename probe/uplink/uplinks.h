/* SPDX-License-Identifier: MIT */
/*
 * uplinks.h - the uplinks of a configuration at work: what becomes of them when the verdicts of their candidates change.
 */
#ifndef MPFAILOVER_UPLINKS_H
#define MPFAILOVER_UPLINKS_H

#include "preload/table.h"
#include "probe/engine/roster.h"

struct news;

/* SLOT is the one in force, and ROSTER its candidates.  Stores which uplinks are down, and tells what has changed; and has the other
 * candidates of an uplink tried as soon as one begins to fail in silence. */
void uplinks_judge(const struct roster *roster, struct mpf_slot *slot, struct news *news);

#endif
