/* SPDX-License-Identifier: MIT */
/* getaddrinfo() from the table, against what libc says of the same addresses as numbers. */
#include "preload/names.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "preload/memo.h"
#include "preload/view.h"
#include "tests/unit/names_world.h"
#include "tests/unit/next_libc.h"

enum { MOST = 16 };

/* A question, and the addresses that are to be the answer to it, in order. */
struct question {
	const char *node, *service;
	const struct addrinfo *hints;
	const char *const *addresses;
};

static const char *describe(const struct question *question)
{
	static char text[256];
	const struct addrinfo *hints = question->hints;
	int length = snprintf(text, sizeof text, "%s service %s ", question->node,
	                      question->service ? question->service : "NULL");
	if (hints)
		snprintf(text + length, sizeof text - (size_t)length, "family %d socktype %d protocol %d flags %#x",
		         hints->ai_family, hints->ai_socktype, hints->ai_protocol, (unsigned)hints->ai_flags);
	else
		snprintf(text + length, sizeof text - (size_t)length, "without hints");
	return text;
}

static bool is_ipv4(const char *address)
{
	return !strchr(address, ':');
}

/* Does libc's contract give ADDRESS in an answer for FAMILY with FLAGS, where NATIVE says whether there is an IPv6 one? */
static bool belongs(const char *address, int family, int flags, bool native)
{
	if (family == AF_INET)
		return is_ipv4(address);
	return family == AF_UNSPEC || !is_ipv4(address) || (flags & AI_V4MAPPED && (flags & AI_ALL || !native));
}

static bool any_native(const char *const *addresses)
{
	bool native = false;
	for (int i = 0; i < MOST && addresses[i]; i++)
		native |= !is_ipv4(addresses[i]);
	return native;
}

/* libc's answer for one ADDRESS as a number.  Its nodes have the flags that it was asked with. */
static struct addrinfo *numeric(const struct question *question, const char *address)
{
	static const struct addrinfo none = { .ai_flags = AI_V4MAPPED };
	struct addrinfo hints = question->hints ? *question->hints : none, *list;
	hints.ai_flags |= AI_NUMERICHOST;
	hints.ai_flags &= ~(AI_CANONNAME | AI_ADDRCONFIG);
	const int status = getaddrinfo(address, question->service, &hints, &list);
	if (status != 0)
		fail_msg("%s as %s: %s", describe(question), address, gai_strerror(status));
	return list;
}

/* Compares one node; CANONICAL: what ai_canonname must be. */
static void same_node(const struct question *question, const struct addrinfo *ours, const struct addrinfo *libcs,
                      const char *canonical)
{
	const bool same = ours && ours->ai_family == libcs->ai_family && ours->ai_socktype == libcs->ai_socktype &&
	                  ours->ai_protocol == libcs->ai_protocol && ours->ai_addrlen == libcs->ai_addrlen &&
	                  !memcmp(ours->ai_addr, libcs->ai_addr, libcs->ai_addrlen) &&
	                  !canonical == !ours->ai_canonname && (!canonical || !strcmp(canonical, ours->ai_canonname));
	if (!same)
		fail_msg("%s: a node differs, or is missing", describe(question));
}

static unsigned check(const struct question *question)
{
	const int family = question->hints ? question->hints->ai_family : AF_UNSPEC;
	const int flags = question->hints ? question->hints->ai_flags : AI_V4MAPPED;
	const bool native = any_native(question->addresses);
	char without_dot[256];
	const int length = (int)strlen(question->node) - (question->node[strlen(question->node) - 1] == '.');
	snprintf(without_dot, sizeof without_dot, "%.*s", length, question->node);
	const char *canonical = flags & AI_CANONNAME ? without_dot : NULL;
	struct addrinfo *list = (void *)-1;
	unsigned nodes = 0;
	errno = 4711;
	const int status = names_getaddrinfo(question->node, question->service, question->hints, &list);
	if (status != 0)
		fail_msg("%s: %s", describe(question), gai_strerror(status));
	assert_int_equal(errno, 4711);
	const struct addrinfo *ours = list;
	for (int i = 0; i < MOST && question->addresses[i]; i++) {
		if (!belongs(question->addresses[i], family, flags, native))
			continue;
		struct addrinfo *libcs = numeric(question, question->addresses[i]);
		for (const struct addrinfo *node = libcs; node; node = node->ai_next, nodes++) {
			same_node(question, ours, node, nodes == 0 ? canonical : NULL);
			ours = ours->ai_next;
		}
		freeaddrinfo(libcs);
	}
	if (ours)
		fail_msg("%s: a node too many", describe(question));
	freeaddrinfo(list);
	return nodes;
}

static const struct known {
	const char *node, *addresses[MOST + 1];
} known[] = {
	{ "one.example", { "192.0.2.51" } },
	{ "four.example", { "192.0.2.1", "192.0.2.2", "192.0.2.3" } },
	{ "FOUR.example.", { "192.0.2.1", "192.0.2.2", "192.0.2.3" } },
	{ "both.example", { "192.0.2.11", "2001:db8::11", "192.0.2.12", "2001:db8::12" } },
	{ "six.example", { "2001:db8::1", "fe80::1%1" } },
	{ "a.b.wild.example", { "192.0.2.31" } },
	{ "twice.example", { "192.0.2.41", "192.0.2.43" } },
	{ "full.example",
	  { "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.7", "10.0.0.8", "10.0.0.9",
	    "10.0.0.10", "10.0.0.11", "10.0.0.12", "10.0.0.13", "10.0.0.14", "10.0.0.15", "10.0.0.16" } },
};

/* Every combination of hints that is ours, for every kind of service. */
static void test_hints(void **state)
{
	(void)state;
	static const char *const named[] = { NULL, "443", "0", "65535", "00080", "https", "domain", "" };
	static const int families[] = { AF_UNSPEC, AF_INET, AF_INET6 };
	unsigned asked = 0;
	for (unsigned i = 0; i < sizeof known / sizeof *known * 3 * 4 * 8 * 64; i++) {
		const struct known *answer = &known[i / (3 * 4 * 8 * 64)];
		const char *service = named[i / 64 % 8];
		struct addrinfo hints = { .ai_family = families[i / (4 * 8 * 64) % 3],
			                  .ai_socktype = i / (8 * 64) & 1 ? SOCK_STREAM : 0,
			                  .ai_protocol = i / (8 * 64) & 2 ? IPPROTO_TCP : 0,
			                  .ai_flags = (i & 1 ? AI_CANONNAME : 0) | (i & 2 ? AI_NUMERICSERV : 0) |
			                              (i & 4 ? AI_V4MAPPED : 0) | (i & 8 ? AI_ALL : 0) |
			                              (i & 16 ? AI_ADDRCONFIG : 0) | (i & 32 ? AI_PASSIVE : 0) };
		const bool mapped = hints.ai_flags & AI_V4MAPPED,
			   text = service && service[strspn(service, "0123456789")];
		/* Errors have a test of their own. */
		if ((hints.ai_family == AF_INET6 && !mapped && !any_native(answer->addresses)) ||
		    (hints.ai_family == AF_INET && !is_ipv4(answer->addresses[0])) ||
		    (hints.ai_flags & AI_NUMERICSERV && service && (text || !*service)))
			continue;
		check(&(struct question){ answer->node, service, &hints, answer->addresses });
		asked++;
	}
	assert_true(asked > 10000);
	assert_int_equal(next_libc_refused, 0);
}

static void test_no_hints(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		check(&(struct question){ known[i].node, "443", NULL, known[i].addresses });
		check(&(struct question){ known[i].node, "https", NULL, known[i].addresses });
		check(&(struct question){ known[i].node, NULL, NULL, known[i].addresses });
	}
}

/* Services that share a name: the port that is asked for decides. */
static void test_ports(void **state)
{
	(void)state;
	static const struct {
		const char *service, *address;
	} rows[] = {
		{ "80", "192.0.2.21" }, { "443", "192.0.2.21" }, { "http", "192.0.2.21" }, { "https", "192.0.2.21" },
		{ "21", "192.0.2.22" }, { "ftp", "192.0.2.22" }, { "22", "192.0.2.23" },   { "ssh", "192.0.2.23" },
		{ NULL, "192.0.2.21" }, { "0", "192.0.2.21" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *const addresses[MOST + 1] = { rows[i].address };
		const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
		check(&(struct question){ "ports.example", rows[i].service, &hints, addresses });
		check(&(struct question){ "ports.example", rows[i].service, NULL, addresses });
	}
}

/* --------------------------------------------------------------------------------------------------------- verdicts */

static void set_word(const struct names_world *world, const char *address, uint32_t verdict, uint32_t oper)
{
	names_world_candidate(world, address)->word = MPF_WORD(verdict, oper, 0, 0, 0);
}

static void expect(const char *node, const char *const addresses[MOST + 1])
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	check(&(struct question){ node, "443", &hints, addresses });
}

static void test_verdicts(void **state)
{
	const struct names_world *world = *state;
	const char *const down_last[MOST + 1] = { "192.0.2.2", "192.0.2.3", "192.0.2.1" };
	const char *const drained[MOST + 1] = { "192.0.2.3", "192.0.2.2", "192.0.2.1" };
	const char *const without[MOST + 1] = { "192.0.2.3", "192.0.2.1" };
	const char *const all_down[MOST + 1] = { "192.0.2.1", "192.0.2.2", "192.0.2.3" };
	set_word(world, "192.0.2.1", MPF_DOWN, MPF_READY);
	expect("four.example", down_last);
	names_world_service(world, "four")->all_down = MPF_ALL_DOWN_PASS; /* which is about nothing usable alone */
	expect("four.example", down_last);
	set_word(world, "192.0.2.2", MPF_UP, MPF_DRAIN);
	expect("four.example", drained);
	set_word(world, "192.0.2.2", MPF_UP, MPF_MAINT);
	expect("four.example", without);
	names_world_service(world, "four")->all_down = MPF_ALL_DOWN_TRY;
	set_word(world, "192.0.2.2", MPF_DOWN, MPF_READY);
	set_word(world, "192.0.2.3", MPF_DOWN, MPF_READY);
	expect("four.example", all_down);
	names_world_reset(state);
	uint32_t now_ms;
	assert_non_null(view_table(&now_ms));
	memo_note_failed(names_world_candidate(world, "192.0.2.1"), 443, now_ms, false);
	expect("four.example", down_last);
	memo_note_worked(names_world_candidate(world, "192.0.2.1"), 443);
}

/* ------------------------------------------------------------------------------------------------------ libc's affair */

static void expect_libc(const char *what, const char *node, const char *service, const struct addrinfo *hints)
{
	const unsigned refused = next_libc_refused;
	struct addrinfo *list = NULL;
	const int status = names_getaddrinfo(node, service, hints, &list);
	if (status == 0 || next_libc_refused != refused + 1)
		fail_msg("%s: %s is answered with %d", what, node, status);
}

static void test_not_ours(void **state)
{
	(void)state;
	static const struct {
		const char *what;
		struct addrinfo hints;
	} rows[] = {
		{ "a datagram", { .ai_socktype = SOCK_DGRAM } },
		{ "a raw socket", { .ai_socktype = SOCK_RAW } },
		{ "UDP", { .ai_protocol = IPPROTO_UDP } },
		{ "UDP and a stream", { .ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_UDP } },
		{ "SCTP", { .ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_SCTP } },
		{ "a family of its own", { .ai_family = AF_UNIX } },
		{ "numbers only", { .ai_flags = AI_NUMERICHOST } },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		expect_libc(rows[i].what, "four.example", NULL, &rows[i].hints);
	expect_libc("a name that is not ours", "five.example", "443", NULL);
	expect_libc("a name below ours", "a.four.example", "443", NULL);
	expect_libc("a wildcard's own name", "wild.example", "443", NULL);
	expect_libc("only a port of its own", "own.example", "443", NULL);
}

static void test_out_of_force(void **state)
{
	const struct names_world *world = *state;
	struct mpf_service *service = names_world_service(world, "four");
	world->file->off = 1;
	expect_libc("all off", "four.example", "443", NULL);
	world->file->off = 0;
	service->off = 1;
	expect_libc("this one off", "four.example", "443", NULL);
	service->off = 0;
	service->when_stale = MPF_STALE_PASS;
	world->file->heartbeat_ms = fixture_now_ms() - service->stale_after_ms - 1000;
	expect_libc("stale", "four.example", "443", NULL);
	service->when_stale = MPF_STALE_LAST_GOOD;
	expect("four.example", known[1].addresses);
	names_world_reset(state);
	for (int i = 1; i <= 3; i++) {
		char address[16];
		snprintf(address, sizeof address, "192.0.2.%d", i);
		set_word(world, address, MPF_DOWN, MPF_MAINT);
	}
	expect_libc("all in maintenance", "four.example", "443", NULL);
	service->all_down = MPF_ALL_DOWN_PASS;
	for (int i = 1; i <= 3; i++) {
		char address[16];
		snprintf(address, sizeof address, "192.0.2.%d", i);
		set_word(world, address, MPF_DOWN, MPF_READY);
	}
	expect_libc("all down, pass", "four.example", "443", NULL);
}

/* What is wrong with a question that would be ours is said as libc says it. */
static void test_errors(void **state)
{
	(void)state;
	static const struct {
		const char *service;
		struct addrinfo hints;
	} rows[] = {
		{ "no-such-service", { .ai_socktype = SOCK_STREAM } },
		{ "no-such-service", { .ai_socktype = 0 } },
		{ "https", { .ai_flags = AI_NUMERICSERV } },
		{ "https", { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV } },
		{ "-1", { .ai_socktype = SOCK_STREAM } },
		{ " 80", { .ai_socktype = SOCK_STREAM } },
		{ "80x", { .ai_socktype = SOCK_STREAM } },
		{ "80x", { .ai_flags = AI_NUMERICSERV } },
		{ "", { .ai_flags = AI_NUMERICSERV } },
		{ "443", { .ai_flags = 0x4000 } },
		{ NULL, { .ai_flags = 0x4000 } },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct addrinfo *ours = NULL, *libcs = NULL;
		const int status = names_getaddrinfo("one.example", rows[i].service, &rows[i].hints, &ours);
		const int wanted = getaddrinfo("192.0.2.51", rows[i].service, &rows[i].hints, &libcs);
		if (status != wanted)
			fail_msg("row %zu: wanted %d, got %d", i, wanted, status);
		if (status == 0) {
			freeaddrinfo(ours);
			freeaddrinfo(libcs);
		}
	}
}

/* The name is known, but has no address of that family. */
static void test_no_data(void **state)
{
	(void)state;
	const struct addrinfo six = { .ai_family = AF_INET6 }, four = { .ai_family = AF_INET },
			      all = { .ai_family = AF_INET6, .ai_flags = AI_ALL };
	struct addrinfo *list;
	errno = 4711;
	assert_int_equal(names_getaddrinfo("four.example", "443", &six, &list), EAI_NODATA);
	assert_int_equal(names_getaddrinfo("four.example", "443", &all, &list), EAI_NODATA);
	assert_int_equal(names_getaddrinfo("six.example", "443", &four, &list), EAI_NODATA);
	assert_int_equal(errno, 4711);
	assert_int_equal(next_libc_refused, 0);
}

/* Without a node there is nothing of ours, and numbers and libc's own names stay what they are. */
static void test_libcs_own(void **state)
{
	(void)state;
	static const char *const nodes[] = { NULL, "192.0.2.1", "2001:db8::1", "localhost" };
	for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++) {
		struct addrinfo *ours, *libcs;
		assert_int_equal(names_getaddrinfo(nodes[i], "443", NULL, &ours), 0);
		assert_int_equal(getaddrinfo(nodes[i], "443", NULL, &libcs), 0);
		const struct addrinfo *one = ours, *other = libcs;
		for (; one && other; one = one->ai_next, other = other->ai_next)
			assert_memory_equal(one->ai_addr, other->ai_addr, other->ai_addrlen);
		assert_true(!one && !other);
		freeaddrinfo(ours);
		freeaddrinfo(libcs);
	}
}

static int reset(void **state)
{
	next_libc_refused = next_libc_asked = 0;
	return names_world_reset(state);
}

#define TEST(name) cmocka_unit_test_setup(name, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_hints),    TEST(test_no_hints), TEST(test_ports),
		TEST(test_verdicts), TEST(test_not_ours), TEST(test_out_of_force),
		TEST(test_errors),   TEST(test_no_data),  TEST(test_libcs_own),
	};
	return cmocka_run_group_tests_name("names", tests, names_world_begin, names_world_end);
}
