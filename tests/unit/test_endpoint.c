/* SPDX-License-Identifier: MIT */
#include "preload/endpoint.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fixture.h"

static const struct {
	const char *address; /* as for fixture_address() */
	uint16_t port;
	const char *text;
} rows[] = {
	{ "192.0.2.80", 443, "192.0.2.80:443" },
	{ "192.0.2.80", 0, "192.0.2.80" },
	{ "0.0.0.0", 1, "0.0.0.0:1" },
	{ "255.255.255.255", 65535, "255.255.255.255:65535" },
	{ "::ffff:10.0.0.1", 80, "10.0.0.1:80" },
	{ "2001:db8::1", 443, "[2001:db8::1]:443" },
	{ "2001:db8::1", 0, "2001:db8::1" },
	{ "fe80::1%3", 443, "[fe80::1%3]:443" },
	{ "fe80::1%3", 0, "fe80::1%3" },
	{ "::", 0, "::" },
	{ "::", 9, "[::]:9" },
	{ "::1", 0, "::1" },
	{ "1::", 0, "1::" },
	{ "1:0:0:2::3", 0, "1:0:0:2::3" },
	{ "1::2:0:0:3:4", 0, "1::2:0:0:3:4" },       /* the first of two equal runs */
	{ "1:0:2:3:4:5:6:7", 0, "1:0:2:3:4:5:6:7" }, /* a single zero is not shortened */
	{ "0:1:2:3:4:5:6:7", 0, "0:1:2:3:4:5:6:7" },
	{ "1:2:3:4:5:6:7:0", 0, "1:2:3:4:5:6:7:0" },
	{ "1:2:3:4:5:6::", 0, "1:2:3:4:5:6::" },
	{ "::3:4:5:6:7:8", 0, "::3:4:5:6:7:8" },
	{ "abcd:ef01:2345:6789:abcd:ef01:2345:6789", 65535, "[abcd:ef01:2345:6789:abcd:ef01:2345:6789]:65535" },
};

static void test_print(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct conf_address address = fixture_address(rows[i].address);
		char text[ENDPOINT_TEXT];
		assert_int_equal(endpoint_print(address.ip.s6_addr, address.scope, rows[i].port, text),
		                 strlen(rows[i].text));
		assert_string_equal(text, rows[i].text);
	}
}

/* Of which a damaged table may say it all the same. */
static void test_ipv4_has_no_scope(void **state)
{
	(void)state;
	const struct conf_address address = fixture_address("192.0.2.80");
	char text[ENDPOINT_TEXT];
	endpoint_print(address.ip.s6_addr, 5, 80, text);
	assert_string_equal(text, "192.0.2.80:80");
}

static void test_longest_fits(void **state)
{
	(void)state;
	uint8_t address[16];
	memset(address, 0xff, sizeof address);
	char *text = malloc(ENDPOINT_TEXT); /* so that AddressSanitizer sees its end */
	assert_non_null(text);
	const unsigned length = endpoint_print(address, UINT32_MAX, UINT16_MAX, text);
	assert_string_equal(text, "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295]:65535");
	assert_in_range(length, 0, ENDPOINT_TEXT - 1);
	free(text);
}

/* inet_ntop() writes the last 32 bits of some addresses as IPv4 (::a.b.c.d); such text is parsed back instead of compared. */
static void check_against_libc(const uint8_t address[16])
{
	char ours[ENDPOINT_TEXT], theirs[INET6_ADDRSTRLEN];
	struct in6_addr parsed;
	endpoint_print(address, 0, 0, ours);
	if (endpoint_is_ipv4(address)) {
		assert_non_null(inet_ntop(AF_INET, address + 12, theirs, sizeof theirs));
		assert_string_equal(ours, theirs);
		return;
	}
	assert_int_equal(inet_pton(AF_INET6, ours, &parsed), 1);
	assert_memory_equal(&parsed, address, 16);
	assert_non_null(inet_ntop(AF_INET6, address, theirs, sizeof theirs));
	if (!strchr(theirs, '.'))
		assert_string_equal(ours, theirs);
}

/* Groups are zero half of the time, so that every pattern of runs comes up; each also has short and long groups. */
static void test_print_as_libc(void **state)
{
	(void)state;
	uint64_t seed = 0x656e6470;
	for (uint32_t round = 0; round < 200000; round++) {
		uint8_t address[16] = { 0 };
		for (int group = 0; group < 8; group++) {
			const uint32_t number = fixture_random(&seed) >> (fixture_random(&seed) & 15);
			if (round < 256 ? round >> group & 1 : fixture_random(&seed) & 1) {
				address[2 * group] = (uint8_t)(number >> 8);
				address[2 * group + 1] = (uint8_t)number;
			}
		}
		check_against_libc(address);
		memcpy(address, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
		check_against_libc(address);
	}
}

static void test_sockaddr_and_back(void **state)
{
	(void)state;
	uint64_t seed = 0x736f636b;
	for (int round = 0; round < 10000; round++) {
		struct endpoint endpoint = { .scope = fixture_random(&seed), .port = (uint16_t)fixture_random(&seed) },
				back;
		union endpoint_sockaddr to;
		const bool ipv4 = round & 1;
		for (size_t i = 0; i < sizeof endpoint.address; i++)
			endpoint.address[i] = (uint8_t)fixture_random(&seed);
		if (ipv4)
			memcpy(endpoint.address, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
		socklen_t length = endpoint_to_sockaddr(&endpoint, AF_INET6, &to);
		assert_int_equal(length, sizeof(struct sockaddr_in6));
		assert_int_equal(to.any.sa_family, AF_INET6);
		assert_true(endpoint_from_sockaddr(&back, &to.any, length));
		assert_memory_equal(back.address, endpoint.address, 16);
		assert_int_equal(back.scope, endpoint.scope);
		assert_int_equal(back.port, endpoint.port);
		if (!ipv4)
			continue;
		length = endpoint_to_sockaddr(&endpoint, AF_INET, &to);
		assert_int_equal(length, sizeof(struct sockaddr_in));
		assert_true(endpoint_from_sockaddr(&back, &to.any, length));
		assert_memory_equal(back.address, endpoint.address, 16);
		assert_int_equal(back.scope, 0);
		assert_int_equal(back.port, endpoint.port);
	}
}

static void test_not_ours(void **state)
{
	(void)state;
	static const struct {
		int family;
		socklen_t length;
		bool ours;
	} families[] = {
		{ AF_INET, sizeof(struct sockaddr_in), true },
		{ AF_INET, sizeof(struct sockaddr_in) - 1, false },
		{ AF_INET, sizeof(struct sockaddr_storage), true },
		{ AF_INET, 0, false },
		{ AF_INET6, sizeof(struct sockaddr_in6), true },
		{ AF_INET6, sizeof(struct sockaddr_in6) - 1, false },
		{ AF_INET6, sizeof(struct sockaddr_in), false },
		{ AF_INET6, sizeof(struct sockaddr_storage), true },
		{ AF_UNIX, sizeof(struct sockaddr_storage), false },
		{ AF_UNSPEC, sizeof(struct sockaddr_in), false },
		{ AF_UNSPEC, sizeof(sa_family_t), false },
	};
	struct endpoint endpoint;
	assert_false(endpoint_from_sockaddr(&endpoint, NULL, sizeof(struct sockaddr_in)));
	for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
		/* No longer than it says, so that AddressSanitizer sees a look beyond the end. */
		struct sockaddr *address = calloc(1, families[i].length + 1);
		assert_non_null(address);
		if (families[i].length >= sizeof(sa_family_t))
			address->sa_family = (sa_family_t)families[i].family;
		assert_int_equal(endpoint_from_sockaddr(&endpoint, address, families[i].length), families[i].ours);
		free(address);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_ipv4_has_no_scope),         cmocka_unit_test(test_longest_fits),
		cmocka_unit_test(test_print_as_libc), cmocka_unit_test(test_sockaddr_and_back),
		cmocka_unit_test(test_not_ours),
	};
	return cmocka_run_group_tests_name("endpoint", tests, NULL, NULL);
}
