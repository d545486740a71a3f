/* SPDX-License-Identifier: MIT */
/*
 * conn_far.h - a long way inside one network namespace: what is sent to 10.99.0.N or fd99::N comes back as a packet to 10.98.0.N
 * or fd98::N, which are this machine's own, some time later, or not at all, or as an error.
 *
 * Both ends of a connection are sockets of this namespace, and neither knows.
 */
#ifndef MPFAILOVER_TESTS_CONN_FAR_H
#define MPFAILOVER_TESTS_CONN_FAR_H

#include <stdbool.h>
#include <stdint.h>

enum { FAR_PLACES = 8, FAR_CLIENT = 100 /* the last byte of the client's own address */ };

enum far_fate { FAR_PASS, FAR_DROP, FAR_ICMP };

/* What happens to packets for place N, and to those that come back from it.  In shared memory: changed at will. */
struct far_rule {
	uint32_t fate;
	uint32_t icmp; /* type << 8 | code, for FAR_ICMP */
	uint32_t delay_us;
	uint32_t lose_syns; /* so many of the next ones */
	uint32_t syns;      /* counts them */
};

/* Makes the device and its addresses, and leaves a process that carries the packets until this one ends.
 * RULES[0] is for N = 1.  False: it cannot be made here. */
bool far_start(struct far_rule rules[FAR_PLACES]);

#endif
