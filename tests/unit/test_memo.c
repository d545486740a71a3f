/* SPDX-License-Identifier: MIT */
#include "preload/memo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fixture.h"

static const uint32_t up[MPF_MAX_SERVICE_CANDIDATES]; /* verdicts do not matter here */

/* COUNT candidates whose addresses no other test uses, since what this process remembers outlives a test. */
static struct snapshot snapshot_of(uint32_t count)
{
	static uint8_t tests;
	struct snapshot snapshot = fixture_snapshot(up, count);
	tests++;
	for (uint32_t i = 0; i < count; i++)
		snapshot.candidate[i].address[14] = tests;
	return snapshot;
}

static struct endpoint asked_of(const struct mpf_candidate *candidate, uint16_t port)
{
	struct endpoint asked = { .port = port };
	memcpy(asked.address, candidate->address, sizeof asked.address);
	return asked;
}

/* Each starting time, so that the clock comes round within the test and within the stored bits. */
static const uint32_t times[] = {
	1,          1000, 0xfffff,        0x100000 - 500,      0x7fffffff, 0xffffffff - 500,
	0xffffffff, 0,    0x04000000 - 1, 64 * 0x100000 - 100,
};

static void test_failed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		const uint32_t now = times[i];
		struct snapshot snapshot = snapshot_of(3);
		assert_int_equal(memo_failed(&snapshot, 443, now), 0);
		memo_note_failed(&snapshot.candidate[1], 443, now, false);
		assert_int_equal(memo_failed(&snapshot, 443, now), 2);
		assert_int_equal(memo_failed(&snapshot, 443, now + 999), 2);
		assert_int_equal(memo_failed(&snapshot, 443, now + 1000), 0);
		assert_int_equal(memo_failed(&snapshot, 443, now + 60000), 0);
		memo_note_failed(&snapshot.candidate[1], 443, now + 60000, false);
		memo_note_failed(&snapshot.candidate[2], 443, now + 60000, false);
		assert_int_equal(memo_failed(&snapshot, 443, now + 60001), 6);
		memo_note_worked(&snapshot.candidate[1], 443);
		assert_int_equal(memo_failed(&snapshot, 443, now + 60001), 4);
		memo_note_worked(&snapshot.candidate[0], 443); /* never failed: nothing to forget */
		assert_int_equal(memo_failed(&snapshot, 443, now + 60001), 4);
	}
}

/* The daemon knows, so the table's word counts again after a moment; but not after five in a row, with less than a second between
 * them and no success. */
static void test_told(void **state)
{
	(void)state;
	struct snapshot snapshot = snapshot_of(2);
	const struct mpf_candidate *candidate = &snapshot.candidate[1];
	uint32_t now = 5000;
	for (uint32_t i = 0; i < 4; i++, now += 500) {
		memo_note_failed(candidate, 443, now, true);
		assert_int_equal(memo_failed(&snapshot, 443, now + 3), 2);
		assert_int_equal(memo_failed(&snapshot, 443, now + 4), 0);
	}
	memo_note_failed(candidate, 443, now, true);
	assert_int_equal(memo_failed(&snapshot, 443, now + 999), 2);
	assert_int_equal(memo_failed(&snapshot, 443, now + 1000), 0);
	now += 1000;
	memo_note_failed(candidate, 443, now, true); /* begins anew */
	assert_int_equal(memo_failed(&snapshot, 443, now + 4), 0);
	for (uint32_t i = 0; i < 9; i++) {
		memo_note_failed(candidate, 443, now, true);
		memo_note_failed(candidate, 443, now, true);
		memo_note_worked(candidate, 443);
		assert_int_equal(memo_failed(&snapshot, 443, now + 4), 0);
	}
}

static void test_failed_tells_apart(void **state)
{
	(void)state;
	struct snapshot snapshot = snapshot_of(4);
	for (uint32_t i = 1; i < 4; i++)
		memcpy(snapshot.candidate[i].address, snapshot.candidate[0].address, 16);
	for (uint32_t i = 1; i < 3; i++) {
		snapshot.candidate[i].has_source = 1;
		snapshot.candidate[i].source[15] = (uint8_t)i;
	}
	snapshot.candidate[3].port = 8443;
	for (uint32_t i = 0; i < 4; i++) {
		memo_note_failed(&snapshot.candidate[i], 443, 5000, false);
		assert_int_equal(memo_failed(&snapshot, 443, 5000), 1u << i);
		memo_note_worked(&snapshot.candidate[i], 443);
	}
}

static void test_sticky(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		const uint32_t now = times[i];
		struct snapshot snapshot = snapshot_of(3);
		const struct endpoint control = asked_of(&snapshot.candidate[0], 21);
		const struct endpoint data = asked_of(&snapshot.candidate[0], 30021);
		const struct endpoint other = asked_of(&snapshot.candidate[1], 30021);
		assert_int_equal(memo_sticky(&snapshot, &data, now), -1);
		memo_note_moved(&control, &snapshot.candidate[2], now);
		assert_int_equal(memo_sticky(&snapshot, &data, now), 2);
		assert_int_equal(memo_sticky(&snapshot, &control, now), -1); /* the same port chooses anew */
		assert_int_equal(memo_sticky(&snapshot, &other, now), -1);
		assert_int_equal(memo_sticky(&snapshot, &data, now + 59000), 2);
		assert_int_equal(memo_sticky(&snapshot, &data, now + 60100), -1);
		memo_note_moved(&control, &snapshot.candidate[1], now + 1000); /* the last one counts */
		assert_int_equal(memo_sticky(&snapshot, &data, now + 1000), 1);
		snapshot.service.stick_ms = 0;
		assert_int_equal(memo_sticky(&snapshot, &data, now + 1000), -1);
		snapshot.service.stick_ms = 60000;
		snapshot.candidate[1].address[12] ^= 1; /* it left the configuration */
		assert_int_equal(memo_sticky(&snapshot, &data, now + 1000), -1);
	}
}

/* A connection that stayed where it was asked for ends a move of the same port, and no other. */
static void test_stayed(void **state)
{
	(void)state;
	struct snapshot snapshot = snapshot_of(3);
	const struct endpoint control = asked_of(&snapshot.candidate[0], 21);
	const struct endpoint data = asked_of(&snapshot.candidate[0], 30021);
	const struct endpoint other = asked_of(&snapshot.candidate[1], 21);
	memo_note_stayed(&control); /* nothing to end */
	memo_note_moved(&control, &snapshot.candidate[2], 9000);
	memo_note_stayed(&data);
	memo_note_stayed(&other);
	assert_int_equal(memo_sticky(&snapshot, &data, 9000), 2);
	memo_note_stayed(&control);
	assert_int_equal(memo_sticky(&snapshot, &data, 9000), -1);
}

/* More things than places: some are forgotten, none is taken for another's. */
static void test_collisions(void **state)
{
	(void)state;
	struct snapshot snapshot = fixture_snapshot(up, 1), other = snapshot;
	unsigned kept = 0;
	for (uint32_t i = 0; i < 4096; i++) {
		snprintf((char *)snapshot.candidate[0].address, 16, "many%u", i);
		memo_note_failed(&snapshot.candidate[0], 443, 7000, false);
		assert_int_equal(memo_failed(&snapshot, 443, 7000), 1);
	}
	for (uint32_t i = 0; i < 4096; i++) {
		snprintf((char *)snapshot.candidate[0].address, 16, "many%u", i);
		snprintf((char *)other.candidate[0].address, 16, "other%u", i);
		kept += memo_failed(&snapshot, 443, 7000);
		memo_note_worked(&other.candidate[0], 443);
	}
	assert_in_range(kept, 1, 256 + 16); /* places, and a few whose bits are alike */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_failed), cmocka_unit_test(test_told),   cmocka_unit_test(test_failed_tells_apart),
		cmocka_unit_test(test_sticky), cmocka_unit_test(test_stayed), cmocka_unit_test(test_collisions),
	};
	return cmocka_run_group_tests_name("memo", tests, NULL, NULL);
}
