/* SPDX-License-Identifier: MIT */
/*
 * status_json.h - a table as JSON, for programs (documented in mpfailoverctl.8).  Pure.
 */
#ifndef MPFAILOVER_STATUS_JSON_H
#define MPFAILOVER_STATUS_JSON_H

#include <stdbool.h>
#include <stdio.h>

#include "probe/ctl/ctl_table.h"

/* One object and a newline; ON_ONE_LINE, or indented.  False: no memory. */
bool status_json(FILE *out, const struct ctl_table *table, const char *path, bool on_one_line);

/* The object for a table that clients do not use: `table` and `error`. */
bool status_json_error(FILE *out, const char *path, const char *error, bool on_one_line);

#endif
