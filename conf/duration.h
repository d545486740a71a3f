/* SPDX-License-Identifier: MIT */
/*
 * duration.h - "5s" and 443 as numbers.  Pure.
 *
 * Both give NULL, or what is wrong with the text.
 */
#ifndef MPFAILOVER_DURATION_H
#define MPFAILOVER_DURATION_H

#include <stdint.h>

/* Digits and one unit: ms, s, m, h or d. */
const char *duration_parse(const char *text, uint64_t *ms);

/* Decimal digits: no sign but "-", no octal, nothing around. */
const char *number_parse(const char *text, int64_t *number);

#endif
