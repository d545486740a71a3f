/* SPDX-License-Identifier: MIT */
#include "preload/hostent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

enum { MOST = 16 };

static uint8_t addresses[MOST][16];

static int fill_addresses(void **state)
{
	(void)state;
	for (int i = 0; i < MOST; i++)
		for (int j = 0; j < 16; j++)
			addresses[i][j] = (uint8_t)(i * 16 + j);
	return 0;
}

struct wish {
	const char *name;
	int family;
	size_t count;
};

static bool inside(const void *at, size_t length, const char *buffer, size_t size)
{
	const char *start = at;
	return start >= buffer && start + length <= buffer + size;
}

static void check_entry(const struct hostent *entry, const struct wish *wish, const char *buffer, size_t size)
{
	const size_t length = wish->family == AF_INET ? 4 : 16;
	assert_int_equal(entry->h_addrtype, wish->family);
	assert_int_equal(entry->h_length, length);
	assert_string_equal(entry->h_name, wish->name);
	assert_true(inside(entry->h_name, strlen(wish->name) + 1, buffer, size));
	assert_non_null(entry->h_aliases);
	assert_null(entry->h_aliases[0]);
	assert_true(inside(entry->h_aliases, sizeof(char *), buffer, size));
	assert_true(inside(entry->h_addr_list, (wish->count + 1) * sizeof(char *), buffer, size));
	assert_int_equal((uintptr_t)entry->h_addr_list % sizeof(char *), 0);
	assert_int_equal((uintptr_t)entry->h_aliases % sizeof(char *), 0);
	for (size_t i = 0; i < wish->count; i++) {
		assert_true(inside(entry->h_addr_list[i], length, buffer, size));
		assert_memory_equal(entry->h_addr_list[i], addresses[i] + 16 - length, length);
	}
	assert_null(entry->h_addr_list[wish->count]);
}

/* Each size from nothing to more than enough.  Its end is the end of the allocation, for AddressSanitizer. */
static void try_sizes(const struct wish *wish, size_t misalignment)
{
	const size_t enough = (wish->count + 2) * sizeof(char *) + wish->count * (wish->family == AF_INET ? 4 : 16) +
	                      strlen(wish->name) + 1 + -misalignment % sizeof(char *);
	for (size_t size = 0; size <= enough + sizeof(char *); size++) {
		char *memory = malloc(misalignment + size + 1), *buffer = memory + misalignment;
		struct hostent entry, untouched;
		assert_non_null(memory);
		memset(memory, 0xa5, misalignment + size + 1);
		memset(&entry, 0x5a, sizeof entry);
		untouched = entry;
		const bool filled = hostent_fill(&entry, buffer, size, wish->name, wish->family,
		                                 (const uint8_t(*)[16])addresses, wish->count);
		assert_int_equal(filled, size >= enough);
		assert_int_equal((uint8_t)buffer[size], 0xa5);
		for (size_t i = 0; i < misalignment; i++)
			assert_int_equal((uint8_t)memory[i], 0xa5);
		if (filled)
			check_entry(&entry, wish, buffer, size);
		else
			assert_memory_equal(&entry, &untouched, sizeof entry);
		free(memory);
	}
}

static void test_each_size(void **state)
{
	(void)state;
	static const struct wish wishes[] = {
		{ "dm.example", AF_INET, 1 }, { "dm.example", AF_INET6, 1 },
		{ "a", AF_INET, MOST },       { "a.longer.name.of.a.service.example", AF_INET6, MOST },
		{ "", AF_INET, 3 },           { "none.example", AF_INET, 0 },
	};
	for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++)
		for (size_t misalignment = 0; misalignment < 2 * sizeof(char *); misalignment++)
			try_sizes(&wishes[i], misalignment);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_each_size) };
	return cmocka_run_group_tests_name("hostent", tests, fill_addresses, NULL);
}
