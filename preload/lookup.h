/* SPDX-License-Identifier: MIT */
/*
 * lookup.h - from an address or a name to a whole copy of the service that it belongs to.
 *
 * Reads a mapped table by the protocol of table.h: no lock, no system call, and every number that comes from the table
 * is checked before it is used, so that a damaged one yields "not ours".
 */
#ifndef MPFAILOVER_LOOKUP_H
#define MPFAILOVER_LOOKUP_H

#include <stdbool.h>

#include "preload/table.h"

/* One service as it stood at one moment.  Lives on a client's stack: keep it under 2 KiB. */
struct snapshot {
	uint32_t generation;      /* of the slot, for reports */
	uint32_t service_index;
	uint32_t first_candidate; /* candidate[i] is number first_candidate + i in the slot */
	uint32_t count;           /* 1 to MPF_MAX_SERVICE_CANDIDATES */
	struct mpf_service service;
	struct mpf_candidate candidate[MPF_MAX_SERVICE_CANDIDATES];
};

/* Where things are in a table, taken from its header and checked against SIZE, the bytes that are mapped.
 * False: not a table that this reader understands. */
bool lookup_table_sound(const struct mpf_header *table, uint32_t size);

/* The service that holds ADDRESS as a candidate's and serves PORT; one that names the port comes before one that takes any.
 * SCOPE: sin6_scope_id.  False: not ours; nor is port 0.
 * OUT NULL: only asks. */
bool lookup_address(const struct mpf_header *table, const uint8_t address[16], uint32_t scope, uint16_t port,
		    struct snapshot *out);

/* The service that NAME belongs to: the exact name before the longest wildcard, and among services with the same
 * pattern one that serves PORT (0: not known, the first in the file's order).  False: not ours. */
bool lookup_host(const struct mpf_header *table, const char *name, uint16_t port, struct snapshot *out);

#endif
