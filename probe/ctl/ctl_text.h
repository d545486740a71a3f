/* SPDX-License-Identifier: MIT */
/*
 * ctl_text.h - times, verdicts and addresses as an operator reads them.  Pure.
 */
#ifndef MPFAILOVER_CTL_TEXT_H
#define MPFAILOVER_CTL_TEXT_H

#include <stdint.h>

enum { CTL_TEXT = 128 };

/* The two largest units: "12s", "3m 12s", "2h 5m", "4d 3h".  Each returns OUT. */
const char *ctl_text_duration(uint32_t seconds, char out[CTL_TEXT]);

/* From THEN_S to NOW_S (wall clock: it may have been set back, which reads as "0s"); "-" if THEN_S is 0: never. */
const char *ctl_text_since(uint32_t now_s, uint32_t then_s, char out[CTL_TEXT]);

/* Three digits: "380 us", "1.24 ms", "12.4 ms", "1.50 s"; "-" for 0: not measured. */
const char *ctl_text_micros(uint32_t us, char out[CTL_TEXT]);

/* "ready", "drain" ... of an enum mpf_operator; "?" for one that is not known. */
const char *ctl_text_operator(uint32_t oper);

/* Where a candidate's address comes from (enum mpf_from_dns): "file", "dns", or "dns-kept" for what DNS answers no more. */
const char *ctl_text_origin(uint32_t from_dns);

/* A verdict word with what stands beside the verdict: "up", "up, doubted", "down, maint". */
const char *ctl_text_word(uint32_t word, char out[CTL_TEXT]);

#endif
