/* SPDX-License-Identifier: MIT */
/*
 * uplink.h - is it a way out of this machine that has failed, and not what lies at its end?  Pure.
 *
 * It is down when all candidates through it are, while one by another way lives; unless what is seen may be the servers' own fault:
 * the same addresses fail by other ways, too, or there is but one, and it answers, be it by a refusal.
 * It is up again with the first of its candidates that is up to stay.
 */
#ifndef MPFAILOVER_UPLINK_H
#define MPFAILOVER_UPLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/table.h"

/* A candidate, as it matters here. */
struct uplink_member {
	uint32_t uplink; /* index + 1, 0: none */
	const uint8_t *address;
	uint16_t port; /* that its check uses */
	enum mpf_verdict verdict;
	bool settled; /* up, and to stay */
	bool silent;  /* its last failure: nothing came back */
};

/* Could REASON be a failure of the way, since nothing came back from its end? */
bool uplink_is_silence(enum mpf_reason reason);

/* Is uplink NUMBER (index + 1) down, now that MEMBERS are what all COUNT candidates have come to?  WAS: so far. */
bool uplink_is_down(bool was, uint32_t number, const struct uplink_member *members, size_t count);

#endif
