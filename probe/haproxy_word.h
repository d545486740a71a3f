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

/* TEXT as a name, for which HAProxy takes fewer characters; the same for the same text, and no other's unless that has NUMBER too. */
enum { HAPROXY_NAME_SIZE = 80 };
const char *haproxy_name(const char *text, size_t number, char out[HAPROXY_NAME_SIZE]);

#endif
