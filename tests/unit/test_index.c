/* SPDX-License-Identifier: MIT */
/* How well the hashes of table.h spread what people write into a configuration. */
#include "preload/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { THINGS = 1024, LONGEST_RUN = 24 }; /* random numbers make runs of 6 to 12 */

/* Addresses, of which thing I has bytes that grow by LOW within a group of GROUP and by HIGH from group to group. */
static const struct {
	const char *what;
	uint8_t prefix[12];
	unsigned high, low; /* bytes of the address */
	unsigned group;
} addresses[] = {
	{ "10.0.y.x", { [10] = 0xff, [11] = 0xff }, 14, 15, 256 },
	{ "10.y.x.0", { [10] = 0xff, [11] = 0xff }, 13, 14, 256 },
	{ "y.x.0.0", { [10] = 0xff, [11] = 0xff }, 12, 13, 256 },
	{ "10.0.y.x, 16 of each", { [10] = 0xff, [11] = 0xff }, 14, 15, 16 },
	{ "y.0.0.x, 8 of each", { [10] = 0xff, [11] = 0xff }, 12, 15, 8 },
	{ "2001:db8::yyxx", { 0x20, 1, 0xd, 0xb8 }, 14, 15, 256 },
	{ "2001:db8:0:y::x, 4 of each", { 0x20, 1, 0xd, 0xb8 }, 7, 15, 4 },
	{ "2001:db8:0:y::x, 8 of each", { 0x20, 1, 0xd, 0xb8 }, 7, 15, 8 },
	{ "2001:db8:y:0:x::, 8 of each", { 0x20, 1, 0xd, 0xb8 }, 5, 9, 8 },
	{ "2001:db8:y::x, 16 of each", { 0x20, 1, 0xd, 0xb8 }, 5, 15, 16 },
};

/* Two numbers, each below 1,024 / the other's. */
static const char *const names[] = {
	"h%u.s%u.example", ".h%u.s%u.example", "host.%u.%u.example", "%u.%u.dm.metapack.com", "a%u-%u.example.com",
};

static uint32_t places[MPF_INDEX_SIZE];

static void put(uint32_t hash)
{
	while (places[hash % MPF_INDEX_SIZE])
		hash++;
	places[hash % MPF_INDEX_SIZE] = 1;
}

static void check_runs(const char *what)
{
	unsigned longest = 0, run = 0;
	for (unsigned i = 0; i < 2 * MPF_INDEX_SIZE; i++) {
		run = places[i % MPF_INDEX_SIZE] ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	memset(places, 0, sizeof places);
	if (longest > LONGEST_RUN)
		fail_msg("%s: a run of %u", what, longest);
}

static void test_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
		for (unsigned j = 0; j < THINGS; j++) {
			uint8_t address[16] = { 0 };
			memcpy(address, addresses[i].prefix, sizeof addresses[i].prefix);
			address[addresses[i].low] = (uint8_t)(1 + j % addresses[i].group);
			address[addresses[i].high] = (uint8_t)(j / addresses[i].group);
			put(mpf_hash_address(address));
		}
		check_runs(addresses[i].what);
	}
}

static void test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		for (unsigned group = 1; group <= THINGS; group *= 8) {
			for (unsigned j = 0; j < THINGS; j++) {
				char name[64];
				uint32_t hash = MPF_HASH_HOST_START;
				for (int at = snprintf(name, sizeof name, names[i], j % group, j / group); at-- > 0;)
					hash = mpf_hash_host_step(hash, (uint8_t)name[at]);
				put(mpf_hash_host_end(hash));
			}
			check_runs(names[i]);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_addresses), cmocka_unit_test(test_names) };
	return cmocka_run_group_tests_name("index", tests, NULL, NULL);
}
