/* SPDX-License-Identifier: MIT */
#include "probe/page/history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t boot_id[40] = "2f6b8a1e-0000-4000-8000-000000000001";
static const uint8_t other_boot[40] = "2f6b8a1e-0000-4000-8000-000000000002";

static struct history *history;

static int set_up(void **state)
{
	(void)state;
	history = calloc(1, sizeof *history);
	history_start(history, boot_id);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	free(history);
	return 0;
}

static struct history_identity identity(unsigned number)
{
	struct history_identity it = { .port = number, .service = "s", .candidate = "c", .uplink = "u" };
	it.address[15] = (uint8_t)number;
	return it;
}

/* The rows of candidates FIRST to FIRST + COUNT - 1. */
static void claim(unsigned first, uint32_t count, uint32_t now_s, struct history_row **rows)
{
	static struct history_identity wanted[HISTORY_ROWS];
	for (uint32_t i = 0; i < count; i++)
		wanted[i] = identity(first + i);
	history_claim(history, wanted, count, now_s, rows);
}

static void test_states(void **state)
{
	(void)state;
	static const struct {
		uint32_t word;
		enum history_state is;
	} cases[] = {
		{ MPF_WORD(MPF_UP, MPF_READY, 0, 0, 0), HISTORY_UP },
		{ MPF_WORD(MPF_UP, MPF_READY, MPF_DOUBTED | MPF_HELD, 3, 9), HISTORY_UP },
		{ MPF_WORD(MPF_SUSPECT, MPF_READY, 0, 0, 0), HISTORY_SUSPECT },
		{ MPF_WORD(MPF_DOWN, MPF_READY, 0, 0, 0), HISTORY_DOWN },
		{ MPF_WORD(MPF_UNKNOWN, MPF_READY, 0, 0, 0), HISTORY_UNKNOWN },
		{ MPF_WORD(7, MPF_READY, 0, 0, 0), HISTORY_UNKNOWN },
		{ MPF_WORD(MPF_UP, MPF_DRAIN, 0, 0, 0), HISTORY_OUT },
		{ MPF_WORD(MPF_DOWN, MPF_MAINT, 0, 0, 0), HISTORY_OUT },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(history_state_of(cases[i].word), cases[i].is);
	assert_string_equal(history_state_name(HISTORY_OUT), "out");
	assert_string_equal(history_state_name(HISTORY_NOTHING), "nothing");
	assert_string_equal(history_state_name((enum history_state)99), "?");
}

/* Steps through time, and what the bucket of some age then is. */
static void test_buckets(void **state)
{
	(void)state;
	static const struct {
		uint32_t now_s;
		enum history_state is;
		uint32_t seconds, look_s, age;
		enum history_state worst;
		unsigned bad_seconds; /* of that worst state */
	} steps[] = {
		{ 1000000, HISTORY_UP, 1, 1000000, 0, HISTORY_UP, 1 },
		{ 1000001, HISTORY_UP, 1, 1000001, 0, HISTORY_UP, 2 },
		{ 1000002, HISTORY_DOWN, 1, 1000002, 0, HISTORY_DOWN, 1 },
		{ 1000003, HISTORY_UP, 1, 1000003, 0, HISTORY_DOWN, 1 },
		/* the next period */
		{ 1000300, HISTORY_UP, 1, 1000300, 0, HISTORY_UP, 1 },
		{ 1000300, HISTORY_UP, 0, 1000300, 1, HISTORY_DOWN, 1 },
		/* a pause of one period leaves a gap */
		{ 1000900, HISTORY_SUSPECT, 5, 1000900, 0, HISTORY_SUSPECT, 5 },
		{ 1000900, HISTORY_UP, 0, 1000900, 1, HISTORY_NOTHING, 0 },
		{ 1000900, HISTORY_UP, 0, 1000900, 3, HISTORY_DOWN, 1 },
		/* seen later on, without anything new */
		{ 1000900, HISTORY_UP, 0, 1001500, 0, HISTORY_NOTHING, 0 },
		{ 1000900, HISTORY_UP, 0, 1001500, 2, HISTORY_SUSPECT, 5 },
		/* 24 hours on, all of that is gone */
		{ 1000900 + 86400, HISTORY_UP, 1, 1000900 + 86400, 287, HISTORY_NOTHING, 0 },
		{ 1000900 + 86400, HISTORY_UP, 0, 1000900 + 86400, 0, HISTORY_UP, 1 },
		/* the clock is set back, which it cannot be: begun anew */
		{ 500000, HISTORY_OUT, 1, 500000, 0, HISTORY_OUT, 1 },
		{ 500000, HISTORY_OUT, 0, 500000, 287, HISTORY_NOTHING, 0 },
	};
	struct history_row row = { 0 };
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		history_add(&row, steps[i].now_s, steps[i].is, steps[i].seconds, 0);
		const struct history_bucket *bucket = history_bucket(&row, steps[i].look_s, steps[i].age);
		assert_int_equal(history_worst(bucket), steps[i].worst);
		if (bucket)
			assert_int_equal(bucket->seconds[steps[i].worst], steps[i].bad_seconds);
	}
}

static void test_bounds(void **state)
{
	(void)state;
	struct history_row row = { 0 };
	for (int i = 0; i < 5000; i++)
		history_add(&row, 600000, HISTORY_UP, 1, 1000 + (uint32_t)(i & 1) * 1000);
	const struct history_bucket *bucket = history_bucket(&row, 600000, 0);
	assert_int_equal(bucket->seconds[HISTORY_UP], HISTORY_BUCKET_S);
	assert_int_equal(bucket->samples, 5000);
	assert_int_equal(bucket->sum_us / bucket->samples, 1500);
	assert_int_equal(bucket->max_us, 2000);
	for (int i = 0; i < 70000; i++)
		history_add(&row, 600000, HISTORY_UP, 1, UINT32_MAX);
	assert_int_equal(bucket->samples, 5000); /* what does not fit is not counted */
	assert_int_equal(bucket->max_us, UINT32_MAX);
	for (int i = 0; i < 70000; i++)
		history_add(&row, 600000, HISTORY_UP, 1, 1);
	assert_int_equal(bucket->samples, UINT16_MAX);
	assert_null(history_bucket(&row, 600000, HISTORY_BUCKETS));
	assert_null(history_bucket(&row, 600000, UINT32_MAX));
	/* a machine that was started a moment ago */
	struct history_row young = { 0 };
	history_add(&young, 10, HISTORY_UP, 1, 0);
	assert_non_null(history_bucket(&young, 10, 0));
	assert_null(history_bucket(&young, 10, 1));
}

static void test_day(void **state)
{
	(void)state;
	struct history_row row = { 0 };
	for (uint32_t now_s = 1; now_s <= 2 * 86400; now_s++)
		history_add(&row, now_s, now_s / 3600 % 24 == 3 ? HISTORY_DOWN : HISTORY_UP, 1, now_s % 1000 + 1);
	unsigned down = 0, up = 0;
	for (uint32_t age = 0; age < HISTORY_BUCKETS; age++) {
		const struct history_bucket *bucket = history_bucket(&row, 2 * 86400, age);
		down += bucket ? bucket->seconds[HISTORY_DOWN] : 0;
		up += bucket ? bucket->seconds[HISTORY_UP] : 0;
	}
	assert_int_equal(down, 3600);
	assert_int_equal(up, 86400 - 3600 - HISTORY_BUCKET_S + 1);
}

/* Rows are found again, whatever the order; those of others are taken when there is no other left, the oldest first. */
static void test_claims(void **state)
{
	(void)state;
	static struct history_row *rows[HISTORY_ROWS], *again[HISTORY_ROWS];
	struct history_row copy;
	claim(0, 3, 1000, rows);
	history_add(rows[1], 1000, HISTORY_DOWN, 7, 0);
	assert_true(rows[0] != rows[1] && rows[1] != rows[2] && rows[0] != rows[2]);
	claim(1, 2, 1001, again);
	assert_ptr_equal(again[0], rows[1]);
	assert_ptr_equal(again[1], rows[2]);
	claim(1, 1024, 2000, again);
	assert_ptr_equal(again[0], rows[1]);
	assert_int_equal(history_bucket(again[0], 2000, 3)->seconds[HISTORY_DOWN], 7);
	const struct history_identity gone = identity(0), here = identity(1);
	assert_false(history_copy(history, &gone, &copy));
	assert_true(history_copy(history, &here, &copy));
	assert_int_equal(history_bucket(&copy, 2000, 3)->seconds[HISTORY_DOWN], 7);
	for (unsigned i = 0; i < 1024; i++)
		history_add(again[i], i < 512 ? 2000 : 9000, HISTORY_UP, 1, 0);
	claim(5000, 512, 9001, rows);
	for (unsigned i = 0; i < 512; i++)
		assert_true(rows[i] >= history->rows && rows[i] < history->rows + HISTORY_ROWS);
	const struct history_identity old = identity(1), recent = identity(1024);
	assert_false(history_copy(history, &old, &copy));
	assert_true(history_copy(history, &recent, &copy));
	assert_int_equal(history->generation % 2, 0);
}

static void test_same_identity_twice(void **state)
{
	(void)state;
	const struct history_identity wanted[2] = { identity(1), identity(1) };
	struct history_row *rows[2];
	history_claim(history, wanted, 2, 1000, rows);
	assert_ptr_not_equal(rows[0], rows[1]);
}

static void test_sound(void **state)
{
	(void)state;
	struct history_row *row, copy;
	const struct history_identity one = identity(1);
	assert_true(history_is_sound(history, boot_id));
	assert_false(history_is_sound(history, other_boot));
	assert_false(history_is_sound(history, (const uint8_t[40]){ 0 }));
	claim(1, 1, 1000, &row);
	history->version++;
	assert_false(history_is_sound(history, boot_id));
	history_start(history, other_boot);
	assert_true(history_is_sound(history, other_boot));
	assert_false(history_copy(history, &one, &copy));
	history->generation = 7; /* a writer that was killed in between: a reader gives up, the next one goes on */
	claim(1, 1, 1000, &row);
	assert_true(history_copy(history, &one, &copy));
	history->generation |= 1;
	assert_false(history_copy(history, &one, &copy));
}

/* Whatever stands in a file of the right kind: nothing is read or written beyond it. */
static void test_damage(void **state)
{
	(void)state;
	static struct history_row *rows[HISTORY_ROWS];
	uint32_t noise = 1;
	for (int round = 0; round < 20; round++) {
		unsigned char *bytes = (unsigned char *)history->hashes;
		for (size_t i = 0; i < sizeof *history - offsetof(struct history, hashes); i += 7) {
			noise = noise * 1664525u + 1013904223u;
			bytes[i] = (unsigned char)(noise >> 24);
		}
		claim(0, HISTORY_ROWS, 100000, rows);
		for (unsigned i = 0; i < HISTORY_ROWS; i++) {
			assert_true(rows[i] >= history->rows && rows[i] < history->rows + HISTORY_ROWS);
			history_add(rows[i], 100000, HISTORY_UP, 1, 1);
			for (uint32_t age = 0; age < HISTORY_BUCKETS + 2; age++)
				assert_in_range(history_worst(history_bucket(rows[i], 100000, age)), HISTORY_UP,
				                HISTORY_NOTHING);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_buckets),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_day),
		cmocka_unit_test_setup_teardown(test_claims, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_same_identity_twice, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_sound, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_damage, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
