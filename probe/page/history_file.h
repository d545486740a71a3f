/* SPDX-License-Identifier: MIT */
/*
 * history_file.h - the history beside the table, and who keeps it.
 */
#ifndef MPFAILOVER_HISTORY_FILE_H
#define MPFAILOVER_HISTORY_FILE_H

#include "probe/page/history.h"

struct history_file;

/* Maps PATH, or begins anew, which is logged if there was something else.  What cannot be kept in a file is kept in memory, and
 * that is logged, too.  NULL: not even that.  Whoever calls holds the table's lock. */
struct history_file *history_file_open(const char *path);

const struct history *history_file_history(const struct history_file *file);

/* Notes what SLOT says now; to be called about once a second. */
void history_file_sample(struct history_file *file, const struct mpf_slot *slot);

/* CLOCK_BOOTTIME, in seconds. */
uint32_t history_file_now_s(void);

/* The file stays.  NULL is fine. */
void history_file_close(struct history_file *file);

#endif
