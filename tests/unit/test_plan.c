/* SPDX-License-Identifier: MIT */
#include "preload/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "preload/endpoint.h"
#include "tests/unit/fixture.h"

static const uint32_t up[MPF_MAX_SERVICE_CANDIDATES]; /* verdicts do not matter here */

/* FAMILIES: a 4 or a 6 for each candidate, in the order to try. */
static void set_up(struct snapshot *snapshot, struct choose_list *list, const char *families)
{
	*snapshot = fixture_snapshot(up, (uint32_t)strlen(families));
	*list = (struct choose_list){ .count = snapshot->count };
	snapshot->service.attempt_floor_ms = 25;
	snapshot->service.attempt_ceiling_ms = 1000;
	for (uint32_t i = 0; i < snapshot->count; i++) {
		list->candidate[i] = (uint8_t)i;
		snapshot->candidate[i].handshake_us = 10000;
		if (families[i] == '6')
			memcpy(snapshot->candidate[i].address, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0", 12);
	}
}

/* -------------------------------------------------------------------------------------------------- order and rounds */

/*
 * OUTCOMES: how one attempt after the other ends, s: silent, f: failed.  ORDER: the positions that are tried, and '.' when none is left;
 * the digit after each is its round.
 */
static const struct row {
	const char *what, *families, *outcomes, *order;
	enum choose_reach reach;
} rows[] = {
	{ "one that fails", "4", "f", "00.", REACH_IPV4 },
	{ "one that is silent, for ever", "4", "ssss", "00010203", REACH_IPV4 },
	{ "all fail", "444", "fff", "001020.", REACH_IPV4 },
	{ "all are silent", "444", "sssssss", "00102001112102", REACH_IPV4 },
	{ "what failed is not tried again", "444", "sfssss", "001020012102", REACH_IPV4 },
	{ "the first failed", "444", "fssss", "0010201121", REACH_IPV4 },
	{ "the last failed", "444", "ssfssss", "00102001110212", REACH_IPV4 },
	{ "fails in a later round", "44", "sssfss", "001001110203", REACH_IPV4 },
	{ "all fail in the end", "44", "ssff", "00100111.", REACH_IPV4 },
	{ "fail in different rounds", "444", "sfssff", "001020012102.", REACH_IPV4 },
	{ "native ones, over and over", "66", "ssss", "00100111", REACH_IPV6_MAPPED },
	{ "never back to a native one", "664", "sssss", "0010202122", REACH_IPV6_MAPPED },
	{ "nor when the mapped one fails", "664", "ssf", "001020.", REACH_IPV6_MAPPED },
	{ "nor when one of two fails", "644", "ssfs", "00102011", REACH_IPV6_MAPPED },
	{ "a native one behind a mapped one in the list", "646", "ss", "0010", REACH_IPV6_MAPPED },
	{ "V6ONLY comes back to native ones", "66", "ssss", "00100111", REACH_IPV6 },
	{ "IPv4 comes back to the first", "44", "ssss", "00100111", REACH_IPV4 },
	{ "sixteen", "4444444444444444", "ffffffffffffffff", "00102030405060708090a0b0c0d0e0f0.", REACH_IPV4 },
};

static void check_row(const struct row *row)
{
	struct snapshot snapshot;
	struct choose_list list;
	struct plan plan;
	uint64_t wait_us;
	char order[64] = "";
	set_up(&snapshot, &list, row->families);
	plan_start(&plan, &snapshot, &list, row->reach);
	for (const char *outcome = row->outcomes;; outcome++) {
		const int position = plan_next(&plan, &wait_us);
		if (position < 0) {
			strcat(order, ".");
			break;
		}
		if (!*outcome)
			break;
		const char step[] = { "0123456789abcdef"[position], (char)('0' + plan.round), '\0' };
		strcat(order, step);
		assert_int_equal(wait_us, plan_wait_us(10000, 25, 1000, plan.round));
		if (*outcome == 's')
			plan_note_silent(&plan, position);
		else
			plan_note_failed(&plan, position);
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

/* The list says who is at a position. */
static void test_order_is_the_lists(void **state)
{
	struct snapshot snapshot;
	struct choose_list list;
	struct plan plan;
	uint64_t wait_us;
	(void)state;
	set_up(&snapshot, &list, "44");
	list.candidate[0] = 1;
	list.candidate[1] = 0;
	snapshot.candidate[1].handshake_us = 20000;
	plan_start(&plan, &snapshot, &list, REACH_IPV4);
	assert_int_equal(plan_next(&plan, &wait_us), 0);
	assert_int_equal(wait_us, 60000);
	assert_int_equal(plan_next(&plan, &wait_us), 1);
	assert_int_equal(wait_us, 30000);
}

static void test_round_done(void **state)
{
	struct snapshot snapshot;
	struct choose_list list;
	struct plan plan;
	uint64_t wait_us;
	(void)state;
	set_up(&snapshot, &list, "444");
	plan_start(&plan, &snapshot, &list, REACH_IPV4);
	assert_false(plan_round_done(&plan));
	for (int i = 0; i < 3; i++) {
		assert_int_equal(plan_next(&plan, &wait_us), i);
		assert_int_equal(plan_round_done(&plan),
		                 i == 2); /* with the last one under way nobody is kept waiting */
		plan_note_silent(&plan, i);
	}
	assert_int_equal(plan_next(&plan, &wait_us), 0);
	assert_true(plan_round_done(&plan));
}

/* One walk with chance outcomes. */
static void walk(uint64_t *chance)
{
	struct snapshot snapshot;
	struct choose_list list;
	struct plan plan;
	uint64_t wait_us;
	char families[MPF_MAX_SERVICE_CANDIDATES + 1] = "";
	bool failed[MPF_MAX_SERVICE_CANDIDATES] = { false }, tried[MPF_MAX_SERVICE_CANDIDATES] = { false },
	     mapped = false;
	const unsigned count = 1 + fixture_random(chance) % MPF_MAX_SERVICE_CANDIDATES;
	unsigned round = 0;
	int last = -1, position;
	for (unsigned i = 0; i < count; i++)
		families[i] = fixture_random(chance) % 2 ? '4' : '6';
	set_up(&snapshot, &list, families);
	plan_start(&plan, &snapshot, &list, REACH_IPV6_MAPPED);
	for (int step = 0; step < 80 && (position = plan_next(&plan, &wait_us)) >= 0; step++) {
		assert_in_range(position, 0, count - 1);
		assert_false(failed[position]);
		assert_false(mapped && families[position] == '6');
		assert_in_range(plan.round, round, round + 1);
		assert_true(plan.round > round || position > last);
		assert_true(plan.round == 0 || tried[position]);
		assert_int_equal(wait_us, plan_wait_us(10000, 25, 1000, plan.round));
		round = plan.round;
		last = position;
		tried[position] = true;
		mapped |= families[position] == '4';
		failed[position] = fixture_random(chance) % 4 == 0;
		if (failed[position])
			plan_note_failed(&plan, position);
		else
			plan_note_silent(&plan, position);
	}
	for (unsigned i = 0; i < count && position < 0; i++)
		assert_true(failed[i] || (mapped && families[i] == '6'));
}

static void test_any_walk(void **state)
{
	uint64_t chance = 0x9e3779b97f4a7c15;
	(void)state;
	for (int i = 0; i < 5000; i++)
		walk(&chance);
}

/* ---------------------------------------------------------------------------------------------------------- deadlines */

static void test_wait(void **state)
{
	static const struct {
		uint32_t handshake_us, floor_ms, ceiling_ms;
		unsigned round;
		uint64_t wait_us;
	} waits[] = {
		{ 0, 25, 1000, 0, 1000000 },  /* never measured */
		{ 1, 25, 1000, 0, 25000 },    /* loopback */
		{ 8333, 25, 1000, 0, 25000 }, /* at the floor */
		{ 8334, 25, 1000, 0, 25002 },
		{ 20000, 25, 1000, 0, 60000 },
		{ 333333, 25, 1000, 0, 999999 },
		{ 333334, 25, 1000, 0, 1000000 }, /* at the ceiling */
		{ UINT32_MAX, 25, 1000, 0, 1000000 },
		{ 1, 25, 1000, 1, 50000 }, /* doubled */
		{ 1, 25, 1000, 2, 100000 },
		{ 1, 25, 1000, 5, 800000 },
		{ 1, 25, 1000, 8, 6400000 },
		{ 1, 25, 1000, 9, 8000000 }, /* eight ceilings, */
		{ 0, 25, 1000, 3, 8000000 },
		{ 0, 25, 1000, 4, 8000000 },
		{ 0, 25, 1000, UINT32_MAX, 8000000 }, /* and no more */
		{ 0, 1, 1, 0, 1000 },
		{ 5000, 1, 1, 3, 8000 },
		{ UINT32_MAX, 60000, 60000, 3, 480000000 },
		{ 0, 1, 60000, 0, 60000000 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
		const uint64_t wait_us =
			plan_wait_us(waits[i].handshake_us, waits[i].floor_ms, waits[i].ceiling_ms, waits[i].round);
		if (wait_us != waits[i].wait_us)
			fail_msg("row %zu: wanted %lu, got %lu", i, (unsigned long)waits[i].wait_us,
			         (unsigned long)wait_us);
	}
}

/* As measured with net.ipv4.tcp_syn_linear_timeouts = 4: the kernel ends a connect() at the first of its retries, of which the first five
 * come every second, that is not before 1 + 2 + 4 ... seconds have passed. */
static void test_patience(void **state)
{
	static const struct {
		int retries;
		uint64_t seconds;
	} measured[] = { { 1, 3 }, { 2, 7 }, { 3, 19 }, { 4, 35 }, { 5, 67 }, { 6, 131 } };
	(void)state;
	for (size_t i = 0; i < sizeof measured / sizeof *measured; i++)
		assert_int_equal(plan_patience_us(measured[i].retries), measured[i].seconds * 1000000);
	assert_int_equal(plan_patience_us(0), plan_patience_us(1)); /* not known: short, not for ever */
	assert_int_equal(plan_patience_us(-1), plan_patience_us(1));
	assert_int_equal(plan_patience_us(255), plan_patience_us(16)); /* a day and a half, and no overflow */
	assert_true(plan_patience_us(16) > 86400ull * 1000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),      cmocka_unit_test(test_order_is_the_lists),
		cmocka_unit_test(test_round_done), cmocka_unit_test(test_any_walk),
		cmocka_unit_test(test_wait),       cmocka_unit_test(test_patience),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
