/* SPDX-License-Identifier: MIT */
/*
 * dial.h - "where does a connect to this address end?", by nothing but system calls and libc's connect(): also in a signal
 * handler and after vfork().
 */
#ifndef MPFAILOVER_TESTS_DIAL_H
#define MPFAILOVER_TESTS_DIAL_H

#include <netinet/in.h>
#include <stdbool.h>

struct dial {
	struct sockaddr_in asked;
	in_addr_t wanted; /* the peer that is right */
};

/* From three arguments ADDRESS PORT WANTED; ends the program if they are not that. */
void dial_parse(struct dial *dial, char **arguments);

/* 0: connected to the one that is wanted; else an errno, EPROTO for another peer. */
int dial_once(const struct dial *dial);

#endif
