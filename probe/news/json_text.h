/* SPDX-License-Identifier: MIT */
/*
 * json_text.h - any bytes as a JSON string.
 */
#ifndef MPFAILOVER_JSON_TEXT_H
#define MPFAILOVER_JSON_TEXT_H

#include <jansson.h>

/* jansson takes UTF-8 only, and a file's name may be anything: in other than UTF-8, what is not ASCII becomes "?".
 * NULL: no memory. */
json_t *json_text(const char *bytes);

#endif
