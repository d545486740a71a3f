/* SPDX-License-Identifier: MIT */
/*
 * haproxy_word.h - any text as a word of HAProxy's configuration.
 */
#ifndef MPFAILOVER_HAPROXY_WORD_H
#define MPFAILOVER_HAPROXY_WORD_H

#include <stdbool.h>
#include <stdio.h>

/* TEXT as it is, quoted if it has to be.  IS_FORMAT: where HAProxy expands "%", so that this is doubled. */
void haproxy_put_word(FILE *out, const char *text, bool is_format);

/* TEXT as a name, for which HAProxy takes fewer characters; no other's, if NUMBER is its own.  "." is in it only in front of that
 * number, so that with another "." and a word behind it, it is no other's either. */
enum { HAPROXY_NAME_SIZE = 80 };
const char *haproxy_name(const char *text, size_t number, char out[HAPROXY_NAME_SIZE]);

#endif
