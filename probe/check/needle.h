/* SPDX-License-Identifier: MIT */
/*
 * needle.h - is a text in a stream that comes in pieces?  Pure.
 */
#ifndef MPFAILOVER_NEEDLE_H
#define MPFAILOVER_NEEDLE_H

#include <stdbool.h>
#include <stddef.h>

struct needle;

/* A copy of TEXT, which is not empty, with nothing seen yet.  NULL: no memory. */
struct needle *needle_new(const char *text);

/* The next piece.  True from the piece on in which the text was complete. */
bool needle_feed(struct needle *needle, const char *data, size_t size);

bool needle_found(const struct needle *needle);

#endif
