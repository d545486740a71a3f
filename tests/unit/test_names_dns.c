/* SPDX-License-Identifier: MIT */
/* `resolve = dns`: libc's answers, reordered and repaired.  Here libc answers what a test tells it to. */
#include "preload/names.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "preload/next.h"
#include "tests/unit/names_world.h"

/* What libc says: addresses, "": that there are none. */
static const char *libc_says;
static unsigned asked;

static int say_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                           struct addrinfo **result)
{
	struct addrinfo *list = NULL, **tail = &list;
	char word[64], address[16];
	if (hints && hints->ai_flags & AI_NUMERICHOST) /* the library's own questions */
		return getaddrinfo(node, service, hints, result);
	asked++;
	const char *at = libc_says;
	for (int length; sscanf(at, "%63s%n", word, &length) == 1; at += length) {
		struct addrinfo numeric = *hints;
		numeric.ai_flags = AI_NUMERICHOST;
		if (numeric.ai_family == AF_INET && inet_pton(AF_INET, word, address) != 1)
			continue;
		assert_int_equal(getaddrinfo(word, service, &numeric, tail), 0);
		while (*tail)
			tail = &(*tail)->ai_next;
	}
	if (!list)
		return EAI_AGAIN;
	if (hints->ai_flags & AI_CANONNAME)
		list->ai_canonname = strdup("real.example");
	*result = list;
	return 0;
}

/* As libc lays it out, in BUFFER. */
static int say_gethostbyname2_r(const char *name, int family, struct hostent *entry, char *buffer, size_t size,
                                struct hostent **result, int *error)
{
	char **list = (char **)(void *)buffer, word[64];
	size_t length = family == AF_INET ? 4 : 16, count = 0;
	char *bytes = buffer + 10 * sizeof *list;
	(void)name;
	asked++;
	*result = NULL;
	*error = NETDB_INTERNAL;
	if (size < 10 * (sizeof *list + 16))
		return ERANGE;
	const char *at = libc_says;
	for (int used; sscanf(at, "%63s%n", word, &used) == 1; at += used) {
		if (inet_pton(family, word, bytes) != 1)
			continue;
		list[count++] = bytes;
		bytes += length;
	}
	list[count] = NULL;
	*error = TRY_AGAIN;
	errno = EINVAL; /* whatever it came across */
	if (!count)
		return EAGAIN;
	*entry = (struct hostent){ .h_name = word,
		                   .h_aliases = &list[count],
		                   .h_addrtype = family,
		                   .h_length = (int)length,
		                   .h_addr_list = list };
	*result = entry;
	*error = NETDB_SUCCESS;
	return 0;
}

static int say_gethostbyname_r(const char *name, struct hostent *entry, char *buffer, size_t size,
                               struct hostent **result, int *error)
{
	return say_gethostbyname2_r(name, AF_INET, entry, buffer, size, result, error);
}

static struct hostent *say_gethostbyname2(const char *name, int family)
{
	static struct hostent entry, *result;
	static char buffer[1024];
	say_gethostbyname2_r(name, family, &entry, buffer, sizeof buffer, &result, &h_errno);
	return result;
}

static struct hostent *say_gethostbyname(const char *name)
{
	return say_gethostbyname2(name, AF_INET);
}

const struct next *next_functions(void)
{
	static const struct next next = {
		.connect = connect,
		.getaddrinfo = say_getaddrinfo,
		.gethostbyname = say_gethostbyname,
		.gethostbyname2 = say_gethostbyname2,
		.gethostbyname_r = say_gethostbyname_r,
		.gethostbyname2_r = say_gethostbyname2_r,
	};
	return &next;
}

char *next_secure_getenv(const char *name)
{
	return secure_getenv(name);
}

/* --------------------------------------------------------------------------------------------------- what is made of it */

/* A verdict for each of 192.0.2.1, .2 and .3: 'u'p, 'd'own, '?', 'm'aintenance, 's'uspect. */
static void set(const struct names_world *world, const char *verdicts)
{
	for (int i = 0; verdicts[i]; i++) {
		char address[32];
		snprintf(address, sizeof address, "192.0.2.%d", i + 1);
		const enum mpf_verdict verdict = verdicts[i] == 'u'   ? MPF_UP
		                                 : verdicts[i] == 'd' ? MPF_DOWN
		                                 : verdicts[i] == 's' ? MPF_SUSPECT
		                                                      : MPF_UNKNOWN;
		names_world_candidate(world, address)->word =
			MPF_WORD(verdict, verdicts[i] == 'm' ? MPF_MAINT : MPF_READY, 0, 0, 0);
	}
}

static const char *list_text(const struct addrinfo *list)
{
	static char text[512];
	text[0] = '\0';
	for (; list; list = list->ai_next) {
		char address[INET6_ADDRSTRLEN];
		const void *ip = list->ai_family == AF_INET
		                         ? (const void *)&((struct sockaddr_in *)(void *)list->ai_addr)->sin_addr
		                         : (const void *)&((struct sockaddr_in6 *)(void *)list->ai_addr)->sin6_addr;
		inet_ntop(list->ai_family, ip, address, sizeof address);
		sprintf(text + strlen(text), "%s%s", text[0] ? " " : "", address);
	}
	return text;
}

static const char *entry_text(const struct hostent *entry)
{
	static char text[512];
	text[0] = '\0';
	for (char **at = entry ? entry->h_addr_list : NULL; at && *at; at++) {
		char address[INET6_ADDRSTRLEN];
		inet_ntop(entry->h_addrtype, *at, address, sizeof address);
		sprintf(text + strlen(text), "%s%s", text[0] ? " " : "", address);
	}
	return text;
}

static const struct row {
	const char *verdicts, *libc, *answer; /* of four.example */
} rows[] = {
	/* Nothing to improve. */
	{ "uuu", "192.0.2.2", "192.0.2.2" },
	{ "uuu", "192.0.2.3 192.0.2.1", "192.0.2.3 192.0.2.1" },
	/* Another order. */
	{ "udu", "192.0.2.2 192.0.2.3 192.0.2.1", "192.0.2.3 192.0.2.1 192.0.2.2" },
	{ "dsu", "192.0.2.1 192.0.2.2 192.0.2.3", "192.0.2.3 192.0.2.2 192.0.2.1" },
	{ "mdu", "192.0.2.1 192.0.2.2 192.0.2.3", "192.0.2.3 192.0.2.2 192.0.2.1" },
	/* What the table does not know stands between what lives and what is dead. */
	{ "udu", "10.0.0.99 192.0.2.2 192.0.2.1", "192.0.2.1 10.0.0.99 192.0.2.2" },
	{ "?uu", "10.0.0.99 192.0.2.1 192.0.2.2", "192.0.2.2 10.0.0.99 192.0.2.1" },
	/* Nothing that is usable: as the table has it. */
	{ "duu", "192.0.2.1", "192.0.2.2 192.0.2.3 192.0.2.1" },
	{ "muu", "192.0.2.1", "192.0.2.2 192.0.2.3" },
	{ "udu", "10.0.0.99", "192.0.2.1 192.0.2.3 192.0.2.2" },
	{ "uuu", "", "192.0.2.1 192.0.2.2 192.0.2.3" },
	{ "ddd", "", "192.0.2.1 192.0.2.2 192.0.2.3" },
	{ "ddd", "192.0.2.3 10.0.0.99", "192.0.2.1 192.0.2.2 192.0.2.3" },
	/* Nor has the table anything to say. */
	{ "mmm", "192.0.2.3 192.0.2.1", "192.0.2.3 192.0.2.1" },
};

static const struct addrinfo streams = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM };

static void test_getaddrinfo(void **state)
{
	names_world_service(*state, "four")->resolve = MPF_RESOLVE_DNS;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct addrinfo *list = NULL;
		set(*state, rows[i].verdicts);
		libc_says = rows[i].libc;
		asked = 0;
		assert_int_equal(names_getaddrinfo("four.example", "443", &streams, &list), 0);
		assert_int_equal(asked, 1);
		assert_string_equal(list_text(list), rows[i].answer);
		freeaddrinfo(list);
	}
}

static void test_hostent(void **state)
{
	names_world_service(*state, "four")->resolve = MPF_RESOLVE_DNS;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct hostent entry, *result;
		char buffer[1024] __attribute__((aligned(8)));
		int error;
		set(*state, rows[i].verdicts);
		libc_says = rows[i].libc;
		assert_string_equal(entry_text(names_gethostbyname("four.example")), rows[i].answer);
		assert_string_equal(entry_text(names_gethostbyname2("four.example", AF_INET)), rows[i].answer);
		assert_int_equal(names_gethostbyname_r("four.example", &entry, buffer, sizeof buffer, &result, &error),
		                 0);
		assert_string_equal(entry_text(result), rows[i].answer);
		assert_int_equal(error, NETDB_SUCCESS);
		assert_int_equal(
			names_gethostbyname2_r("four.example", AF_INET, &entry, buffer, sizeof buffer, &result, &error),
			0);
		assert_string_equal(entry_text(result), rows[i].answer);
		/* Whoever has too small a buffer is told so by libc. */
		assert_int_equal(names_gethostbyname_r("four.example", &entry, buffer, 16, &result, &error), ERANGE);
	}
}

/* What libc came across is of no interest to a client that gets an answer all the same. */
static void test_errno(void **state)
{
	struct hostent entry, *result;
	char buffer[1024] __attribute__((aligned(8)));
	struct addrinfo *list;
	int error;
	names_world_service(*state, "four")->resolve = MPF_RESOLVE_DNS;
	libc_says = "";
	errno = 4711;
	names_gethostbyname("four.example");
	names_gethostbyname2("four.example", AF_INET);
	names_gethostbyname_r("four.example", &entry, buffer, sizeof buffer, &result, &error);
	names_gethostbyname2_r("four.example", AF_INET, &entry, buffer, sizeof buffer, &result, &error);
	assert_int_equal(names_getaddrinfo("four.example", "443", &streams, &list), 0);
	assert_int_equal(errno, 4711);
	freeaddrinfo(list);
}

/* Both families, several types, and a canonical name that goes with the list. */
static void test_nodes(void **state)
{
	const struct addrinfo any = { .ai_flags = AI_CANONNAME };
	struct addrinfo *list;
	names_world_service(*state, "both")->resolve = MPF_RESOLVE_DNS;
	names_world_candidate(*state, "192.0.2.11")->word = MPF_WORD(MPF_DOWN, 0, 0, 0, 0);
	names_world_candidate(*state, "2001:db8::12")->word = MPF_WORD(MPF_DOWN, 0, 0, 0, 0);
	libc_says = "2001:db8::12 192.0.2.11 192.0.2.12 2001:db8::11";
	assert_int_equal(names_getaddrinfo("both.example", "443", &any, &list), 0);
	assert_string_equal(list->ai_canonname, "real.example");
	unsigned count = 0;
	static const char *const order[] = { "192.0.2.12", "2001:db8::11", "2001:db8::12", "192.0.2.11" };
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_RAW };
	for (const struct addrinfo *node = list; node; node = node->ai_next, count++) {
		struct addrinfo alone = *node;
		alone.ai_next = NULL;
		assert_string_equal(list_text(&alone), order[count / 3]);
		assert_int_equal(node->ai_socktype, types[count % 3]);
		if (count)
			assert_null(node->ai_canonname);
	}
	assert_int_equal(count, 12);
	freeaddrinfo(list);
}

/* A family of which the table has nothing: whatever libc says. */
static void test_other_family(void **state)
{
	const struct addrinfo six = { .ai_family = AF_INET6, .ai_socktype = SOCK_STREAM };
	struct addrinfo *list;
	names_world_service(*state, "four")->resolve = MPF_RESOLVE_DNS;
	libc_says = "2001:db8::77";
	assert_int_equal(names_getaddrinfo("four.example", "443", &six, &list), 0);
	assert_string_equal(list_text(list), "2001:db8::77");
	freeaddrinfo(list);
	assert_string_equal(entry_text(names_gethostbyname2("four.example", AF_INET6)), "2001:db8::77");
	libc_says = "";
	assert_int_equal(names_getaddrinfo("four.example", "443", &six, &list), EAI_AGAIN);
	assert_null(names_gethostbyname2("four.example", AF_INET6));
	assert_int_equal(h_errno, TRY_AGAIN);
}

/* Elsewhere libc is not asked. */
static void test_by_table(void **state)
{
	struct addrinfo *list;
	(void)state;
	libc_says = "10.0.0.99";
	asked = 0;
	assert_int_equal(names_getaddrinfo("four.example", "443", &streams, &list), 0);
	freeaddrinfo(list);
	names_gethostbyname("four.example");
	assert_int_equal(asked, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_getaddrinfo, names_world_reset),
		cmocka_unit_test_setup(test_hostent, names_world_reset),
		cmocka_unit_test_setup(test_errno, names_world_reset),
		cmocka_unit_test_setup(test_nodes, names_world_reset),
		cmocka_unit_test_setup(test_other_family, names_world_reset),
		cmocka_unit_test_setup(test_by_table, names_world_reset),
	};
	return cmocka_run_group_tests_name("names_dns", tests, names_world_begin, names_world_end);
}
