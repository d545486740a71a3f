/* SPDX-License-Identifier: MIT */
/*
 * answers.h - the addresses that DNS has given for a service, and for how long they are kept.  Pure: the clock is passed in.
 *
 * An address is current while the last good answer of one of the sources that are asked (a host, for one family) has it: what fails,
 * or answers with nothing, changes nothing.  One that is no longer current is kept all the same, until it is out of its time and down,
 * since DNS can be wrong.
 */
#ifndef MPFAILOVER_ANSWERS_H
#define MPFAILOVER_ANSWERS_H

#include <stdbool.h>
#include <stdint.h>

enum {
	ANSWERS_MOST = 16,
	ANSWERS_SOURCES = 32,
	/* For how long after it was last answered an address is kept, if its TTL is shorter: */
	ANSWERS_LEAST_MS = 600000,
	ANSWERS_SILENT_MS = 86400000, /* and if nothing has been answered in its place */
};

struct answers_address {
	uint8_t address[16]; /* in the table's form */
	uint32_t sources;    /* whose last answer has it: bit by source; 0: it is no longer current */
	uint64_t told_ms;    /* when it was last answered */
	uint32_t ttl_s;      /* and for how long */
};

/* In the order in which they were first answered.  All zero at the start. */
struct answers {
	struct answers_address list[ANSWERS_MOST];
	unsigned count;
};

enum answers_change {
	ANSWERS_SAME,
	ANSWERS_TURNED, /* which of the addresses are current */
	ANSWERS_OTHERS, /* the addresses themselves */
};

/* What SOURCE was told: COUNT addresses, of which those that no server can have count for nothing.  DOWN: bit by place in the
 * list, those that are. */
enum answers_change answers_told(struct answers *answers, unsigned source, const uint8_t (*addresses)[16],
                                 unsigned count, uint32_t ttl_s, uint32_t down, uint64_t now_ms);

/* What an earlier daemon was told, as if SOURCES had said so now. */
void answers_seed(struct answers *answers, const uint8_t address[16], uint32_t sources, uint64_t now_ms);

/* Drops what is out of its time and DOWN.  True: there was something. */
bool answers_expire(struct answers *answers, uint32_t down, uint64_t now_ms);

#endif
