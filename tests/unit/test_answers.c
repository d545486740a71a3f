/* SPDX-License-Identifier: MIT */
#include "probe/dns/answers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

static const uint64_t start_ms = 1000 * (uint64_t)HOUR;

/* Address NUMBER: 192.0.2.NUMBER. */
static void make(uint8_t out[16], unsigned number)
{
	const uint8_t bytes[16] = { [10] = 0xff, 0xff, 192, 0, 2, (uint8_t)number };
	memcpy(out, bytes, sizeof bytes);
}

/* SOURCE answers with the addresses of these numbers, for a minute. */
static enum answers_change tell(struct answers *answers, unsigned source, const char *numbers, uint32_t down,
                                uint64_t now_ms)
{
	uint8_t addresses[ANSWERS_MOST + 2][16];
	unsigned count = 0, number;
	for (int length; sscanf(numbers, "%u%n", &number, &length) == 1; numbers += length)
		make(addresses[count++], number);
	return answers_told(answers, source, (const uint8_t(*)[16])addresses, count, 60, down, now_ms);
}

/* The list as numbers, those in brackets no longer current. */
static void is(const struct answers *answers, const char *wanted)
{
	char text[256] = "";
	for (unsigned i = 0; i < answers->count; i++)
		sprintf(text + strlen(text), answers->list[i].sources ? "%s%u" : "%s(%u)", i ? " " : "",
		        answers->list[i].address[15]);
	assert_string_equal(text, wanted);
}

static void test_changes(void **state)
{
	(void)state;
	struct answers answers = { 0 };
	assert_int_equal(tell(&answers, 0, "1 2", 0, start_ms), ANSWERS_OTHERS);
	is(&answers, "1 2");
	/* The order of an answer means nothing. */
	assert_int_equal(tell(&answers, 0, "2 1", 0, start_ms), ANSWERS_SAME);
	is(&answers, "1 2");
	assert_int_equal(tell(&answers, 0, "2 3", 0, start_ms), ANSWERS_OTHERS);
	is(&answers, "(1) 2 3");
	assert_int_equal(tell(&answers, 0, "1 3", 0, start_ms), ANSWERS_TURNED);
	is(&answers, "1 (2) 3");
	/* A second source has its own say. */
	assert_int_equal(tell(&answers, 1, "2 3", 0, start_ms), ANSWERS_TURNED);
	is(&answers, "1 2 3");
	assert_int_equal(tell(&answers, 0, "4", 0, start_ms), ANSWERS_OTHERS);
	is(&answers, "(1) 2 3 4");
	assert_int_equal(tell(&answers, 0, "3 4", 0, start_ms), ANSWERS_SAME);
}

static void test_expiry(void **state)
{
	(void)state;
	struct answers answers = { 0 };
	tell(&answers, 0, "1 2", 0, start_ms);
	tell(&answers, 0, "2", 0, start_ms + MINUTE);
	/* Too young, or not down, or both. */
	assert_false(answers_expire(&answers, 1, start_ms + ANSWERS_LEAST_MS - 1));
	assert_false(answers_expire(&answers, 0, start_ms + DAY));
	is(&answers, "(1) 2");
	assert_true(answers_expire(&answers, 1, start_ms + ANSWERS_LEAST_MS));
	is(&answers, "2");
	/* What nothing was answered in place of is kept for longer. */
	assert_false(answers_expire(&answers, 1, start_ms + MINUTE + DAY - 1));
	assert_true(answers_expire(&answers, 1, start_ms + MINUTE + DAY));
	is(&answers, "");
}

/* A TTL that is longer than what is kept anyway. */
static void test_long_ttl(void **state)
{
	(void)state;
	struct answers answers = { 0 };
	uint8_t address[1][16];
	make(address[0], 1);
	answers_told(&answers, 0, (const uint8_t(*)[16])address, 1, 3600, 0, start_ms);
	tell(&answers, 0, "2", 0, start_ms);
	assert_false(answers_expire(&answers, 1, start_ms + HOUR - 1));
	assert_true(answers_expire(&answers, 1, start_ms + HOUR));
	is(&answers, "2");
}

static void test_full(void **state)
{
	(void)state;
	struct answers answers = { 0 };
	tell(&answers, 0, "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18", 0, start_ms);
	is(&answers, "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16");
	/* Nothing goes that is alive, or was current a moment ago; nor does a new one push out another of its own answer. */
	tell(&answers, 0, "20 1", ~1u, start_ms + SECOND);
	is(&answers, "1 (3) (4) (5) (6) (7) (8) (9) (10) (11) (12) (13) (14) (15) (16) 20");
	tell(&answers, 0, "21 1 20", 0, start_ms + SECOND);
	is(&answers, "1 (3) (4) (5) (6) (7) (8) (9) (10) (11) (12) (13) (14) (15) (16) 20");
	/* One that is down goes first, and then the one that was told longest ago, if that is long. */
	tell(&answers, 0, "21 1 20", 1 << 4, start_ms + 2 * SECOND);
	is(&answers, "1 (3) (4) (5) (7) (8) (9) (10) (11) (12) (13) (14) (15) (16) 20 21");
	tell(&answers, 0, "22 1 20", 0, start_ms + HOUR);
	is(&answers, "1 (4) (5) (7) (8) (9) (10) (11) (12) (13) (14) (15) (16) 20 (21) 22");
	/* Two new ones, two that are down: places move when one goes. */
	tell(&answers, 0, "23 24 1", 1 << 1 | 1 << 3, start_ms + HOUR);
	is(&answers, "1 (5) (8) (9) (10) (11) (12) (13) (14) (15) (16) (20) (21) (22) 23 24");
}

static void test_no_server(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"::ffff:0.0.0.0", "::ffff:224.0.0.1", "::ffff:255.255.255.255", "::",
		"ff02::1",        "fe80::1",          "::ffff:0.1.2.3",         "::ffff:239.255.255.250"
	};
	struct answers answers = { 0 };
	tell(&answers, 0, "1", 0, start_ms);
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		uint8_t address[2][16];
		assert_int_equal(inet_pton(AF_INET6, texts[i], address[0]), 1);
		assert_false(answers_told(&answers, 0, (const uint8_t(*)[16])address, 1, 60, 0, start_ms));
		is(&answers, "1"); /* as if it had not answered */
		make(address[1], 1);
		assert_false(answers_told(&answers, 0, (const uint8_t(*)[16])address, 2, 60, 0, start_ms));
		is(&answers, "1");
	}
	assert_false(answers_told(&answers, 0, NULL, 0, 60, 0, start_ms));
	is(&answers, "1");
}

static void test_seed(void **state)
{
	(void)state;
	struct answers answers = { 0 };
	uint8_t address[16];
	for (unsigned number = 1; number <= 3; number++) {
		make(address, number);
		answers_seed(&answers, address, number == 2 ? 0 : 1, start_ms);
	}
	answers_seed(&answers, address, 1, start_ms);
	is(&answers, "1 (2) 3");
	assert_true(tell(&answers, 0, "3 4", 0, start_ms));
	is(&answers, "(1) (2) 3 4");
	for (unsigned number = 5; number < 40; number++) {
		make(address, number);
		answers_seed(&answers, address, 1, start_ms);
	}
	assert_int_equal(answers.count, ANSWERS_MOST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes), cmocka_unit_test(test_expiry),    cmocka_unit_test(test_long_ttl),
		cmocka_unit_test(test_full),    cmocka_unit_test(test_no_server), cmocka_unit_test(test_seed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
