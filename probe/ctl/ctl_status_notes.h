/* SPDX-License-Identifier: MIT */
/*
 * ctl_status_notes.h - what the rows of `status` do not say at a glance.  Pure.
 */
#ifndef MPFAILOVER_CTL_STATUS_NOTES_H
#define MPFAILOVER_CTL_STATUS_NOTES_H

#include <stdbool.h>
#include <stdio.h>

#include "probe/ctl/ctl_table.h"

void status_notes(FILE *out, const struct ctl_table *table, bool with_colour);

#endif
