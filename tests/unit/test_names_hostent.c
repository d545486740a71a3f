/* SPDX-License-Identifier: MIT */
/* The gethostbyname family from the table. */
#include "preload/names.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/names_world.h"
#include "tests/unit/next_libc.h"

enum { MOST = 16, ENOUGH = 1024 };

static const struct known {
	const char *name;
	int family;
	const char *addresses[MOST + 1];
} known[] = {
	{ "one.example", AF_INET, { "192.0.2.51" } },
	{ "four.example", AF_INET, { "192.0.2.1", "192.0.2.2", "192.0.2.3" } },
	{ "Four.EXAMPLE", AF_INET, { "192.0.2.1", "192.0.2.2", "192.0.2.3" } },
	{ "both.example", AF_INET, { "192.0.2.11", "192.0.2.12" } },
	{ "both.example", AF_INET6, { "2001:db8::11", "2001:db8::12" } },
	{ "six.example", AF_INET6, { "2001:db8::1", "fe80::1" } },
	{ "a.b.wild.example", AF_INET, { "192.0.2.31" } },
	{ "ports.example", AF_INET, { "192.0.2.21" } },
	{ "twice.example", AF_INET, { "192.0.2.41", "192.0.2.43" } },
	{ "full.example",
	  AF_INET,
	  { "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.7", "10.0.0.8", "10.0.0.9",
	    "10.0.0.10", "10.0.0.11", "10.0.0.12", "10.0.0.13", "10.0.0.14", "10.0.0.15", "10.0.0.16" } },
};

/* Every field, as libc has it for a name with these addresses. */
static void check(const struct hostent *entry, const struct known *wanted)
{
	assert_non_null(entry);
	assert_string_equal(entry->h_name, wanted->name);
	assert_non_null(entry->h_aliases);
	assert_null(*entry->h_aliases);
	assert_int_equal(entry->h_addrtype, wanted->family);
	assert_int_equal(entry->h_length, wanted->family == AF_INET ? 4 : 16);
	int count = 0;
	for (; wanted->addresses[count]; count++) {
		uint8_t address[16];
		assert_int_equal(inet_pton(wanted->family, wanted->addresses[count], address), 1);
		assert_non_null(entry->h_addr_list[count]);
		assert_memory_equal(entry->h_addr_list[count], address, (size_t)entry->h_length);
	}
	assert_null(entry->h_addr_list[count]);
}

static void test_static(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		errno = 4711;
		check(names_gethostbyname2(known[i].name, known[i].family), &known[i]);
		assert_int_equal(errno, 4711);
		if (known[i].family != AF_INET)
			continue;
		check(names_gethostbyname(known[i].name), &known[i]);
		assert_int_equal(errno, 4711);
	}
	assert_int_equal(next_libc_refused, 0);
}

/* One call of either _r form with a buffer of exactly SIZE. */
static int call_r(const struct known *wanted, bool with_family, size_t size, struct hostent *entry, char **buffer,
                  struct hostent **result, int *error)
{
	*buffer = malloc(size + 1);
	assert_non_null(*buffer);
	memset(*buffer, 0xa5, size + 1);
	*result = (void *)-1;
	*error = 4711;
	errno = 4711;
	const int status =
		with_family ? names_gethostbyname2_r(wanted->name, wanted->family, entry, *buffer, size, result, error)
			    : names_gethostbyname_r(wanted->name, entry, *buffer, size, result, error);
	assert_int_equal((unsigned char)(*buffer)[size], 0xa5);
	return status;
}

/* Too small: ERANGE in all ways, until it is large enough; then it stays so. */
static void try_sizes(const struct known *wanted, bool with_family)
{
	size_t enough = 0;
	for (size_t size = 0; size < ENOUGH; size++) {
		struct hostent entry, *result;
		char *buffer;
		int error;
		const int status = call_r(wanted, with_family, size, &entry, &buffer, &result, &error);
		if (status == 0) {
			assert_ptr_equal(result, &entry);
			assert_int_equal(error, NETDB_SUCCESS);
			assert_int_equal(errno, 4711);
			check(result, wanted);
			enough = enough ? enough : size;
		} else {
			assert_int_equal(enough, 0);
			assert_int_equal(status, ERANGE);
			assert_int_equal(errno, ERANGE);
			assert_int_equal(error, NETDB_INTERNAL);
			assert_null(result);
		}
		free(buffer);
	}
	assert_in_range(enough, 1, 600); /* what callers begin with is 1,024 or more */
}

static void test_reentrant(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		try_sizes(&known[i], true);
		if (known[i].family == AF_INET)
			try_sizes(&known[i], false);
	}
	assert_int_equal(next_libc_refused, 0);
}

/* Known, but not in that family: not an error of the call, no entry, NO_DATA; and no DNS. */
static void test_no_data(void **state)
{
	(void)state;
	static const struct known none[] = { { "six.example", AF_INET, { 0 } }, { "four.example", AF_INET6, { 0 } } };
	for (size_t i = 0; i < 2; i++) {
		struct hostent entry, *result;
		char *buffer;
		int error;
		assert_int_equal(call_r(&none[i], true, ENOUGH, &entry, &buffer, &result, &error), 0);
		assert_null(result);
		assert_int_equal(error, NO_DATA);
		free(buffer);
		h_errno = 0;
		assert_null(names_gethostbyname2(none[i].name, none[i].family));
		assert_int_equal(h_errno, NO_DATA);
	}
	h_errno = 0;
	assert_null(names_gethostbyname("six.example"));
	assert_int_equal(h_errno, NO_DATA);
	assert_int_equal(next_libc_refused, 0);
}

static void expect_libc(const char *name, int family)
{
	struct hostent entry, *result;
	char buffer[ENOUGH];
	int error;
	next_libc_refused = 0;
	assert_null(names_gethostbyname2(name, family));
	assert_int_equal(names_gethostbyname2_r(name, family, &entry, buffer, sizeof buffer, &result, &error), EAGAIN);
	assert_int_equal(next_libc_refused, 2);
	if (family != AF_INET)
		return;
	assert_null(names_gethostbyname(name));
	assert_int_equal(names_gethostbyname_r(name, &entry, buffer, sizeof buffer, &result, &error), EAGAIN);
	assert_int_equal(next_libc_refused, 4);
}

static void test_not_ours(void **state)
{
	const struct names_world *world = *state;
	expect_libc("five.example", AF_INET);
	expect_libc("own.example", AF_INET);
	expect_libc("wild.example", AF_INET6);
	expect_libc("four.example", AF_UNIX);
	expect_libc("four.example", 4711);
	world->file->off = 1;
	expect_libc("four.example", AF_INET);
	world->file->off = 0;
}

/* What libc answers without anyone's help it goes on answering. */
static void test_libcs_own(void **state)
{
	(void)state;
	const struct known numeric = { "192.0.2.1", AF_INET, { "192.0.2.1" } };
	check(names_gethostbyname("192.0.2.1"), &numeric);
	check(names_gethostbyname2("192.0.2.1", AF_INET), &numeric);
	assert_non_null(names_gethostbyname("localhost"));
}

static void test_order(void **state)
{
	const struct names_world *world = *state;
	const struct known down_last = { "four.example", AF_INET, { "192.0.2.2", "192.0.2.3", "192.0.2.1" } };
	names_world_candidate(world, "192.0.2.1")->word = MPF_WORD(MPF_DOWN, MPF_READY, 0, 0, 0);
	check(names_gethostbyname("four.example"), &down_last);
	names_world_candidate(world, "192.0.2.1")->word = MPF_WORD(MPF_UP, MPF_READY, MPF_DOUBTED, 0, 0);
	check(names_gethostbyname("four.example"), &down_last);
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
		TEST(test_static),   TEST(test_reentrant), TEST(test_no_data),
		TEST(test_not_ours), TEST(test_libcs_own), TEST(test_order),
	};
	return cmocka_run_group_tests_name("names_hostent", tests, names_world_begin, names_world_end);
}
