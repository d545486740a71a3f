/* SPDX-License-Identifier: MIT */
/*
 * ctl_table.h - a whole copy of the table, taken by the library's own rules of trust and the protocol of table.h.
 */
#ifndef MPFAILOVER_CTL_TABLE_H
#define MPFAILOVER_CTL_TABLE_H

#include <limits.h>
#include <stdbool.h>

#include "preload/table.h"

/* The table at one moment.  Half a megabyte: not for the stack. */
struct ctl_table {
	struct mpf_header header;
	struct mpf_slot
		slot; /* in this ABI's layout, whatever the file's; counts and indices within bounds, texts printable */
	uint32_t now_ms; /* when it was read: CLOCK_MONOTONIC */
	uint32_t now_s;  /* and the wall clock */
	bool this_boot;  /* written since this machine was started */
	bool pid_exists; /* a process has header.writer_pid (as seen from here: a container may not see it) */
};

enum {
	CTL_ERROR_SIZE = 512,
	CTL_HEARTBEAT_LOST_MS = 3000, /* it beats once a second */
};

/* False: clients of this user would not use the table at PATH (which must stay valid), and ERROR says why and what to do,
 * in one line. */
bool ctl_table_read(struct ctl_table *out, const char *path, char error[CTL_ERROR_SIZE]);

/* The part of it that is pure: the active slot of TABLE, which lookup_table_sound() accepted.  False: nothing there yet. */
bool ctl_table_copy(struct ctl_table *out, const struct mpf_header *table);

/* The configuration that the table at PATH was made from; without such a table, where it usually is. */
void ctl_table_source(const char *path, char out[PATH_MAX]);

/* Milliseconds since the last heartbeat; meaningless for a table of another boot. */
uint32_t ctl_table_heartbeat_age_ms(const struct ctl_table *table);

/* Is there a daemon that keeps the table? */
bool ctl_table_alive(const struct ctl_table *table);

/* Candidates of service number SERVICE that the library counts as usable. */
unsigned ctl_table_usable(const struct ctl_table *table, uint32_t service);

/* Do clients go by this service's verdicts no more? */
bool ctl_table_stale(const struct ctl_table *table, uint32_t service);

#endif
