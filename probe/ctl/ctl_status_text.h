/* SPDX-License-Identifier: MIT */
/*
 * ctl_status_text.h - a table as an operator reads it.  Pure.
 */
#ifndef MPFAILOVER_CTL_STATUS_TEXT_H
#define MPFAILOVER_CTL_STATUS_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include "probe/ctl/ctl_table.h"

/* PATH: the table's, for the first line.  False: no memory. */
bool status_text(FILE *out, const struct ctl_table *table, const char *path, bool with_colour);

#endif
