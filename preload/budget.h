/* SPDX-License-Identifier: MIT */
/*
 * budget.h - how long a thread may be held in connect() on non-blocking sockets: `nonblocking-wait` in any one second.
 *
 * An event loop that opens many connections at once waits for the first few; they are the canaries of the rest.
 */
#ifndef MPFAILOVER_BUDGET_H
#define MPFAILOVER_BUDGET_H

#include <stdint.h>

/* What is left for this thread, in microseconds. */
uint64_t budget_left_us(uint32_t allowed_ms, uint64_t now_us);

/* A wait that began at NOW_US took WAITED_US. */
void budget_spend(uint64_t now_us, uint64_t waited_us);

#endif
