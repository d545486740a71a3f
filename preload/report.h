/* SPDX-License-Identifier: MIT */
/*
 * report.h - tells the daemon what happened to a connect: one datagram, never waiting, from a descriptor that lives for
 * that one call.  A report that cannot be sent is lost, and that is all.
 */
#ifndef MPFAILOVER_REPORT_H
#define MPFAILOVER_REPORT_H

#include <stdbool.h>

#include "preload/lookup.h"

/* INDEX: of the candidate in SNAPSHOT.  ERROR: errno, ETIMEDOUT for a deadline of ours, 0 for a move.  errno is kept.
 * True: the daemon has it. */
bool report_send(const struct mpf_header *table, const struct snapshot *snapshot, enum mpf_report_kind kind, unsigned index,
		 int error, uint64_t elapsed_us);

#endif
