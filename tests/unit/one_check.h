/* SPDX-License-Identifier: MIT */
/*
 * one_check.h - runs one check to its end, on a loop of its own.
 */
#ifndef MPFAILOVER_ONE_CHECK_H
#define MPFAILOVER_ONE_CHECK_H

#include "probe/check/check.h"

/* A check as the configuration's reader fills it in, to be altered. */
struct conf_check one_check_default(enum conf_check_type type);

/* Of ADDRESS (text) and PORT, by CONF, for HOST. */
struct check_target one_check_target(const struct conf_check *conf, const char *host, const char *address,
                                     uint16_t port);

/* How it ended.  Fails the test if it is told twice, from within the start, or if a handle is left open. */
struct outcome one_check_run(const struct check_target *target, uint32_t timeout_ms);

/* How long the last one took. */
extern uint64_t one_check_took_ms;

/* Starts it, lets the loop turn for AFTER_MS, cancels it, and fails the test if it is told all the same. */
void one_check_cancel(const struct check_target *target, uint32_t after_ms);

/* Fails the test unless the outcome is that. */
void one_check_expect(const char *what, struct outcome outcome, enum outcome_kind kind, enum mpf_reason reason,
                      uint32_t detail);

#endif
