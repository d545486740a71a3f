/* SPDX-License-Identifier: MIT */
#include "preload/memo.h"

/*
 * A word that remembers a time: 9 bits that tell who, 3 of strikes, then 20 bits of time in milliseconds (failures) or in
 * MOVED_UNIT_MS (moves), which come round after 17 minutes and 18 hours.  0 is "nothing".
 */
enum { PLACES = 256, TIME_BITS = 20, STRIKE_BITS = 3, FAILED_MS = 1000, TOLD_MS = 4, STRIKES = 5, MOVED_UNIT_MS = 64 };
#define TIME_MASK ((1u << TIME_BITS) - 1)
#define WHO_SHIFT (TIME_BITS + STRIKE_BITS)

static uint32_t failed[PLACES];
static uint32_t moved_when[PLACES];  /* keyed by the address that was asked for */
static uint32_t moved_where[PLACES]; /* 16 bits of the candidate used, 16 bits of port */

static uint32_t candidate_hash(const struct mpf_candidate *candidate)
{
	return mpf_hash_address(candidate->address) ^ candidate->port * 0x9e3779b1u ^
	       (candidate->has_source ? mpf_hash_address(candidate->source) * 3 : 0);
}

static uint32_t stamp(uint32_t hash, uint32_t strikes, uint32_t time)
{
	return (hash >> WHO_SHIFT | 1) << WHO_SHIFT | strikes << TIME_BITS | (time & TIME_MASK);
}

/* How long ago the word was written by the holder of HASH, in its unit; UINT32_MAX: not at all. */
static uint32_t stamp_age(uint32_t word, uint32_t hash, uint32_t now)
{
	return word >> WHO_SHIFT == (hash >> WHO_SHIFT | 1) ? (now - word) & TIME_MASK : UINT32_MAX;
}

static uint32_t stamp_strikes(uint32_t word)
{
	return word >> TIME_BITS & ((1u << STRIKE_BITS) - 1);
}

static uint32_t load(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}
static void store(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELAXED);
}

/* A failure is of the port, too: the FTP server may be down where the web server is up. */
static uint32_t failure_hash(const struct mpf_candidate *candidate, uint16_t port)
{
	return candidate_hash(candidate) ^ port * 0x9e3779b1u;
}

uint32_t memo_failed(const struct snapshot *snapshot, uint16_t port, uint32_t now_ms)
{
	uint32_t mask = 0;
	for (uint32_t i = 0; i < snapshot->count; i++) {
		const uint32_t hash = failure_hash(&snapshot->candidate[i], port), word = load(&failed[hash % PLACES]);
		const uint32_t age_ms = word ? stamp_age(word, hash, now_ms) : UINT32_MAX;
		if (age_ms < TOLD_MS || (age_ms < FAILED_MS && stamp_strikes(word) >= STRIKES))
			mask |= 1u << i;
	}
	return mask;
}

void memo_note_failed(const struct mpf_candidate *candidate, uint16_t port, uint32_t now_ms, bool told)
{
	const uint32_t hash = failure_hash(candidate, port), word = load(&failed[hash % PLACES]);
	const bool again = word && stamp_age(word, hash, now_ms) < FAILED_MS;
	const uint32_t strikes = told ? (again ? stamp_strikes(word) : 0) + 1 : STRIKES;
	store(&failed[hash % PLACES], stamp(hash, strikes < STRIKES ? strikes : STRIKES, now_ms));
}

void memo_note_worked(const struct mpf_candidate *candidate, uint16_t port)
{
	uint32_t hash = failure_hash(candidate, port), *place = &failed[hash % PLACES];
	uint32_t word = load(place);
	if (word && stamp_age(word, hash, 0) != UINT32_MAX)
		store(place, 0);
}

int memo_sticky(const struct snapshot *snapshot, const struct endpoint *asked, uint32_t now_ms)
{
	const uint32_t hash = mpf_hash_address(asked->address);
	const uint32_t when = load(&moved_when[hash % PLACES]), where = load(&moved_where[hash % PLACES]);
	const uint32_t age = when ? stamp_age(when, hash, now_ms / MOVED_UNIT_MS) : UINT32_MAX;
	if (age >= snapshot->service.stick_ms / MOVED_UNIT_MS || (where & 0xffff) == asked->port)
		return -1;
	for (uint32_t i = 0; i < snapshot->count; i++)
		if (candidate_hash(&snapshot->candidate[i]) >> 16 == where >> 16)
			return (int)i;
	return -1;
}

void memo_note_moved(const struct endpoint *asked, const struct mpf_candidate *used, uint32_t now_ms)
{
	const uint32_t hash = mpf_hash_address(asked->address);
	store(&moved_where[hash % PLACES], (candidate_hash(used) >> 16) << 16 | asked->port);
	store(&moved_when[hash % PLACES], stamp(hash, 0, now_ms / MOVED_UNIT_MS));
}

void memo_note_stayed(const struct endpoint *asked)
{
	const uint32_t hash = mpf_hash_address(asked->address), place = hash % PLACES;
	const uint32_t when = load(&moved_when[place]);
	if (when && stamp_age(when, hash, 0) != UINT32_MAX && (load(&moved_where[place]) & 0xffff) == asked->port)
		store(&moved_when[place], 0);
}
