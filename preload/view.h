/* SPDX-License-Identifier: MIT */
/*
 * view.h - finds the table, decides whether to trust it, and keeps it mapped.
 *
 * No descriptor stays open, nothing is allocated, no lock is taken: safe in a signal handler and between fork and exec.
 */
#ifndef MPFAILOVER_VIEW_H
#define MPFAILOVER_VIEW_H

#include <stdbool.h>

#include "preload/table.h"

enum view_result {
	VIEW_MAPPED = 0,
	VIEW_ABSENT,       /* open() failed; errno says why */
	VIEW_NOT_REGULAR,  /* not a regular file */
	VIEW_WRITABLE,     /* writable by group or others */
	VIEW_FOREIGN,      /* owned by someone who is not to be believed */
	VIEW_NOT_TABLE,    /* too short, too large, no magic, sizes that cannot be */
	VIEW_OTHER_ABI,    /* a table, but of a version that this reader does not know */
	VIEW_NO_MEMORY,    /* mmap() failed; errno says why */
};

/* Maps the table at PATH, which must stay valid, in place of what was mapped before. */
enum view_result view_open(const char *path);

/* The table that is mapped, NULL if there is none.  If it is missing or retired, looks for one, at most once a second.
 * *NOW_MS is set to the time for view_age_ms(); NULL: not asked for, which saves half of what this costs.  errno is kept. */
const struct mpf_header *view_table(uint32_t *now_ms);

/* If the table has no heartbeat, looks whether another file has taken its place: at most once a second, at one stat() if it
 * is still the same.  True: it has, look up again.  To be called when something of ours was asked for, so that what is not ours costs nothing then either. */
bool view_renew(uint32_t now_ms);

/* Milliseconds from THEN_MS to NOW_MS, both CLOCK_MONOTONIC cut to 32 bits; a THEN that lies up to a second ahead
 * (a coarser clock) counts as now. */
uint32_t view_age_ms(uint32_t now_ms, uint32_t then_ms);

#endif
