/* SPDX-License-Identifier: MIT */
#include "preload/choose.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "preload/endpoint.h"
#include "tests/unit/fixture.h"

/* ------------------------------------------------------------------------------------------------------------ ranks */

/* A letter for each kind of candidate in the rows below. */
static const struct kind {
	char letter;
	uint32_t word;
	enum choose_rank rank, after_failure;
} kinds[] = {
	{ 'u', MPF_WORD(MPF_UP, MPF_READY, 0, MPF_REASON_PASSED, 200), RANK_UP, RANK_DOUBTED },
	{ 'b', MPF_WORD(MPF_UP, MPF_READY, MPF_DOUBTED, 0, 0), RANK_DOUBTED, RANK_DOUBTED },
	{ 's', MPF_WORD(MPF_SUSPECT, MPF_READY, 0, MPF_REASON_TIMEOUT, 0), RANK_SUSPECT, RANK_SUSPECT },
	{ 'S', MPF_WORD(MPF_SUSPECT, MPF_READY, MPF_DOUBTED | MPF_HELD, 0, 0), RANK_SUSPECT, RANK_SUSPECT },
	{ 'h', MPF_WORD(MPF_UP, MPF_READY, MPF_HELD, 0, 0), RANK_HELD, RANK_HELD },
	{ 'H', MPF_WORD(MPF_UP, MPF_READY, MPF_HELD | MPF_DOUBTED, 0, 0), RANK_HELD, RANK_HELD },
	{ 'k', MPF_WORD(MPF_UNKNOWN, MPF_READY, 0, 0, 0), RANK_UNKNOWN, RANK_UNKNOWN },
	{ 'r', MPF_WORD(MPF_UP, MPF_DRAIN, 0, 0, 0), RANK_DRAIN, RANK_DRAIN },
	{ 'R', MPF_WORD(MPF_SUSPECT, MPF_DRAIN, MPF_DOUBTED, 0, 0), RANK_DRAIN, RANK_DRAIN },
	{ 'K', MPF_WORD(MPF_UNKNOWN, MPF_DRAIN, 0, 0, 0), RANK_DRAIN, RANK_DRAIN },
	{ 'd', MPF_WORD(MPF_DOWN, MPF_READY, 0, MPF_REASON_REFUSED, 0), RANK_DOWN, RANK_DOWN },
	{ 'D', MPF_WORD(MPF_DOWN, MPF_DRAIN, MPF_DOUBTED, 0, 0), RANK_DOWN, RANK_DOWN },
	{ 'm', MPF_WORD(MPF_UP, MPF_MAINT, 0, 0, 0), RANK_NEVER, RANK_NEVER },
	{ 'M', MPF_WORD(MPF_DOWN, MPF_MAINT, 0, 0, 0), RANK_NEVER, RANK_NEVER },
	{ 'x', MPF_WORD(4, MPF_READY, 0, 0, 0), RANK_NEVER, RANK_NEVER },
	{ 'y', MPF_WORD(MPF_UP, 3, 0, 0, 0), RANK_NEVER, RANK_NEVER },
	{ 'z', UINT32_MAX, RANK_NEVER, RANK_NEVER },
	{ 'f', MPF_WORD(MPF_UP, MPF_READY, 0xc, 0xff, 0xfff), RANK_UP, RANK_DOUBTED }, /* flags of a later version */
};

static const struct kind *kind_of(char letter)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (kinds[i].letter == letter)
			return &kinds[i];
	fail_msg("no kind '%c'", letter);
	return NULL;
}

static void test_ranks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		assert_int_equal(choose_rank_of(kinds[i].word, false), kinds[i].rank);
		assert_int_equal(choose_rank_of(kinds[i].word, true), kinds[i].after_failure);
	}
}

/* What a later daemon may write is never handed out, and reason and detail do not count. */
static void test_ranks_of_all_words(void **state)
{
	(void)state;
	for (uint32_t low = 0; low < 0x1000; low++) {
		const bool known = mpf_word_verdict(low) <= MPF_DOWN && mpf_word_operator(low) <= MPF_DRAIN;
		const enum choose_rank rank = choose_rank_of(low, false);
		assert_int_equal(rank == RANK_NEVER, !known);
		assert_int_equal(rank == RANK_DOWN, known && mpf_word_verdict(low) == MPF_DOWN);
		assert_int_equal(choose_rank_of(low | 0xfffff000u, false), rank);
	}
}

static void test_rank_names(void **state)
{
	(void)state;
	assert_string_equal(choose_rank_name(RANK_UP), "up");
	assert_string_equal(choose_rank_name(RANK_NEVER), "maint");
	for (int i = RANK_UP; i < RANK_NEVER; i++)
		for (int j = i + 1; j <= RANK_NEVER; j++)
			assert_string_not_equal(choose_rank_name(i), choose_rank_name(j));
}

/* ------------------------------------------------------------------------------------------------------------ order */

/*
 * Candidates: a letter of `kinds`, then '6' for a native IPv6 address, or '=' and a digit for the address of that candidate.
 * Results: their numbers as hexadecimal digits.
 */
static const struct row {
	const char *what, *candidates, *order;
	enum choose_reach reach;
	uint32_t failed;
	int sticky;
	int asked; /* the candidate whose address was asked for, -1: none */
	enum mpf_all_down all_down;
} rows[] = {
	{ "the order of the file", "u u u", "012", REACH_ANY, 0, -1, -1, 0 },
	{ "all ranks", "m d r k h s b u", "7654321", REACH_IPV4, 0, -1, -1, 0 },
	{ "all ranks, down ones passed", "m d r k h s b u", "765432", REACH_IPV4, 0, -1, -1, MPF_ALL_DOWN_PASS },
	{ "what failed here counts as doubted", "u u u", "120", REACH_IPV4, 1, -1, -1, 0 },
	{ "and stands after the others that are", "u b b", "120", REACH_IPV4, 1, -1, -1, 0 },
	{ "but before a suspect one", "s u", "10", REACH_IPV4, 2, -1, -1, 0 },
	{ "within a worse rank too", "d d d", "120", REACH_IPV4, 1, -1, -1, 0 },
	{ "all failed here: as if none had", "u u u", "012", REACH_IPV4, 7, -1, -1, 0 },
	{ "asked goes first", "u u u", "201", REACH_IPV4, 0, -1, 2, 0 },
	{ "asked stays behind a better rank", "u u s", "012", REACH_IPV4, 0, -1, 2, 0 },
	{ "asked and up is not moved", "u u", "10", REACH_IPV4, 0, -1, 1, 0 },
	{ "asked and failed goes behind", "u u", "01", REACH_IPV4, 2, -1, 1, 0 },
	{ "asked, down, and nothing better", "d d d", "102", REACH_IPV4, 0, -1, 1, 0 },
	{ "sticky goes before asked", "u u u", "210", REACH_IPV4, 0, 2, 1, 0 },
	{ "sticky stays behind a better rank", "u u s", "102", REACH_IPV4, 0, 2, 1, 0 },
	{ "sticky that failed here", "u u u", "102", REACH_IPV4, 4, 2, 1, 0 },
	{ "sticky that is down", "d u u", "120", REACH_IPV4, 0, 0, -1, 0 },
	{ "sticky that is maint", "m u u", "12", REACH_IPV4, 0, 0, 1, 0 },
	{ "sticky that is no candidate", "u u", "01", REACH_IPV4, 0, 7, -1, 0 },
	{ "uplinks: both of the asked address first", "u u u=1", "120", REACH_IPV4, 0, -1, 1, 0 },
	{ "uplinks: the usable one of them", "u d u=1", "201", REACH_IPV4, 0, -1, 1, 0 },
	{ "uplinks: sticky tells them apart", "u u=0 u=0", "201", REACH_IPV4, 0, 2, 0, 0 },
	{ "drain only when nothing else is", "r d", "01", REACH_IPV4, 0, -1, -1, 0 },
	{ "drain, asked, still after unknown", "r k", "10", REACH_IPV4, 0, -1, 0, 0 },
	{ "drain and down is down", "D r", "10", REACH_IPV4, 0, -1, 0, 0 },
	{ "all ways to drain", "r R K u", "3012", REACH_IPV4, 0, -1, -1, 0 },
	{ "all maint: nothing", "m M m", "", REACH_IPV4, 0, -1, 0, 0 },
	{ "all down, try", "d D d", "012", REACH_IPV4, 0, -1, -1, 0 },
	{ "all down, pass", "d D d", "", REACH_IPV4, 0, -1, 1, MPF_ALL_DOWN_PASS },
	{ "all down or maint", "d m d", "02", REACH_IPV4, 0, -1, 1, 0 },
	{ "words from the future", "x y z f", "3", REACH_IPV4, 0, -1, 0, 0 },
	{ "held after suspect", "h S H u", "3102", REACH_IPV4, 0, -1, -1, 0 },
	{ "IPv4 does not see IPv6", "u6 u u6 d6", "1", REACH_IPV4, 0, -1, -1, 0 },
	{ "V6ONLY does not see IPv4", "u6 u d6 u", "02", REACH_IPV6, 0, -1, -1, 0 },
	{ "V6ONLY and no IPv6: nothing", "u u", "", REACH_IPV6, 0, -1, -1, 0 },
	{ "IPv4 and only IPv6: nothing", "u6 u6", "", REACH_IPV4, 0, -1, -1, 0 },
	{ "native before mapped", "u u6 u u6", "1302", REACH_IPV6_MAPPED, 0, -1, -1, 0 },
	{ "a worse native one before a mapped one", "u s6 u b6", "3102", REACH_IPV6_MAPPED, 0, -1, -1, 0 },
	{ "even a drained one", "u r6", "10", REACH_IPV6_MAPPED, 0, -1, -1, 0 },
	{ "a down native one is not tried after a mapped one", "u d6", "0", REACH_IPV6_MAPPED, 0, -1, 1, 0 },
	{ "nor is it when the mapped one is down", "u d6 d", "02", REACH_IPV6_MAPPED, 0, -1, 1, 0 },
	{ "down: native, then mapped", "d d6", "10", REACH_IPV6_MAPPED, 0, -1, 1, 0 },
	{ "sticky and mapped stays behind native", "u u6", "10", REACH_IPV6_MAPPED, 0, 0, 1, 0 },
	{ "no mapped ones there", "d6 u6", "10", REACH_IPV6_MAPPED, 0, -1, 0, 0 },
	{ "only mapped ones", "d u", "10", REACH_IPV6_MAPPED, 0, -1, -1, 0 },
	{ "names: any family by rank alone", "s u6 u d6", "1203", REACH_ANY, 0, -1, -1, 0 },
	{ "sixteen", "d u u u u u u u u u u u u u u u", "f123456789abcde0", REACH_IPV4, 0, 15, -1, 0 },
	{ "one", "u", "0", REACH_IPV4, 0, -1, -1, 0 },
};

static struct snapshot snapshot_of(const struct row *row)
{
	uint32_t words[MPF_MAX_SERVICE_CANDIDATES], count = 0;
	for (const char *at = row->candidates; at; at = strchr(at, ' '), at = at ? at + 1 : NULL)
		words[count++] = kind_of(*at)->word;
	struct snapshot snapshot = fixture_snapshot(words, count);
	snapshot.service.all_down = row->all_down;
	uint32_t i = 0;
	for (const char *at = row->candidates; at; at = strchr(at, ' '), at = at ? at + 1 : NULL, i++) {
		uint8_t *address = snapshot.candidate[i].address;
		if (at[1] == '=')
			memcpy(address, snapshot.candidate[at[2] - '0'].address, 16);
		else if (at[1] == '6')
			memcpy(address, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0", 12);
	}
	return snapshot;
}

static void check_row(const struct row *row)
{
	const struct snapshot snapshot = snapshot_of(row);
	const struct choose_request request = { .reach = row->reach,
		                                .failed = row->failed,
		                                .sticky = row->sticky,
		                                .address = row->asked < 0 ? NULL
		                                                          : snapshot.candidate[row->asked].address };
	struct choose_list list;
	char order[MPF_MAX_SERVICE_CANDIDATES + 1] = "";
	memset(&list, 0xee, sizeof list);
	choose_order(&snapshot, &request, &list);
	assert_in_range(list.count, 0, MPF_MAX_SERVICE_CANDIDATES);
	for (unsigned i = 0; i < list.count; i++) {
		const uint32_t which = list.candidate[i];
		assert_in_range(which, 0, snapshot.count - 1);
		order[i] = "0123456789abcdef"[which];
		assert_int_equal(list.rank[i],
		                 choose_rank_of(snapshot.candidate[which].word, row->failed >> which & 1));
	}
	if (strcmp(order, row->order) != 0)
		fail_msg("%s: wanted %s, got %s", row->what, row->order, order);
}

static void test_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		check_row(&rows[i]);
}

/* ----------------------------------------------------------------------------------------------- the answer to a name */

/* Candidates as above; "@" after one: it has a port of its own. */
static const struct answer_row {
	const char *what, *candidates, *order;
	uint32_t failed;
	enum mpf_all_down all_down;
} answers[] = {
	{ "the order of the file", "u u6 u", "012", 0, 0 },
	{ "all ranks", "m d r k h s b u", "7654321", 0, 0 },
	{ "dead ones last, even with pass", "d u m d", "103", 0, MPF_ALL_DOWN_PASS },
	{ "only dead ones, try", "d d", "01", 0, 0 },
	{ "only dead ones, pass: libc's", "d d", "", 0, MPF_ALL_DOWN_PASS },
	{ "only maint: libc's", "m m", "", 0, 0 },
	{ "what failed here goes behind", "u u", "10", 1, 0 },
	{ "one address twice", "u u=0 u", "02", 0, 0 },
	{ "at the place of its better one", "d u u=0", "12", 0, 0 },
	{ "not one with a port of its own", "u@ u", "1", 0, 0 },
	{ "none but that: libc's", "u@", "", 0, 0 },
	{ "a dead address stands for it", "u@ d", "1", 0, MPF_ALL_DOWN_PASS },
	{ "any family", "s6 u b6 d", "1203", 0, 0 },
};

static void test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
		const struct row row = { .candidates = answers[i].candidates, .all_down = answers[i].all_down };
		struct snapshot snapshot = snapshot_of(&row);
		struct choose_list list;
		char order[MPF_MAX_SERVICE_CANDIDATES + 1] = "";
		uint32_t number = 0;
		for (const char *at = row.candidates; *at; at++) {
			number += *at == ' ';
			if (*at == '@')
				snapshot.candidate[number].port = 9443;
		}
		choose_answer(&snapshot, answers[i].failed, &list);
		for (unsigned j = 0; j < list.count; j++)
			order[j] = "0123456789abcdef"[list.candidate[j] & 15];
		if (strcmp(order, answers[i].order) != 0)
			fail_msg("%s: wanted %s, got %s", answers[i].what, answers[i].order, order);
	}
}

/* ------------------------------------------------------------------------------------- what holds for any input */

static bool reachable(enum choose_reach reach, const struct mpf_candidate *candidate)
{
	const bool ipv4 = endpoint_is_ipv4(candidate->address);
	return reach == REACH_IPV4 ? ipv4 : reach == REACH_IPV6 ? !ipv4 : true;
}

/* All usable ones that can be reached are there, once; those that are not may be so by the other rules. */
static void check_set(const struct snapshot *snapshot, const struct choose_request *request,
                      const struct choose_list *list)
{
	uint32_t seen = 0;
	for (unsigned i = 0; i < list->count; i++) {
		assert_in_range(list->candidate[i], 0, snapshot->count - 1);
		assert_false(seen >> list->candidate[i] & 1);
		seen |= 1u << list->candidate[i];
	}
	for (uint32_t i = 0; i < snapshot->count; i++) {
		const enum choose_rank rank = choose_rank_of(snapshot->candidate[i].word, request->failed >> i & 1);
		const bool reached = reachable(request->reach, &snapshot->candidate[i]), there = seen >> i & 1;
		assert_false(there && (rank == RANK_NEVER || !reached));
		assert_false(!there && rank < RANK_DOWN && reached);
	}
}

static void check_sequence(const struct snapshot *snapshot, const struct choose_request *request,
                           const struct choose_list *list)
{
	for (unsigned i = 1; i < list->count; i++) {
		const bool before = endpoint_is_ipv4(snapshot->candidate[list->candidate[i - 1]].address);
		const bool now = endpoint_is_ipv4(snapshot->candidate[list->candidate[i]].address);
		if (request->reach != REACH_IPV6_MAPPED)
			assert_true(list->rank[i - 1] <= list->rank[i]);
		else if (before == now)
			assert_true(list->rank[i - 1] <= list->rank[i]);
		else
			assert_true(now);
	}
}

static void test_any_input(void **state)
{
	(void)state;
	uint64_t seed = 0x6d70666f;
	for (int round = 0; round < 200000; round++) {
		uint32_t words[MPF_MAX_SERVICE_CANDIDATES],
			count = 1 + fixture_random(&seed) % MPF_MAX_SERVICE_CANDIDATES;
		for (uint32_t i = 0; i < count; i++)
			words[i] = fixture_random(&seed) & (round & 1 ? 0xffffff13u : 0xffffffffu);
		struct snapshot snapshot = fixture_snapshot(words, count);
		snapshot.service.all_down = fixture_random(&seed) % 3;
		for (uint32_t i = 0; i < count; i++)
			if (fixture_random(&seed) & 1)
				snapshot.candidate[i].address[0] = 0x20;
		const uint32_t which = fixture_random(&seed);
		const struct choose_request request = { .reach = which & 3,
			                                .failed = fixture_random(&seed),
			                                .sticky = (int)(which >> 2 & 31) - 2,
			                                .address = snapshot.candidate[which >> 8 & 15].address };
		struct choose_list list;
		choose_order(&snapshot, &request, &list);
		check_set(&snapshot, &request, &list);
		check_sequence(&snapshot, &request, &list);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranks),      cmocka_unit_test(test_ranks_of_all_words),
		cmocka_unit_test(test_rank_names), cmocka_unit_test(test_order),
		cmocka_unit_test(test_answers),    cmocka_unit_test(test_any_input),
	};
	return cmocka_run_group_tests_name("choose", tests, NULL, NULL);
}
