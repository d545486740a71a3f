/* SPDX-License-Identifier: MIT */
/*
 * metrics.h - a table as Prometheus reads it: its text format, version 0.0.4.  Pure.
 */
#ifndef MPFAILOVER_METRICS_H
#define MPFAILOVER_METRICS_H

#include <stdbool.h>
#include <stdio.h>

#include "probe/ctl/ctl_table.h"
#include "probe/judge/punctuality.h"

/* What the table does not say. */
struct metrics_daemon {
	struct punctuality punctuality;
	bool reload_failed;
	uint32_t started_s; /* wall clock */
	double cpu_s;       /* of the process so far */
};

/* False: no memory.  Whether OUT took it all is for ferror() to say. */
bool metrics_print(FILE *out, const struct ctl_table *table, const struct metrics_daemon *daemon);

/* TEXT as the value of a label, with its quotes. */
void metrics_label(FILE *out, const char *text);

#endif
