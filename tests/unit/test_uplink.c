/* SPDX-License-Identifier: MIT */
#include "probe/uplink/uplink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 8 };

/* Candidates as words: the uplink ('a', 'b', or '-' for none), the server's number, and 'u'p, 'd'own in silence, down by a
 * 'r'efusal, '?' unknown, 's'uspect, or up, but not yet to 'h'old. */
static size_t read_members(const char *text, struct uplink_member members[MOST])
{
	static uint8_t addresses[10][16];
	size_t count = 0;
	for (; *text; text += text[3] ? 4 : 3) {
		const int server = text[1] - '0';
		const char state = text[2];
		addresses[server][15] = (uint8_t)server;
		members[count++] = (struct uplink_member){
			.uplink = text[0] == '-' ? 0 : (uint32_t)(text[0] - 'a') + 1,
			.address = addresses[server],
			.port = 443,
			.verdict = strchr("uh", state)   ? MPF_UP
			           : strchr("dr", state) ? MPF_DOWN
			           : state == 's'        ? MPF_SUSPECT
			                                 : MPF_UNKNOWN,
			.settled = state == 'u',
			.silent = state != 'r',
		};
	}
	return count;
}

static void test_is_down(void **state)
{
	(void)state;
	static const struct {
		const char *members;
		bool was, is; /* uplink a */
	} cases[] = {
		{ "", false, false },
		{ "", true, false }, /* the configuration has no candidate for it any more */
		{ "a1u b1u", false, false },
		/* The same server lives by another way: whatever the failure looks like. */
		{ "a1d b1u", false, true },
		{ "a1r b1u", false, true },
		{ "a1d -1u", false, true },
		{ "a1d a2d b1d b2u", false, true },
		/* Not all of them, or not yet. */
		{ "a1d a2u b1u b2u", false, false },
		{ "a1d a2s b1u b2u", false, false },
		{ "a1d a2? b1u b2u", false, false },
		/* Nobody lives: it need not be the uplink. */
		{ "a1d", false, false },
		{ "a1d b1d", false, false },
		{ "a1d a2d b1d b2s", false, false },
		/* The server is dead by every way, and another one lives. */
		{ "a1d b1d -2u", false, false },
		{ "a1r b1r -2u", false, false },
		/* Servers that are reached by one way only. */
		{ "a1d b2u", false, true },
		{ "a1r b2u", false, false },
		{ "a1r a3r b2u", false, true },
		{ "a1r a1r b2u", false, false },
		{ "a1d -2u", false, true },
		/* One that is dead by every way hides nothing. */
		{ "a1d b1d a2d b3u", false, true },
		{ "a1d b1d a2r b3u", false, false },
		/* Down it stays, until one is up to stay. */
		{ "a1d b1d", true, true },
		{ "a1r b1d", true, true },
		{ "a1h b1u", true, true },
		{ "a1s b1u", true, true },
		{ "a1? b1u", true, true },
		{ "a1u b1d", true, false },
		{ "a1u a2d b1u b2u", true, false },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct uplink_member members[MOST];
		size_t count = read_members(cases[i].members, members);
		if (uplink_is_down(cases[i].was, 1, members, count) != cases[i].is)
			fail_msg("\"%s\", %s so far: should be %s", cases[i].members, cases[i].was ? "down" : "up",
			         cases[i].is ? "down" : "up");
	}
}

/* Another port is another server, which may be dead by itself. */
static void test_ports(void **state)
{
	(void)state;
	struct uplink_member members[MOST];
	size_t count = read_members("a1r b1u", members);
	members[1].port = 80;
	assert_false(uplink_is_down(false, 1, members, count));
	members[1].port = 443;
	assert_true(uplink_is_down(false, 1, members, count));
	assert_false(uplink_is_down(false, 2, members, count));
}

static void test_silence(void **state)
{
	(void)state;
	static const enum mpf_reason silent[] = { MPF_REASON_TIMEOUT, MPF_REASON_UNREACHABLE, MPF_REASON_CANARIES };
	for (size_t i = 0; i < sizeof silent / sizeof silent[0]; i++)
		assert_true(uplink_is_silence(silent[i]));
	assert_false(uplink_is_silence(MPF_REASON_REFUSED));
	assert_false(uplink_is_silence(MPF_REASON_STATUS));
	assert_false(uplink_is_silence(MPF_REASON_CERT_NAME));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is_down),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_silence),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
