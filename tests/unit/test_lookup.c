/* SPDX-License-Identifier: MIT */
#include "preload/lookup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fixture.h"

/* 63 + 1 + 63 + 1 + 63 + 1 + 61 = 253 characters. */
#define LABEL   "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0"
#define LONGEST LABEL "." LABEL "." LABEL ".abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxy"

static struct {
	struct fixture *fixture;
	struct fixture_table table;
} world;

/* Each service is told by its name. */
static void add_services(struct fixture *fixture)
{
	fixture_service(fixture, "any");
	fixture_host(fixture, "dm.example");
	fixture_host(fixture, "*.dm.example");
	fixture_candidate(fixture, "a", "192.0.2.1");
	fixture_candidate(fixture, "b", "2001:db8::1");
	fixture_candidate(fixture, "c", "192.0.2.9")->port = 9443; /* connect() alone uses it */

	fixture_service(fixture, "web");
	fixture_host(fixture, "dm.example");
	fixture_host(fixture, "web.dm.example");
	fixture_port(fixture, 80);
	fixture_port(fixture, 443);
	fixture_candidate(fixture, "a", "192.0.2.1");
	fixture_candidate(fixture, "b", "192.0.2.2");

	fixture_service(fixture, "ftp");
	fixture_host(fixture, "dm.example");
	fixture_host(fixture, "*.b.dm.example");
	fixture_host(fixture, "only.dm.example");
	fixture_port(fixture, 21);
	fixture_candidate(fixture, "a", "192.0.2.1");
	fixture_candidate(fixture, "b", "192.0.2.3");

	fixture_service(fixture, "local");
	fixture_host(fixture, LONGEST);
	fixture_candidate(fixture, "a", "fe80::1%3");
	fixture_candidate(fixture, "b", "2001:db8::2");
	fixture_candidate(fixture, "c", "fe80::1%6"); /* on another link */

	fixture_service(fixture, "local-4");
	fixture_host(fixture, "x");
	fixture_host(fixture, "*.example");
	fixture_candidate(fixture, "a", "fe80::1%4");
}

static int make_world(void **state)
{
	(void)state;
	world.fixture = fixture_new();
	world.table = fixture_table_new();
	add_services(world.fixture);
	fixture_publish(world.table.header, fixture_image(world.fixture));
	return 0;
}

static int end_world(void **state)
{
	(void)state;
	fixture_free(world.fixture);
	fixture_table_free(&world.table);
	return 0;
}

/* The name of what was found, "" for "not ours". */
static const char *name_of(bool found, const struct snapshot *snapshot)
{
	return found ? (const char *)snapshot->service.name : "";
}

static const struct {
	const char *address;
	uint16_t port;
	const char *service;
} addresses[] = {
	{ "192.0.2.1", 80, "web" },
	{ "192.0.2.1", 443, "web" },
	{ "192.0.2.1", 21, "ftp" },
	{ "192.0.2.1", 22, "any" }, /* nobody names it */
	{ "192.0.2.1", 0, "" },     /* port 0 is nobody's */
	{ "192.0.2.2", 80, "web" },
	{ "192.0.2.2", 22, "" },
	{ "192.0.2.3", 21, "ftp" },
	{ "192.0.2.3", 80, "" },
	{ "2001:db8::1", 80, "any" },
	{ "2001:db8::2", 80, "local" },
	{ "2001:db8::3", 80, "" },
	{ "192.0.2.9", 443, "" }, /* a port of its own */
	{ "192.0.2.9", 9443, "" },
	{ "fe80::1%3", 443, "local" },
	{ "fe80::1%4", 443, "local-4" },
	{ "fe80::1%6", 443, "local" },
	{ "fe80::1%5", 443, "" },
	{ "fe80::1", 443, "" },
	{ "2001:db8::2%7", 443, "local" }, /* a scope means nothing there */
	{ "::", 80, "" },
	{ "0.0.0.0", 80, "" },
	{ "::192.0.2.1", 80, "" }, /* not a mapped one */
};

static void test_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
		const struct conf_address address = fixture_address(addresses[i].address);
		struct snapshot snapshot;
		const bool found = lookup_address(world.table.header, address.ip.s6_addr, address.scope,
		                                  addresses[i].port, &snapshot);
		if (strcmp(name_of(found, &snapshot), addresses[i].service) != 0)
			fail_msg("%s port %u: wanted <%s>, got <%s>", addresses[i].address, addresses[i].port,
			         addresses[i].service, name_of(found, &snapshot));
	}
}

static const struct {
	const char *name;
	uint16_t port;
	const char *service;
} names[] = {
	{ "dm.example", 0, "any" }, /* the first in the file's order */
	{ "dm.example", 443, "web" },
	{ "dm.example", 21, "ftp" },
	{ "dm.example", 22, "any" },
	{ "DM.Example", 443, "web" },
	{ "dm.example.", 443, "web" },
	{ "dm.example..", 443, "" },
	{ ".dm.example", 0, "local-4" }, /* below "example" by one label, if an odd one */
	{ "web.dm.example", 443, "web" },
	{ "web.dm.example", 22, "any" }, /* the name's own service does not serve it: its wildcard's does */
	{ "a.dm.example", 443, "any" },
	{ "a.b.c.dm.example", 443, "any" },
	{ "a.b.dm.example", 21, "ftp" },
	{ "A.B.DM.EXAMPLE.", 21, "ftp" },
	{ "x.a.b.dm.example", 21, "ftp" },
	{ "b.dm.example", 21, "any" }, /* "*." wants a label */
	{ "only.dm.example", 21, "ftp" },
	{ "example", 80, "" },
	{ "other.example", 80, "local-4" },
	{ "notdm.example", 443, "local-4" },
	{ "dm.example.org", 443, "" },
	{ "xdm.exampl", 443, "" },
	{ "x", 80, "local-4" },
	{ "X.", 80, "local-4" },
	{ "xx", 80, "" },
	{ "", 80, "" },
	{ ".", 80, "" },
	{ "..", 80, "" },
	{ "*.dm.example", 443, "any" }, /* not as a pattern: as a name with a label "*" */
	{ "*", 80, "" },
	{ "192.0.2.1", 443, "" },
	{ "dm.ex\xc3\xa4mple", 443, "" },
	{ LONGEST, 443, "local" },
	{ LONGEST ".", 443, "local" },
	{ "a" LONGEST, 443, "" },                                       /* 254 */
	{ "." LONGEST, 443, "" },                                       /* 254 */
	{ LABEL "." LONGEST, 443, "" },                                 /* 317 */
	{ LABEL "." LABEL "." LABEL "." LABEL ".dm.example", 443, "" }, /* 266, and a wildcard's */
	{ LABEL "." LABEL "." LABEL "." LABEL "." LABEL ".dm.example.", 443, "" },
};

static void test_names(void **state)
{
	(void)state;
	assert_int_equal(strlen(LONGEST), 253);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char *name = strdup(names[i].name); /* so that AddressSanitizer sees its end */
		struct snapshot snapshot;
		assert_non_null(name);
		const bool found = lookup_host(world.table.header, name, names[i].port, &snapshot);
		if (strcmp(name_of(found, &snapshot), names[i].service) != 0)
			fail_msg("%s port %u: wanted <%s>, got <%s>", name, names[i].port, names[i].service,
			         name_of(found, &snapshot));
		free(name);
	}
}

/* Each length about the limit: a name of 253 that a wildcard matches, and never one more. */
static void test_wildcard_lengths(void **state)
{
	(void)state;
	char name[400];
	for (size_t length = 230; length <= 300; length++) {
		memset(name, 'y', length);
		for (size_t dot = 50; dot < length - 11; dot += 50)
			name[dot] = '.';
		memcpy(name + length - 11, ".dm.example", 12);
		struct snapshot snapshot;
		assert_int_equal(lookup_host(world.table.header, name, 0, &snapshot), length <= 253);
		memcpy(name + length, ".", 2);
		assert_int_equal(lookup_host(world.table.header, name, 0, &snapshot), length <= 253);
	}
}

static uint32_t place_of(const char *name)
{
	uint32_t hash = MPF_HASH_HOST_START;
	for (const char *at = name + strlen(name); at-- > name;)
		hash = mpf_hash_host_step(hash, (uint8_t)*at);
	return mpf_hash_host_end(hash) % MPF_INDEX_SIZE;
}

/* A pattern that begins like the name and has its place in the index is still another one. */
static void test_same_place(void **state)
{
	(void)state;
	struct fixture *fixture = fixture_new();
	struct fixture_table table = fixture_table_new();
	char longer[64] = "q.example";
	for (unsigned i = 0; place_of(longer) != place_of("q.example") || i == 0; i++)
		snprintf(longer, sizeof longer, "q.example%u", i);
	fixture_service(fixture, "longer");
	fixture_host(fixture, longer);
	fixture_candidate(fixture, "a", "192.0.2.1");
	fixture_publish(table.header, fixture_image(fixture));
	struct snapshot snapshot;
	assert_true(lookup_host(table.header, longer, 0, &snapshot));
	assert_false(lookup_host(table.header, "q.example", 0, &snapshot));
	fixture_table_free(&table);
	fixture_free(fixture);
}

static void test_copy_is_whole(void **state)
{
	(void)state;
	const struct mpf_header *table = world.table.header;
	struct snapshot snapshot;
	assert_true(lookup_address(table, fixture_address("192.0.2.3").ip.s6_addr, 0, 21, &snapshot));
	const struct mpf_slot *slot = fixture_slot(table, table->active);
	assert_int_equal(snapshot.generation, slot->generation);
	assert_int_equal(snapshot.service_index, 2);
	assert_int_equal(snapshot.first_candidate, 5);
	assert_int_equal(snapshot.count, 2);
	assert_memory_equal(&snapshot.service, &slot->services[2], sizeof snapshot.service);
	assert_memory_equal(snapshot.candidate, &slot->candidates[5], 2 * sizeof snapshot.candidate[0]);
}

/* A slot that is being written, or was never, is not read; and then the other one is not in force either. */
static void test_generations(void **state)
{
	(void)state;
	struct mpf_header *table = world.table.header;
	struct mpf_slot *slot = fixture_slot(table, table->active);
	const uint32_t whole = slot->generation, idle = fixture_slot(table, !table->active)->generation;
	static const uint32_t unreadable[] = { 0, 1, 3, UINT32_MAX };
	struct snapshot snapshot;
	for (size_t i = 0; i < sizeof unreadable / sizeof *unreadable; i++) {
		slot->generation = unreadable[i];
		assert_false(lookup_host(table, "dm.example", 0, &snapshot));
		assert_false(lookup_address(table, fixture_address("192.0.2.1").ip.s6_addr, 0, 80, &snapshot));
	}
	slot->generation = whole;
	fixture_slot(table, !table->active)->generation = 77; /* a writer died there */
	assert_true(lookup_host(table, "dm.example", 0, &snapshot));
	fixture_slot(table, !table->active)->generation = idle;
	table->active += 2; /* only its last bit counts */
	assert_true(lookup_host(table, "dm.example", 0, &snapshot));
	table->active -= 2;
}

/* ------------------------------------------------------------------------------------------------------ soundness */

#define FIELD(name) offsetof(struct mpf_header, name)

static void expect_sound(size_t field, uint32_t value, bool sound)
{
	struct mpf_header *table = world.table.header;
	uint32_t *word = (uint32_t *)(void *)((char *)table + field);
	const uint32_t was = *word;
	*word = value;
	if (lookup_table_sound(table, world.table.size) != sound)
		fail_msg("word %zu = %#x should %sdo", field / 4, value, sound ? "" : "not ");
	*word = was;
}

static void test_sound(void **state)
{
	(void)state;
	const struct mpf_header *table = world.table.header;
	const uint32_t size = world.table.size, slot = sizeof(struct mpf_slot);
	assert_true(lookup_table_sound(table, size));
	assert_true(lookup_table_sound(table, size + 4096));
	for (uint32_t less = 0; less < sizeof *table; less += 4)
		assert_false(lookup_table_sound(table, less));
	assert_false(lookup_table_sound(table, size - 1));
	expect_sound(FIELD(magic), 0, false);
	expect_sound(FIELD(magic), __builtin_bswap32(MPF_MAGIC), false);
	expect_sound(FIELD(abi), MPF_ABI + 1, false);
	expect_sound(FIELD(abi), 0, false);
	expect_sound(FIELD(header_size), sizeof *table - 4, false);
	expect_sound(FIELD(header_size), sizeof *table + 4, true); /* a field was appended */
	expect_sound(FIELD(header_size), MPF_HEADER_SPACE + 4, false);
	expect_sound(FIELD(file_size), size + 4, false);
	expect_sound(FIELD(file_size), size - 4, false);
	expect_sound(FIELD(slot_size), slot + 4, false);
	expect_sound(FIELD(slot_size), slot - 4, false);
	expect_sound(FIELD(slot_size), UINT32_MAX, false);
	for (size_t i = 0; i < 2; i++) {
		expect_sound(FIELD(slot_offset) + 4 * i, 2, false);
		expect_sound(FIELD(slot_offset) + 4 * i, 0, false);
		expect_sound(FIELD(slot_offset) + 4 * i, MPF_HEADER_SPACE, true);
		expect_sound(FIELD(slot_offset) + 4 * i, size - slot + 4, false);
		expect_sound(FIELD(slot_offset) + 4 * i, UINT32_MAX - 3, false);
	}
}

static void test_sound_arrays(void **state)
{
	(void)state;
	const struct mpf_header *table = world.table.header;
	const uint32_t slot = sizeof(struct mpf_slot);
	for (size_t field = FIELD(services); field < FIELD(boot_id); field += sizeof(struct mpf_array)) {
		const struct mpf_array *array = (const void *)((const char *)table + field);
		const size_t offset = field, stride = field + 4, limit = field + 8;
		expect_sound(offset, array->offset + 2, false);
		expect_sound(offset, slot - array->stride * array->limit + 4, false);
		expect_sound(offset, slot + 4, false);
		expect_sound(offset, UINT32_MAX - 3, false);
		expect_sound(stride, array->stride - 4, false);
		expect_sound(stride, array->stride + 2, false);
		expect_sound(stride, 0, false);
		expect_sound(stride, UINT32_MAX - 3, false);
		expect_sound(limit, 0, false);
		expect_sound(limit, (slot - array->offset) / array->stride + 1, false);
		expect_sound(limit, UINT32_MAX, false);
	}
	expect_sound(FIELD(address_index.limit), MPF_INDEX_SIZE - 1, false);
	expect_sound(FIELD(host_index.limit), MPF_INDEX_SIZE - 1, false);
	expect_sound(FIELD(services.limit), MPF_MAX_SERVICES - 1, true);
}

/* ------------------------------------------------------------------------------------------ numbers that cannot be */

/* Is 192.0.2.2 ours while *WORD of its service is VALUE? */
static void expect_ours(uint32_t *word, uint32_t value, bool ours)
{
	struct snapshot snapshot;
	const struct conf_address address = fixture_address("192.0.2.2");
	const uint32_t before = *word;
	*word = value;
	assert_int_equal(lookup_address(world.table.header, (const uint8_t *)&address.ip, 0, 443, &snapshot), ours);
	*word = before;
}

static void test_damaged_numbers(void **state)
{
	(void)state;
	struct snapshot snapshot;
	const struct conf_address address = fixture_address("192.0.2.2");
	assert_true(lookup_address(world.table.header, (const uint8_t *)&address.ip, 0, 443, &snapshot));
	struct mpf_slot *slot = fixture_slot(world.table.header, world.table.header->active);
	struct mpf_service *service = &slot->services[snapshot.service_index];
	struct mpf_candidate *candidate = &slot->candidates[snapshot.first_candidate];
	expect_ours(&service->candidate_count, 0, false);
	expect_ours(&service->candidate_count, MPF_MAX_SERVICE_CANDIDATES + 1, false);
	expect_ours(&service->first_candidate, UINT32_MAX, false);
	uint32_t *const waits[] = { &service->nonblocking_wait_ms, &service->attempt_floor_ms,
		                    &service->attempt_ceiling_ms };
	for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
		expect_ours(waits[i], 60000, true);
		expect_ours(waits[i], UINT32_MAX, false);
	}
	expect_ours(&candidate->port, UINT16_MAX, true);
	expect_ours(&candidate->port, UINT16_MAX + 1, false);
}

/* -------------------------------------------------------------------------------------------------------- growth */

/* A table as a later version may lay it out: appended fields, more room, other places. */
struct later {
	struct mpf_header header;
	uint32_t more_header[5];
	struct later_slot {
		uint8_t counts[offsetof(struct mpf_slot, address_index)];
		uint32_t more_counts[3];
		struct {
			struct mpf_host host;
			uint32_t more[2];
		} hosts[MPF_MAX_HOSTS + 100];
		struct {
			struct mpf_candidate candidate;
			uint32_t more;
		} candidates[2 * MPF_MAX_CANDIDATES];
		struct {
			struct mpf_service service;
			uint32_t more[9];
		} services[MPF_MAX_SERVICES + 1];
		struct mpf_uplink uplinks[1];
		struct mpf_info infos[1];
		uint32_t host_index[MPF_INDEX_SIZE];
		uint32_t address_index[MPF_INDEX_SIZE];
	} slot[2];
};

#define LATER(field)                                                                                         \
	(struct mpf_array)                                                                                   \
	{                                                                                                    \
		offsetof(struct later_slot, field), sizeof(((struct later_slot *)0)->field[0]),              \
			sizeof(((struct later_slot *)0)->field) / sizeof(((struct later_slot *)0)->field[0]) \
	}

static void lay_out_later(struct later *later, const struct mpf_header *now)
{
	const struct mpf_slot *from = fixture_slot(now, now->active);
	later->header = *now;
	later->header.header_size = offsetof(struct later, slot);
	later->header.file_size = sizeof *later;
	later->header.slot_size = sizeof later->slot[0];
	for (uint32_t i = 0; i < 2; i++)
		later->header.slot_offset[i] =
			(uint32_t)offsetof(struct later, slot) + i * (uint32_t)sizeof later->slot[0];
	later->header.services = LATER(services);
	later->header.hosts = LATER(hosts);
	later->header.candidates = LATER(candidates);
	later->header.infos = LATER(infos);
	later->header.uplinks = LATER(uplinks);
	later->header.address_index = LATER(address_index);
	later->header.host_index = LATER(host_index);
	struct later_slot *to = &later->slot[now->active];
	memcpy(to->counts, from, sizeof to->counts);
	memcpy(to->address_index, from->address_index, sizeof to->address_index);
	memcpy(to->host_index, from->host_index, sizeof to->host_index);
	for (uint32_t i = 0; i < from->service_count; i++)
		to->services[i].service = from->services[i];
	for (uint32_t i = 0; i < from->candidate_count; i++)
		to->candidates[i].candidate = from->candidates[i];
	for (uint32_t i = 0; i < from->host_count; i++)
		to->hosts[i].host = from->hosts[i];
}

static void test_later_version(void **state)
{
	struct mpf_header *now = world.table.header;
	struct later *later = malloc(sizeof *later);
	assert_non_null(later);
	memset(later, 0xff, sizeof *later);
	memset(later->slot, 0, sizeof later->slot);
	lay_out_later(later, now);
	assert_true(lookup_table_sound(&later->header, sizeof *later));
	world.table.header = &later->header;
	test_addresses(state);
	test_names(state);
	world.table.header = now;
	free(later);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_wildcard_lengths),
		cmocka_unit_test(test_same_place),
		cmocka_unit_test(test_copy_is_whole),
		cmocka_unit_test(test_generations),
		cmocka_unit_test(test_sound),
		cmocka_unit_test(test_sound_arrays),
		cmocka_unit_test(test_damaged_numbers),
		cmocka_unit_test(test_later_version),
	};
	return cmocka_run_group_tests_name("lookup", tests, make_world, end_world);
}
