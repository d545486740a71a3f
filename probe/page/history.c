/* SPDX-License-Identifier: MIT */
#include "probe/page/history.h"

#include <stdlib.h>
#include <string.h>

enum { COPY_TRIES = 10 };

const char *history_state_name(enum history_state state)
{
	static const char *const names[] = {
		[HISTORY_UP] = "up",           [HISTORY_OUT] = "out",   [HISTORY_UNKNOWN] = "unknown",
		[HISTORY_SUSPECT] = "suspect", [HISTORY_DOWN] = "down", [HISTORY_NOTHING] = "nothing",
	};
	return state <= HISTORY_NOTHING ? names[state] : "?";
}

enum history_state history_state_of(uint32_t word)
{
	if (mpf_word_operator(word) != MPF_READY)
		return HISTORY_OUT;
	switch (mpf_word_verdict(word)) {
	case MPF_UP:
		return HISTORY_UP;
	case MPF_SUSPECT:
		return HISTORY_SUSPECT;
	case MPF_DOWN:
		return HISTORY_DOWN;
	default:
		return HISTORY_UNKNOWN;
	}
}

bool history_is_sound(const struct history *history, const uint8_t boot_id[40])
{
	return history->magic == HISTORY_MAGIC && history->version == HISTORY_VERSION &&
	       history->size == sizeof *history && boot_id[0] &&
	       !memcmp(history->boot_id, boot_id, sizeof history->boot_id);
}

void history_start(struct history *history, const uint8_t boot_id[40])
{
	history->magic = 0;
	memset(history->hashes, 0, sizeof history->hashes);
	memset(history->rows, 0, sizeof history->rows);
	history->version = HISTORY_VERSION;
	history->size = sizeof *history;
	history->generation = 0;
	memcpy(history->boot_id, boot_id, sizeof history->boot_id);
	history->magic = HISTORY_MAGIC;
}

/* -------------------------------------------------------------------------------------------------------- the buckets */

static uint32_t period_at(uint32_t now_s)
{
	return now_s / HISTORY_BUCKET_S + 1;
}

static struct history_bucket *bucket_of(struct history_row *row, uint32_t period)
{
	return &row->buckets[period % HISTORY_BUCKETS];
}

/* Makes PERIOD the newest.  What lies ahead of it cannot be: then the row begins anew. */
static void advance(struct history_row *row, uint32_t period)
{
	if (row->newest == period)
		return;
	if (period < row->newest || period - row->newest >= HISTORY_BUCKETS)
		memset(row->buckets, 0, sizeof row->buckets);
	else
		for (uint32_t next = row->newest + 1; next <= period; next++)
			memset(bucket_of(row, next), 0, sizeof(struct history_bucket));
	row->newest = period;
}

static uint16_t add_seconds(uint16_t so_far, uint32_t seconds)
{
	return so_far + seconds > HISTORY_BUCKET_S ? HISTORY_BUCKET_S : (uint16_t)(so_far + seconds);
}

static void add_handshake(struct history_bucket *bucket, uint32_t us)
{
	if (us > bucket->max_us)
		bucket->max_us = us;
	if (!us || bucket->samples == UINT16_MAX || us > UINT32_MAX - bucket->sum_us)
		return;
	bucket->samples++;
	bucket->sum_us += us;
}

void history_add(struct history_row *row, uint32_t now_s, enum history_state state, uint32_t seconds,
                 uint32_t handshake_us)
{
	advance(row, period_at(now_s));
	struct history_bucket *bucket = bucket_of(row, row->newest);
	bucket->seconds[state] = add_seconds(bucket->seconds[state], seconds);
	add_handshake(bucket, handshake_us);
}

const struct history_bucket *history_bucket(const struct history_row *row, uint32_t now_s, uint32_t age)
{
	const uint32_t now = period_at(now_s);
	if (age >= now || age >= HISTORY_BUCKETS)
		return NULL;
	const uint32_t period = now - age;
	if (period > row->newest || row->newest - period >= HISTORY_BUCKETS)
		return NULL;
	const struct history_bucket *bucket = &row->buckets[period % HISTORY_BUCKETS];
	return history_worst(bucket) == HISTORY_NOTHING ? NULL : bucket;
}

enum history_state history_worst(const struct history_bucket *bucket)
{
	if (bucket)
		for (int state = HISTORY_STATES - 1; state >= 0; state--)
			if (bucket->seconds[state])
				return (enum history_state)state;
	return HISTORY_NOTHING;
}

/* ------------------------------------------------------------------------------------------------------------ the rows */

void history_identify(struct history_identity *out, const struct mpf_slot *slot, uint32_t candidate)
{
	const struct mpf_candidate *it = &slot->candidates[candidate];
	*out = (struct history_identity){ .scope = it->scope, .port = it->port };
	memcpy(out->address, it->address, sizeof out->address);
	memcpy(out->candidate, slot->infos[candidate].name, sizeof out->candidate);
	if (it->service < MPF_MAX_SERVICES)
		memcpy(out->service, slot->services[it->service].name, sizeof out->service);
	if (it->uplink && it->uplink <= MPF_MAX_UPLINKS)
		memcpy(out->uplink, slot->uplinks[it->uplink - 1].name, sizeof out->uplink);
}

/* Of the bytes of IDENTITY, by the way of Fowler, Noll and Vo; never 0. */
static uint32_t hash_of(const struct history_identity *identity)
{
	const unsigned char *bytes = (const unsigned char *)identity;
	uint32_t hash = 2166136261u;
	for (size_t i = 0; i < sizeof *identity; i++)
		hash = (hash ^ bytes[i]) * 16777619u;
	return hash ? hash : 1;
}

/* The number of its row; HISTORY_ROWS: it has none. */
static uint32_t find(const struct history *history, const struct history_identity *identity)
{
	const uint32_t hash = hash_of(identity);
	uint32_t row = 0;
	while (row < HISTORY_ROWS &&
	       (history->hashes[row] != hash || memcmp(&history->rows[row].identity, identity, sizeof *identity) != 0))
		row++;
	return row;
}

struct spare {
	uint32_t row, newest;
};

static int older_first(const void *a, const void *b)
{
	const struct spare *left = a, *right = b;
	return (left->newest > right->newest) - (left->newest < right->newest);
}

/* The rows that are not TAKEN, free ones first, then whoever has been gone longest. */
static void list_spares(const struct history *history, const bool taken[HISTORY_ROWS],
                        struct spare spares[HISTORY_ROWS])
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < HISTORY_ROWS; i++)
		if (!taken[i])
			spares[count++] = (struct spare){ i, history->hashes[i] ? history->rows[i].newest : 0 };
	qsort(spares, count, sizeof spares[0], older_first);
}

static void give(struct history *history, uint32_t number, const struct history_identity *identity, uint32_t now_s)
{
	struct history_row *row = &history->rows[number];
	memset(row->buckets, 0, sizeof row->buckets);
	row->identity = *identity;
	row->newest = period_at(now_s);
	history->hashes[number] = hash_of(identity);
}

void history_claim(struct history *history, const struct history_identity *wanted, uint32_t count, uint32_t now_s,
                   struct history_row **rows)
{
	bool taken[HISTORY_ROWS] = { false };
	struct spare spares[HISTORY_ROWS];
	uint32_t next = 0;
	const uint32_t generation = history->generation | 1;
	__atomic_store_n(&history->generation, generation, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	for (uint32_t i = 0; i < count; i++) {
		const uint32_t row = find(history, &wanted[i]);
		rows[i] = row < HISTORY_ROWS && !taken[row] ? &history->rows[row] : NULL;
		if (rows[i])
			taken[row] = true;
	}
	list_spares(history, taken, spares);
	for (uint32_t i = 0; i < count; i++) {
		if (rows[i])
			continue;
		give(history, spares[next].row, &wanted[i], now_s);
		rows[i] = &history->rows[spares[next++].row];
	}
	__atomic_store_n(&history->generation, generation + 1, __ATOMIC_RELEASE);
}

bool history_copy(const struct history *history, const struct history_identity *identity, struct history_row *out)
{
	for (int try = 0; try < COPY_TRIES; try++) {
		const uint32_t generation = __atomic_load_n(&history->generation, __ATOMIC_ACQUIRE);
		const uint32_t row = find(history, identity);
		if (row < HISTORY_ROWS)
			memcpy(out, &history->rows[row], sizeof *out);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (!(generation & 1) && __atomic_load_n(&history->generation, __ATOMIC_RELAXED) == generation)
			return row < HISTORY_ROWS;
	}
	return false;
}
