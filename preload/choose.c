/* SPDX-License-Identifier: MIT */
#include "preload/choose.h"

#include <string.h>

#include "preload/endpoint.h"

enum choose_rank choose_rank_of(uint32_t word, bool failed)
{
	const uint32_t verdict = mpf_word_verdict(word), oper = mpf_word_operator(word), flags = mpf_word_flags(word);
	if (oper > MPF_DRAIN || verdict > MPF_DOWN)
		return RANK_NEVER;
	if (verdict == MPF_DOWN)
		return RANK_DOWN;
	if (oper == MPF_DRAIN)
		return RANK_DRAIN;
	if (verdict == MPF_UNKNOWN)
		return RANK_UNKNOWN;
	if (verdict == MPF_SUSPECT)
		return RANK_SUSPECT;
	if (flags & MPF_HELD)
		return RANK_HELD;
	return failed || flags & MPF_DOUBTED ? RANK_DOUBTED : RANK_UP;
}

const char *choose_rank_name(enum choose_rank rank)
{
	static const char *const names[] = {
		[RANK_UP] = "up",     [RANK_DOUBTED] = "doubted", [RANK_SUSPECT] = "suspect",
		[RANK_HELD] = "held", [RANK_UNKNOWN] = "unknown", [RANK_DRAIN] = "drain",
		[RANK_DOWN] = "down", [RANK_NEVER] = "maint",
	};
	return names[rank];
}

static bool reachable(const struct mpf_candidate *candidate, enum choose_reach reach)
{
	const bool ipv4 = endpoint_is_ipv4(candidate->address);
	return reach == REACH_IPV4 ? ipv4 : reach == REACH_IPV6 ? !ipv4 : true;
}

static bool is_mapped_attempt(const struct snapshot *snapshot, const struct choose_request *request, unsigned index)
{
	return request->reach == REACH_IPV6_MAPPED && endpoint_is_ipv4(snapshot->candidate[index].address);
}

/* Smaller is earlier.  From the weightiest: usable or not, native before mapped, rank, failed lately, sticky, asked for, the file's
 * order. */
static uint32_t sort_key(const struct snapshot *snapshot, const struct choose_request *request, unsigned index,
                         enum choose_rank rank)
{
	const struct mpf_candidate *candidate = &snapshot->candidate[index];
	const bool mapped = is_mapped_attempt(snapshot, request, index);
	const bool asked = request->address && !memcmp(candidate->address, request->address, sizeof candidate->address);
	return (uint32_t)(rank >= RANK_DOWN) << 16 | (uint32_t)mapped << 15 | (uint32_t)rank << 8 |
	       (request->failed >> index & 1) << 7 | (uint32_t)((int)index != request->sticky) << 6 |
	       (uint32_t)!asked << 5 | index;
}

/* The candidates in the order of their keys; the worst rank that is taken is LAST. */
static unsigned sort(const struct snapshot *snapshot, const struct choose_request *request, enum choose_rank last,
                     struct choose_list *out)
{
	uint32_t key[MPF_MAX_SERVICE_CANDIDATES];
	unsigned count = 0;
	for (unsigned i = 0; i < snapshot->count; i++) {
		const enum choose_rank rank = choose_rank_of(snapshot->candidate[i].word, request->failed >> i & 1);
		if (rank > last || !reachable(&snapshot->candidate[i], request->reach))
			continue;
		const uint32_t own = sort_key(snapshot, request, i, rank);
		unsigned at = count++;
		for (; at > 0 && key[at - 1] > own; at--)
			key[at] = key[at - 1];
		key[at] = own;
	}
	for (unsigned i = 0; i < count; i++) {
		out->candidate[i] = key[i] & 0x1f;
		out->rank[i] = key[i] >> 8 & 0x7f;
	}
	return count;
}

void choose_order(const struct snapshot *snapshot, const struct choose_request *request, struct choose_list *out)
{
	const bool down_too = snapshot->service.all_down == MPF_ALL_DOWN_TRY;
	const unsigned count = sort(snapshot, request, down_too ? RANK_DOWN : RANK_DRAIN, out);
	/* The sort puts native ones first among the usable, and again among the down ones: never back after a mapped one. */
	bool mapped = false;
	out->count = 0;
	for (unsigned i = 0; i < count; i++) {
		const bool is_mapped = is_mapped_attempt(snapshot, request, out->candidate[i]);
		if (mapped && !is_mapped)
			continue;
		mapped = is_mapped;
		out->candidate[out->count] = out->candidate[i];
		out->rank[out->count++] = out->rank[i];
	}
}

static bool answered(const struct snapshot *snapshot, const struct choose_list *list,
                     const struct mpf_candidate *candidate)
{
	for (unsigned i = 0; i < list->count; i++) {
		const struct mpf_candidate *other = &snapshot->candidate[list->candidate[i]];
		if (!memcmp(other->address, candidate->address, sizeof other->address) &&
		    other->scope == candidate->scope)
			return true;
	}
	return false;
}

void choose_answer(const struct snapshot *snapshot, uint32_t failed, struct choose_list *out)
{
	const struct choose_request request = { .reach = REACH_ANY, .failed = failed, .sticky = -1 };
	const bool down_too = snapshot->service.all_down == MPF_ALL_DOWN_TRY;
	struct choose_list list;
	/* All that may be tried at all; if the best of it is dead, all-down says whether it is handed out. */
	list.count = sort(snapshot, &request, RANK_DOWN, &list);
	out->count = 0;
	if (!list.count || (list.rank[0] >= RANK_DOWN && !down_too))
		return;
	for (unsigned i = 0; i < list.count; i++) {
		const struct mpf_candidate *candidate = &snapshot->candidate[list.candidate[i]];
		if (candidate->port || answered(snapshot, out, candidate))
			continue;
		out->candidate[out->count] = list.candidate[i];
		out->rank[out->count++] = list.rank[i];
	}
}
