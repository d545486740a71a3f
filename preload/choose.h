/* SPDX-License-Identifier: MIT */
/*
 * choose.h - the order in which the candidates of a service are to be tried.  Pure.
 */
#ifndef MPFAILOVER_CHOOSE_H
#define MPFAILOVER_CHOOSE_H

#include <stdbool.h>

#include "preload/lookup.h"

/* Best first; those from RANK_DOWN on are not usable. */
enum choose_rank {
	RANK_UP,
	RANK_DOUBTED, /* up, but a client, or this process within the last second, met a failure */
	RANK_SUSPECT,
	RANK_HELD, /* up again, but fail-back waits */
	RANK_UNKNOWN,
	RANK_DRAIN,
	RANK_DOWN,
	RANK_NEVER, /* an operator's `maint`, or a verdict from the future */
};

/* What a socket can reach.  A native IPv6 attempt after a mapped one on the same socket hangs, so native ones go first. */
enum choose_reach {
	REACH_IPV4,        /* asked for IPv4, plain or mapped */
	REACH_IPV6,        /* asked for native IPv6 on a socket that is V6ONLY */
	REACH_IPV6_MAPPED, /* asked for native IPv6: native ones, then mapped ones */
	REACH_ANY,         /* no socket yet: the answer to a name */
};

struct choose_request {
	enum choose_reach reach;
	uint32_t failed;        /* bit i: candidate i failed this process within the last second */
	int sticky;             /* the candidate that comes first within its rank, -1: none */
	const uint8_t *address; /* the one that was asked for, next within its rank; NULL: none */
};

struct choose_list {
	unsigned count;
	uint8_t candidate[MPF_MAX_SERVICE_CANDIDATES]; /* in the order to try: index into snapshot.candidate */
	uint8_t rank[MPF_MAX_SERVICE_CANDIDATES];      /* enum choose_rank of candidate[i] */
};

enum choose_rank choose_rank_of(uint32_t word, bool failed);

/* The usable candidates in order, then those that are down if the service's all-down is `try`.  Empty: pass through. */
void choose_order(const struct snapshot *snapshot, const struct choose_request *request, struct choose_list *out);

/* What a name answers: candidates with distinct addresses, best first, the dead ones last if there is a usable one; none with a port of
 * its own, since its address means nothing on the port that will be asked for.  Empty: libc's. */
void choose_answer(const struct snapshot *snapshot, uint32_t failed, struct choose_list *out);

/* For people: "up", "doubted" ... */
const char *choose_rank_name(enum choose_rank rank);

#endif
