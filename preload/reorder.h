/* SPDX-License-Identifier: MIT */
/*
 * reorder.h - libc's answer for a name, in the order of the verdicts: `resolve = dns`.  Pure.
 *
 * Usable candidates come first, best first; then what the table does not know; then what is dead.  Within the same rank libc's order
 * holds.  What libc has allocated stays what it frees.
 */
#ifndef MPFAILOVER_REORDER_H
#define MPFAILOVER_REORDER_H

#include <netdb.h>

#include "preload/choose.h"

/* What the table says of addresses. */
struct reorder {
	unsigned count;
	uint8_t address[MPF_MAX_SERVICE_CANDIDATES][16];
	uint8_t rank[MPF_MAX_SERVICE_CANDIDATES]; /* enum choose_rank */
};

/* FAILED: see struct choose_request. */
void reorder_read(struct reorder *out, const struct snapshot *snapshot, uint32_t failed);

/* How getaddrinfo()'s list may be put into another order: by its links where each node is freed by itself (glibc), or by the content of
 * the nodes where they are parts of one block and all have room for IPv6 (musl). */
enum reorder_by { REORDER_LINKS, REORDER_CONTENT };

/* Both are false if none of the addresses is a usable candidate's, and change nothing then. */
bool reorder_list(const struct reorder *reorder, enum reorder_by by, struct addrinfo **list);
bool reorder_entry(const struct reorder *reorder, struct hostent *entry);

#endif
