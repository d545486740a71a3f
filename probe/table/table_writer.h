/* SPDX-License-Identifier: MIT */
/*
 * table_writer.h - the writing side of the shared table (the protocol is documented in preload/table.h).
 *
 * One writer at a time.  A writer killed at any instruction leaves a table that readers can use.
 */
#ifndef MPFAILOVER_TABLE_WRITER_H
#define MPFAILOVER_TABLE_WRITER_H

#include "preload/table.h"

#include <stdbool.h>

struct table_writer;

/* May PATH be a table, or become one?  -EISDIR, -ENOTSUP: not in the place of a directory or a device. */
int table_writer_may_replace(const char *path);

/* Locks PATH (by PATH.lock), then maps the table that is there, or puts a new one in its place.
 * REPORT and CONTROL are the sockets' paths that the table names ("": none).
 * 0, or -errno: -EWOULDBLOCK when another writer holds the lock, -ENAMETOOLONG, what may not be replaced, what open() and rename()
 * gave. */
int table_writer_open(struct table_writer **out, const char *path, const char *report, const char *control);

/* The slot in force, to read, and to store into fields that table.h lets change in place (by table_store()).
 * NULL while nothing has been published or adopted: the table of another boot is not adopted. */
struct mpf_slot *table_writer_active(struct table_writer *writer);

/* Puts IMAGE (its generation is ignored) in force by way of the idle slot. */
void table_writer_publish(struct table_writer *writer, const struct mpf_slot *image);

/* "The writer lives", at NOW_MS of CLOCK_MONOTONIC. */
void table_writer_heartbeat(struct table_writer *writer, uint32_t now_ms);

/* Is the table still the file at its path?  If not, programs that start now do not find it. */
bool table_writer_is_in_place(const struct table_writer *writer);

/* The `off` word for all services; it survives a restart, as the one of each service does. */
void table_writer_set_off(struct table_writer *writer, bool off);
bool table_writer_is_off(const struct table_writer *writer);

/* A clean end: the table stays, with its verdicts.  NULL is fine. */
void table_writer_close(struct table_writer *writer);

/* Stores a word that may change in place. */
static inline void table_store(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELAXED);
}

#endif
