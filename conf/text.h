/* SPDX-License-Identifier: MIT */
/*
 * text.h - what a text may consist of.  Pure.
 *
 * Checks give NULL, or what is wrong with the text.
 */
#ifndef MPFAILOVER_TEXT_H
#define MPFAILOVER_TEXT_H

#include "conf/conf.h"

/* Bytes of the UTF-8 character at TEXT, 0: there is none.  *CODE: which one it is. */
unsigned text_utf8(const char *text, uint32_t *code);

bool text_is_control(uint32_t code);

/* UTF-8 without control characters. */
const char *text_check(const char *text);

/* The name of a service, candidate, uplink ...: 1 to 63 bytes, and no "/", since people type SERVICE/CANDIDATE. */
const char *text_check_name(const char *name);

/* A host name in LDH labels, underscores allowed, "*." in front if PATTERN; OUT: lower case, no trailing dot. */
enum { TEXT_HOST_SIZE = 254 };
const char *text_host(const char *text, bool pattern, char out[TEXT_HOST_SIZE]);

/* RFC 9110: a method, and a header as "Name: value". */
const char *text_check_token(const char *text);
const char *text_check_header(const char *text);

/* The path of a URL, with its query. */
const char *text_check_target(const char *text);

/* "200-399", "200,301-302". */
enum { TEXT_STATUS_RANGES = 32 };
const char *text_status(const char *text, struct conf_status_range out[TEXT_STATUS_RANGES], size_t *count);

#endif
