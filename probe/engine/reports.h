/* SPDX-License-Identifier: MIT */
/*
 * reports.h - the socket at which clients report how a connect went.
 *
 * Whoever is on this machine can send to it, so it is read with moderation: what comes faster is lost, and costs nothing.
 */
#ifndef MPFAILOVER_REPORTS_H
#define MPFAILOVER_REPORTS_H

#include <uv.h>

#include "preload/table.h"

struct reports;

/* REPORT has the right size and magic; nothing else is checked. */
typedef void reports_heard(void *owner, const struct mpf_report *report);

/* Puts the socket at PATH, in the place of one that is there.  0 or -errno. */
int reports_open(struct reports **out, uv_loop_t *loop, const char *path, reports_heard *heard, void *owner);

/* Takes it away again.  NULL is fine. */
void reports_close(struct reports *reports);

#endif
