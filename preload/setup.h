/* SPDX-License-Identifier: MIT */
/*
 * setup.h - what the environment asks of the library, read once, and the table that is in force for a call.
 */
#ifndef MPFAILOVER_SETUP_H
#define MPFAILOVER_SETUP_H

#include <stdbool.h>

#include "preload/lookup.h"

/* The table to go by in this call, NULL: pass through (none, switched off by MPFAILOVER_OFF or by an operator).
 * Reads the environment when it is first called, whether that is by our constructor or by another's that connects before it.
 * *NOW_MS: see view_table().  errno is kept. */
const struct mpf_header *setup_table(uint32_t *now_ms);

/* Is SERVICE to be acted on, by its own `off` word and its `when-stale`? */
bool setup_service_in_force(const struct mpf_header *table, const struct mpf_service *service, uint32_t now_ms);

#endif
