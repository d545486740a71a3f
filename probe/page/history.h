/* SPDX-License-Identifier: MIT */
/*
 * history.h - the last 24 hours of every candidate, in memory of a fixed size.  Pure: the clock is passed in.
 *
 * A row is a ring of buckets of five minutes, found by what identifies a candidate, so that it outlives reloads and
 * restarts.  Time is CLOCK_BOOTTIME in seconds: it belongs to one boot, as the whole history does, and nobody sets it.
 *
 * One writer; a reader in another thread copies a row, and looks whether `generation` is the same before and after.
 */
#ifndef MPFAILOVER_HISTORY_H
#define MPFAILOVER_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/table.h"

enum {
	HISTORY_MAGIC = 0x4846504d, /* "MPFH" in a little-endian dump */
	HISTORY_VERSION = 1,
	HISTORY_ROWS = MPF_MAX_CANDIDATES,
	HISTORY_BUCKETS = 288,
	HISTORY_BUCKET_S = 300,
};

/* The best first: what a bucket is shown as is the last of them that it holds. */
enum history_state {
	HISTORY_UP,
	HISTORY_OUT,     /* an operator's word: drain or maint */
	HISTORY_UNKNOWN, /* not tried yet */
	HISTORY_SUSPECT,
	HISTORY_DOWN,
	HISTORY_STATES,
	HISTORY_NOTHING = HISTORY_STATES, /* nobody looked */
};

const char *history_state_name(enum history_state state);

/* What the verdict word of a candidate counts as. */
enum history_state history_state_of(uint32_t word);

struct history_bucket {
	uint16_t seconds[HISTORY_STATES];
	uint16_t samples; /* of the handshake time, which is an upper estimate, as the table has it, */
	uint32_t sum_us;  /* their sum, */
	uint32_t max_us;  /* and the largest one */
};

struct history_identity {
	uint8_t service[MPF_NAME_SIZE], candidate[MPF_NAME_SIZE], uplink[MPF_NAME_SIZE]; /* padded with NULs */
	uint8_t address[16];
	uint32_t scope, port;
};

struct history_row {
	struct history_identity identity;
	uint32_t newest; /* number of the newest period that has a bucket */
	struct history_bucket buckets[HISTORY_BUCKETS];
};

struct history {
	uint32_t magic, version, size;
	uint32_t generation; /* odd while rows change hands */
	uint8_t boot_id[40];
	uint32_t hashes[HISTORY_ROWS]; /* of the rows' identities, 0: the row is free */
	struct history_row rows[HISTORY_ROWS];
};

/* Was this written by this version, since this boot? */
bool history_is_sound(const struct history *history, const uint8_t boot_id[40]);

/* Forgets everything. */
void history_start(struct history *history, const uint8_t boot_id[40]);

/* The rows of COUNT candidates, each known by its identity; one that is not known gets a free row, or that of whoever has been
 * gone longest. */
void history_claim(struct history *history, const struct history_identity *wanted, uint32_t count, uint32_t now_s,
                   struct history_row **rows);

/* The row has been in STATE for SECONDS until now; HANDSHAKE_US 0: not measured. */
void history_add(struct history_row *row, uint32_t now_s, enum history_state state, uint32_t seconds,
                 uint32_t handshake_us);

/* The bucket that AGE periods ago had, 0 being the present one; NULL: there is nothing. */
const struct history_bucket *history_bucket(const struct history_row *row, uint32_t now_s, uint32_t age);

/* What a bucket is shown as; NULL is HISTORY_NOTHING. */
enum history_state history_worst(const struct history_bucket *bucket);

void history_identify(struct history_identity *out, const struct mpf_slot *slot, uint32_t candidate);

/* A copy of the row of IDENTITY, while somebody may be writing.  False: there is none. */
bool history_copy(const struct history *history, const struct history_identity *identity, struct history_row *out);

#endif
