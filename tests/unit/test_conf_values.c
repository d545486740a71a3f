/* SPDX-License-Identifier: MIT */
#include "conf/address.h"
#include "conf/duration.h"
#include "conf/text.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* PROBLEM starts as EXPECTED does; NULL: there is none. */
static void assert_problem(const char *text, const char *problem, const char *expected)
{
	if (!expected != !problem || (expected && strncmp(problem, expected, strlen(expected))))
		fail_msg("\"%s\": %s, not %s", text, problem ? problem : "fine", expected ? expected : "fine");
}

static void test_duration(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t ms;
		const char *problem;
	} cases[] = {
		{ "0s", 0, NULL },
		{ "1ms", 1, NULL },
		{ "500ms", 500, NULL },
		{ "5s", 5000, NULL },
		{ "2m", 120000, NULL },
		{ "3h", 10800000, NULL },
		{ "21d", 1814400000, NULL },
		{ "999999999999d", 999999999999u * UINT64_C(86400000), NULL },
		{ "", 0, "not a duration" },
		{ "s", 0, "not a duration" },
		{ "-5s", 0, "not a duration" },
		{ " 5s", 0, "not a duration" },
		{ "0", 0, "a duration needs its unit" },
		{ "5", 0, "a duration needs its unit" },
		{ "1.5s", 0, "whole numbers only" },
		{ "5 s", 0, "unknown unit" },
		{ "5S", 0, "unknown unit" },
		{ "5sec", 0, "unknown unit" },
		{ "1m30s", 0, "unknown unit" },
		{ "05s", 0, "leading zeros" },
		{ "1000000000000d", 0, "far too large" },
		{ "99999999999999999999999s", 0, "far too large" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint64_t ms = 0;
		assert_problem(cases[i].text, duration_parse(cases[i].text, &ms), cases[i].problem);
		assert_int_equal(ms, cases[i].ms);
	}
}

static void test_number(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t number;
		const char *problem;
	} cases[] = {
		{ "0", 0, NULL },
		{ "443", 443, NULL },
		{ "-7", -7, NULL },
		{ "999999999999", 999999999999, NULL },
		{ "", 0, "not a number" },
		{ "-", 0, "not a number" },
		{ "+5", 0, "not a number" },
		{ "0x50", 0, "not a number" },
		{ "80 ", 80, "not a number" },
		{ "80a", 80, "not a number" },
		{ "0443", 443, "leading zeros" },
		{ "00", 0, "leading zeros" },
		{ "9999999999999", 0, "far too large" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t number = 0;
		const char *problem = number_parse(cases[i].text, &number);
		assert_problem(cases[i].text, problem, cases[i].problem);
		if (!problem)
			assert_int_equal(number, cases[i].number);
	}
}

static void test_address(void **state)
{
	(void)state;
	static const struct {
		const char *text, *same, *problem;
	} cases[] = {
		{ "192.0.2.80", "::ffff:192.0.2.80", NULL },
		{ "127.0.0.1", "::ffff:127.0.0.1", NULL },
		{ "::ffff:192.0.2.80", "::ffff:192.0.2.80", NULL },
		{ "2001:DB8::80", "2001:db8::80", NULL },
		{ "::1", "::1", NULL },
		{ "fe80::1%lo", "fe80::1", NULL },
		{ "fe80::1%1", "fe80::1", NULL },
		{ "", NULL, "not an IP address" },
		{ "192.0.2", NULL, "not an IP address" },
		{ "192.0.2.256", NULL, "not an IP address" },
		{ "192.0.2.080", NULL, "not an IP address" },
		{ "192.0.2.80:443", NULL, "not an IP address" },
		{ "[::1]", NULL, "not an IP address" },
		{ "dm.metapack.com", NULL, "not an IP address" },
		{ "@DNS", NULL, "not an IP address" },
		{ "2001:db8:2001:db8:2001:db8:2001:db8:2001:db8:2001:db8", NULL, "not an IP address" },
		{ "0.0.0.0", NULL, "0.0.0.0 is no server's" },
		{ "::ffff:0.0.0.0", NULL, "0.0.0.0 is no server's" },
		{ "::", NULL, ":: is no server's" },
		{ "255.255.255.255", NULL, "a broadcast address" },
		{ "224.0.0.1", NULL, "a multicast address" },
		{ "239.255.255.255", NULL, "a multicast address" },
		{ "ff02::1", NULL, "a multicast address" },
		{ "fe80::1", NULL, "a link-local address needs its interface" },
		{ "fe80::1%", NULL, "this machine has no such interface" },
		{ "fe80::1%0", NULL, "this machine has no such interface" },
		{ "fe80::1%no-such-one", NULL, "this machine has no such interface" },
		{ "2001:db8::1%lo", NULL, "only a link-local address" },
		{ "192.0.2.1%lo", NULL, "only a link-local address" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct conf_address address;
		struct in6_addr expected;
		assert_problem(cases[i].text, address_parse(cases[i].text, &address), cases[i].problem);
		if (!cases[i].same)
			continue;
		assert_int_equal(inet_pton(AF_INET6, cases[i].same, &expected), 1);
		assert_memory_equal(&address.ip, &expected, sizeof expected);
		assert_int_equal(address.scope, strchr(cases[i].text, '%') ? if_nametoindex("lo") : 0);
		assert_int_equal(address_is_ipv4(&address), !strncmp(cases[i].same, "::ffff:", 7));
	}
}

static void test_listen(void **state)
{
	(void)state;
	static const char *const good[] = { "127.0.0.1:9109", "0.0.0.0:1", "[::1]:65535", "[::]:80" };
	static const char *const bad[] = {
		"",      "127.0.0.1",      ":9109",        "127.0.0.1:",    "127.0.0.1:0", "127.0.0.1:65536", "::1:80",
		"[::1]", "[127.0.0.1]:80", "localhost:80", "127.0.0.1:080", "[::1:80",     "127.0.0.1:x"
	};
	for (size_t i = 0; i < COUNT(good); i++)
		assert_problem(good[i], address_check_listen(good[i]), NULL);
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_problem(bad[i], address_check_listen(bad[i]), "not an address and a port");
}

#define LABEL_63 "abcdefghijklmnopqrstuvwxyz0123456789-abcdefghijklmnopqrstuvwxyz"
#define HOST_253 LABEL_63 "." LABEL_63 "." LABEL_63 ".abcdefghijklmnopqrstuvwxyz-0123456789-abcdefghijklmnopqrstuvw"

static void test_host(void **state)
{
	(void)state;
	static const struct {
		const char *text, *host, *problem;
	} cases[] = {
		{ "dm.metapack.com", "dm.metapack.com", NULL },
		{ "DM.MetaPack.COM.", "dm.metapack.com", NULL },
		{ "localhost", "localhost", NULL },
		{ "_sip._tcp.example.com", "_sip._tcp.example.com", NULL },
		{ "1.example", "1.example", NULL },
		{ "3com", "3com", NULL },
		{ "*.dm.metapack.com", "*.dm.metapack.com", NULL },
		{ "*.Com", "*.com", NULL },
		{ HOST_253, HOST_253, NULL },
		{ HOST_253 ".", HOST_253, NULL },
		{ HOST_253 "x", NULL, "the host name is longer" },
		{ LABEL_63 "x", NULL, "not a host name, a part of it is longer" },
		{ "", NULL, "the host name is empty" },
		{ ".", NULL, "the host name is empty" },
		{ "a..b", NULL, "not a host name, there is nothing between" },
		{ ".a", NULL, "not a host name, there is nothing between" },
		{ "a..", NULL, "not a host name, there is nothing between" },
		{ "-a.b", NULL, "not a host name, a part of it begins" },
		{ "a-.b", NULL, "not a host name, a part of it begins" },
		{ "a b", NULL, "not a host name; letters" },
		{ "a.b:443", NULL, "not a host name; letters" },
		{ "http://a.b/", NULL, "not a host name; letters" },
		{ "m\303\274ller.example", NULL, "not a host name; letters" },
		{ "*", NULL, "\"*\" stands only in front" },
		{ "*.", NULL, "\"*\" stands only in front" },
		{ "a.*.b", NULL, "\"*\" stands only in front" },
		{ "*a.b", NULL, "\"*\" stands only in front" },
		{ "*.*.b", NULL, "\"*\" stands only in front" },
		{ "192.0.2.1", NULL, "an address is no host name" },
		{ "192.0.2.1.", NULL, "an address is no host name" },
		{ "127.1", NULL, "an address is no host name" },
		{ "80", NULL, "an address is no host name" },
		{ "2001:db8::1", NULL, "an address is no host name" },
	};
	char host[TEXT_HOST_SIZE];
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_problem(cases[i].text, text_host(cases[i].text, true, host), cases[i].problem);
		if (cases[i].host)
			assert_string_equal(host, cases[i].host);
	}
	assert_int_equal(strlen(HOST_253), 253);
	assert_problem("*.a", text_host("*.a", false, host), "no pattern here");
}

static void test_status(void **state)
{
	(void)state;
	struct conf_status_range ranges[TEXT_STATUS_RANGES];
	size_t count;
	assert_problem("", text_status("200-399", ranges, &count), NULL);
	assert_int_equal(count, 1);
	assert_int_equal(ranges[0].low, 200);
	assert_int_equal(ranges[0].high, 399);
	assert_problem("", text_status(" 200 , 301-302,599", ranges, &count), NULL);
	assert_int_equal(count, 3);
	assert_int_equal(ranges[0].high, 200);
	assert_int_equal(ranges[1].low, 301);
	assert_int_equal(ranges[2].low, 599);
	static const struct {
		const char *text, *problem;
	} cases[] = {
		{ "", "not a list of HTTP statuses" },
		{ "20", "not a list of HTTP statuses" },
		{ "099", "not a list of HTTP statuses" },
		{ "600", "not a list of HTTP statuses" },
		{ "200-", "not a list of HTTP statuses" },
		{ "200,", "not a list of HTTP statuses" },
		{ "200,,201", "not a list of HTTP statuses" },
		{ "2xx", "not a list of HTTP statuses" },
		{ "399-200", "a range that ends before" },
		{ "2000", "something follows" },
		{ "200 201", "something follows" },
	};
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_problem(cases[i].text, text_status(cases[i].text, ranges, &count), cases[i].problem);
	char many[TEXT_STATUS_RANGES * 4 + 4] = "200";
	for (int i = 0; i < TEXT_STATUS_RANGES; i++)
		strcat(many, ",200");
	assert_problem(many, text_status(many, ranges, &count), "too many ranges");
	many[TEXT_STATUS_RANGES * 4 - 1] = '\0';
	assert_problem(many, text_status(many, ranges, &count), NULL);
	assert_int_equal(count, TEXT_STATUS_RANGES);
}

static void test_names(void **state)
{
	(void)state;
	static const struct {
		const char *text, *problem;
	} cases[] = {
		{ "london", NULL },
		{ "<script>alert(1)</script>", "a name holds no \"/\"" },
		{ "<script>", NULL },
		{ "M\303\274nchen \342\202\254 \360\237\232\232", NULL },
		{ "", "the name is empty" },
		{ "a/b", "a name holds no \"/\"" },
		{ "a\nb", "a control character" },
		{ "a\177", "a control character" },
		{ "a\302\205", "a control character" },
		{ "a\374", "not valid UTF-8" },
		{ "\303", "not valid UTF-8" },
		{ "\300\257", "not valid UTF-8" },
		{ "\340\200\257", "not valid UTF-8" },
		{ "\355\240\200", "not valid UTF-8" },
		{ "\364\220\200\200", "not valid UTF-8" },
		{ "\377", "not valid UTF-8" },
		{ "123456789012345678901234567890123456789012345678901234567890123", NULL },
		{ "1234567890123456789012345678901234567890123456789012345678901234", "the name is longer" },
	};
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_problem(cases[i].text, text_check_name(cases[i].text), cases[i].problem);
}

static void test_http(void **state)
{
	(void)state;
	assert_problem("GET", text_check_token("GET"), NULL);
	assert_problem("", text_check_token(""), "not an HTTP method");
	assert_problem("GET /", text_check_token("GET /"), "not an HTTP method");
	assert_problem("/", text_check_target("/"), NULL);
	assert_problem("/a?b=c%20d", text_check_target("/a?b=c%20d"), NULL);
	assert_problem("", text_check_target(""), "a path starts with");
	assert_problem("a", text_check_target("a"), "a path starts with");
	assert_problem("/a b", text_check_target("/a b"), "no spaces");
	assert_problem("/\303\274", text_check_target("/\303\274"), "no spaces");
	assert_problem("A: b", text_check_header("A: b"), NULL);
	assert_problem("SOAPAction:", text_check_header("SOAPAction:"), NULL);
	assert_problem("A", text_check_header("A"), "not a header");
	assert_problem(": b", text_check_header(": b"), "not a header");
	assert_problem("A b: c", text_check_header("A b: c"), "not a header");
	assert_problem("A: b\r\nC: d", text_check_header("A: b\r\nC: d"), "a control character");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_duration), cmocka_unit_test(test_number), cmocka_unit_test(test_address),
		cmocka_unit_test(test_listen),   cmocka_unit_test(test_host),   cmocka_unit_test(test_status),
		cmocka_unit_test(test_names),    cmocka_unit_test(test_http),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
