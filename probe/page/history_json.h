/* SPDX-License-Identifier: MIT */
/*
 * history_json.h - the history of a table's candidates as JSON (documented in mpfailoverd.8).
 */
#ifndef MPFAILOVER_HISTORY_JSON_H
#define MPFAILOVER_HISTORY_JSON_H

#include <stdio.h>

#include "probe/ctl/ctl_table.h"
#include "probe/page/history.h"

/* One object and a newline.  NOW_S: as history.h has it.  HISTORY NULL: there is none.  False: no memory. */
bool history_json(FILE *out, const struct ctl_table *table, const struct history *history, uint32_t now_s);

#endif
