/* SPDX-License-Identifier: MIT */
/*
 * musl_list.h - a getaddrinfo() answer that musl's freeaddrinfo() can free.
 *
 * musl keeps all nodes of an answer in one counted block, so nodes of two answers cannot be joined, and none may be cut off.  But each
 * node has room for IPv6 and may be edited: musl is asked for a block of 1, 2 or 4 nodes, whose content is then set.
 */
#ifndef MPFAILOVER_MUSL_LIST_H
#define MPFAILOVER_MUSL_LIST_H

#include <netdb.h>
#include <stddef.h>
#include <stdint.h>

/* ADDRESSES and SCOPES: COUNT (at least 1) of them in the table's form, best first, of which the first four at most are used.
 * FAMILY: AF_INET6 makes mapped addresses of IPv4 ones.  CANONICAL: the name for ai_canonname, NULL: not asked for.
 * HINTS: socktype and protocol as the client gave them.  Returns 0 or EAI_*. */
int musl_list(const uint8_t (*addresses)[16], const uint32_t *scopes, size_t count, int family, const char *canonical,
	      uint16_t port, const struct addrinfo *hints, struct addrinfo **result);

#endif
