/* SPDX-License-Identifier: MIT */
/* Tables that are damaged anywhere and in any way: never a crash, never a look beyond the end, never a long search. */
#include "preload/lookup.h"

#include <fcntl.h>
#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "preload/choose.h"
#include "preload/names.h"
#include "preload/view.h"
#include "tests/unit/fixture.h"

enum { MUTATIONS = 120000, RANDOM_SLOTS = 150, NAME_MUTATIONS = 30000, LONGEST_LOOK_MS = 100, SERVICES = 12 };

static struct {
	struct fixture *fixture;
	struct fixture_table table, whole; /* what is damaged, and what it was */
	uint64_t seed;
	uint64_t found, looked;
} world;

static uint32_t number(uint32_t below)
{
	return fixture_random(&world.seed) % below;
}

static const char *const names[] = {
	"dm.example",
	"h3.example",
	"a.b.h4.example",
	"x.h4.example",
	"h11.example",
	"192.0.2.77",
	"a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.h4.example",
};

static void configure(struct fixture *fixture)
{
	const struct conf_uplink *uplink = fixture_uplink(fixture, "isp", "192.0.2.254");
	for (unsigned i = 0; i < SERVICES; i++) {
		fixture_service(fixture, fixture_text(fixture, "s%u", i));
		fixture_host(fixture, fixture_text(fixture, i == 4 ? "*.h%u.example" : "h%u.example", i));
		fixture_host(fixture, "dm.example");
		fixture_host(fixture, "192.0.2.77"); /* what libc can answer without the network */
		if (i % 3)
			fixture_port(fixture, (uint16_t)(440 + i));
		for (unsigned j = 0; j <= i; j++)
			fixture_candidate(fixture, "c",
			                  fixture_text(fixture, j & 1 ? "2001:db8::%u:%u" : "10.0.%u.%u", i, j))
				->uplink = j & 2 ? uplink : NULL;
		fixture_candidate(fixture, "shared", "192.0.2.1");
	}
}

static int begin(void **state)
{
	(void)state;
	world.fixture = fixture_new();
	const char *seed = getenv("DAMAGE_SEED");
	world.seed = seed ? strtoull(seed, NULL, 0) : 0x64616d61;
	world.table = fixture_table_new();
	world.whole = fixture_table_new();
	configure(world.fixture);
	for (int i = 0; i < 2; i++)
		fixture_publish(world.table.header, fixture_image(world.fixture));
	memcpy(world.whole.header, world.table.header, world.table.size);
	print_message("# seed %#jx\n", (uintmax_t)world.seed);
	return 0;
}

static int end(void **state)
{
	(void)state;
	print_message("# %ju of %ju looks found something\n", (uintmax_t)world.found, (uintmax_t)world.looked);
	fixture_table_free(&world.table);
	fixture_table_free(&world.whole);
	fixture_free(world.fixture);
	return 0;
}

/* ---------------------------------------------------------------------------------------------------- the damage */

static const size_t ends[] = {
	offsetof(struct mpf_slot, address_index),
	offsetof(struct mpf_slot, host_index),
	offsetof(struct mpf_slot, services),
	offsetof(struct mpf_slot, services[SERVICES + 1]),
	offsetof(struct mpf_slot, candidates),
	offsetof(struct mpf_slot, candidates[SERVICES * 8]),
	offsetof(struct mpf_slot, infos),
	offsetof(struct mpf_slot, uplinks),
	offsetof(struct mpf_slot, hosts),
	offsetof(struct mpf_slot, hosts[SERVICES * 3 + 1]),
	sizeof(struct mpf_slot),
};

/* A word's place: of the header, of what is used, of anything. */
static size_t somewhere(bool header_too)
{
	const uint32_t which = number(20);
	if (which == 0 && header_too)
		return number(sizeof(struct mpf_header) / 4) * 4;
	const size_t slot = world.whole.header->slot_offset[which > 2 ? world.whole.header->active : number(2)];
	if (which < 2)
		return slot + number(sizeof(struct mpf_slot) / 4) * 4;
	if (which < 6) { /* an entry of an index that is in use */
		const size_t index =
			which & 1 ? offsetof(struct mpf_slot, address_index) : offsetof(struct mpf_slot, host_index);
		const uint32_t *words =
			(const uint32_t *)(const void *)((const char *)world.whole.header + slot + index);
		uint32_t at = number(MPF_INDEX_SIZE);
		while (!words[at])
			at = (at + 1) % MPF_INDEX_SIZE;
		return slot + index + at * 4;
	}
	const uint32_t part = number(sizeof ends / sizeof *ends);
	const size_t start = part ? ends[part - 1] : 0;
	return slot + start + number((uint32_t)(ends[part] - start) / 4) * 4;
}

static uint32_t some_value(uint32_t was)
{
	static const uint32_t values[] = { 0,    1,    2,          15,         16,         17,
		                           127,  128,  129,        1023,       1024,       1025,
		                           4095, 4096, 0x7fffffff, 0x80000000, UINT32_MAX, UINT32_MAX - 1 };
	switch (number(6)) {
	case 0:
		return fixture_random(&world.seed);
	case 1:
		return was ^ 1u << number(32);
	case 2:
		return was + 1;
	case 3:
		return was - 1;
	case 4:
		return number(SERVICES * 8);
	default:
		return values[number(sizeof values / sizeof *values)];
	}
}

static void damage(struct mpf_header *header, size_t at)
{
	char *place = (char *)header + at;
	uint32_t word;
	if (number(8) == 0) {
		place[number(4)] = (char)number(256);
		return;
	}
	memcpy(&word, place, sizeof word);
	word = some_value(word);
	memcpy(place, &word, sizeof word);
}

/* ------------------------------------------------------------------------------------------------------ the looks */

static void order_all(const struct snapshot *snapshot)
{
	for (int reach = REACH_IPV4; reach <= REACH_ANY; reach++) {
		const struct choose_request request = { .reach = reach,
			                                .failed = fixture_random(&world.seed),
			                                .sticky = (int)number(18) - 1,
			                                .address = snapshot->candidate[0].address };
		struct choose_list list;
		choose_order(snapshot, &request, &list);
		assert_in_range(list.count, 0, MPF_MAX_SERVICE_CANDIDATES);
		for (unsigned i = 0; i < list.count; i++)
			assert_in_range(list.candidate[i], 0, snapshot->count - 1);
	}
}

static void check(bool found, const struct snapshot *snapshot)
{
	world.looked++;
	if (!found)
		return;
	world.found++;
	assert_in_range(snapshot->count, 1, MPF_MAX_SERVICE_CANDIDATES);
	assert_in_range(strnlen((const char *)snapshot->service.name, MPF_NAME_SIZE), 0, MPF_NAME_SIZE - 1);
	order_all(snapshot);
}

/* What is found by an address has it, whatever the words say that lead there. */
static void check_address(const struct mpf_header *table, const uint8_t address[16], uint32_t scope)
{
	struct snapshot snapshot;
	const bool found = lookup_address(table, address, scope, (uint16_t)(440 + number(14)), &snapshot);
	bool has = !found;
	for (uint32_t i = 0; !has && i < snapshot.count; i++)
		has = !memcmp(snapshot.candidate[i].address, address, sizeof snapshot.candidate[i].address);
	assert_true(has);
	check(found, &snapshot);
}

static uint64_t cpu_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* A few of the addresses, and all names. */
static void look_around(const struct mpf_header *table)
{
	static const uint8_t shared[16] = { [10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 1 };
	struct snapshot snapshot;
	const uint64_t start = cpu_ms();
	for (int i = 0; i < 4; i++) {
		const struct conf_candidate *one =
			&world.fixture->candidates[number((uint32_t)world.fixture->candidate_count)];
		check_address(table, one->address.ip.s6_addr, 0);
	}
	check_address(table, shared, number(3));
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		check(lookup_host(table, names[i], (uint16_t)(number(2) * (440 + number(14))), &snapshot), &snapshot);
	assert_in_range(cpu_ms() - start, 0, LONGEST_LOOK_MS);
}

static void test_damaged_words(void **state)
{
	(void)state;
	size_t damaged[32];
	unsigned count = 0;
	for (int i = 0; i < MUTATIONS; i++) {
		damaged[count] = somewhere(true);
		damage(world.table.header, damaged[count++]);
		if (lookup_table_sound(world.table.header, world.table.size))
			look_around(world.table.header);
		if (count < 32 && number(12))
			continue;
		while (count) { /* whole again */
			const size_t at = damaged[--count];
			memcpy((char *)world.table.header + at, (const char *)world.whole.header + at, 4);
		}
	}
	assert_true(world.found > world.looked / 4);
	memcpy(world.table.header, world.whole.header, world.table.size);
}

/* Slots of nothing but chance, also of small numbers, which are indexes that exist. */
static void test_random_slots(void **state)
{
	(void)state;
	struct mpf_slot *slot = fixture_slot(world.table.header, world.table.header->active);
	uint32_t *words = (uint32_t *)(void *)slot;
	for (int i = 0; i < RANDOM_SLOTS; i++) {
		static const uint32_t masks[] = { UINT32_MAX, 0xfff, 0x3ff, 0x7f, 0x1f, 3 };
		const uint32_t mask = masks[(unsigned)i % (sizeof masks / sizeof *masks)];
		for (size_t j = 0; j < sizeof *slot / 4; j++)
			words[j] = fixture_random(&world.seed) & mask;
		for (int j = 0; j < 20; j++) {
			slot->generation = (fixture_random(&world.seed) & ~1u) + 2;
			/* An address that is there, whatever it is. */
			const uint32_t one = number(MPF_MAX_CANDIDATES);
			struct snapshot snapshot;
			uint32_t at = mpf_hash_address(slot->candidates[one].address) % MPF_INDEX_SIZE;
			slot->address_index[at] = one + 1;
			check(lookup_address(world.table.header, slot->candidates[one].address, 0, 443, &snapshot),
			      &snapshot);
			look_around(world.table.header);
		}
	}
	memcpy(world.table.header, world.whole.header, world.table.size);
}

/* Each link of each chain leads to itself or round in a circle. */
static void test_circles(void **state)
{
	(void)state;
	struct mpf_slot *slot = fixture_slot(world.table.header, world.table.header->active);
	for (uint32_t length = 1; length < 4; length++) {
		for (uint32_t i = 0; i < MPF_MAX_CANDIDATES; i++)
			slot->candidates[i].next = (i + length) % MPF_MAX_CANDIDATES / length * length + 1;
		for (uint32_t i = 0; i < MPF_MAX_HOSTS; i++)
			slot->hosts[i].next = (i + length) % MPF_MAX_HOSTS / length * length + 1;
		for (int i = 0; i < 1000; i++)
			look_around(world.table.header);
	}
	for (uint32_t i = 0; i < MPF_INDEX_SIZE; i++) /* and no empty place ends a search */
		slot->address_index[i] = slot->host_index[i] = 1 + number(SERVICES);
	for (int i = 0; i < 200; i++)
		look_around(world.table.header);
	memcpy(world.table.header, world.whole.header, world.table.size);
}

/* -------------------------------------------------------------------------------------------------------- names */

static void ask_names(const char *name)
{
	static const int families[] = { AF_UNSPEC, AF_INET, AF_INET6 };
	const struct addrinfo hints = { .ai_family = families[number(3)],
		                        .ai_socktype = number(2) ? SOCK_STREAM : 0,
		                        .ai_flags = number(2)   ? AI_CANONNAME
		                                    : number(2) ? AI_V4MAPPED | AI_ALL
		                                                : 0 };
	struct addrinfo *list = NULL;
	struct hostent entry, *result;
	char buffer[512];
	int error;
	if (names_getaddrinfo(name, number(2) ? "445" : NULL, &hints, &list) == 0)
		freeaddrinfo(list);
	(void)names_gethostbyname(name);
	(void)names_gethostbyname2(name, AF_INET6);
	(void)names_gethostbyname_r(name, &entry, buffer, number(sizeof buffer), &result, &error);
	(void)names_gethostbyname2_r(name, AF_INET6, &entry, buffer, number(sizeof buffer), &result, &error);
}

/* The same through the mapped file, with all that stands on it; the header's layout is what was checked when it was mapped. */
static void test_names(void **state)
{
	(void)state;
	char *directory = fixture_directory();
	const char *path = fixture_path(world.fixture, directory, "table");
	uint32_t now_ms;
	fixture_write(world.whole.header, world.whole.size, path);
	const int fd = open(path, O_RDWR | O_CLOEXEC);
	struct mpf_header *file = mmap(NULL, world.whole.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(file, MAP_FAILED);
	close(fd);
	assert_int_equal(view_open(path), VIEW_MAPPED);
	for (int i = 0; i < NAME_MUTATIONS; i++) {
		const size_t at = somewhere(false);
		damage(file, at);
		file->heartbeat_ms = fixture_now_ms();
		assert_non_null(view_table(&now_ms));
		const uint64_t start = cpu_ms();
		ask_names(names[number(sizeof names / sizeof *names)]);
		assert_in_range(cpu_ms() - start, 0, LONGEST_LOOK_MS);
		if (i % 16 == 0)
			memcpy(file, world.whole.header, world.whole.size);
	}
	munmap(file, world.whole.size);
	fixture_remove(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_damaged_words),
		cmocka_unit_test(test_random_slots),
		cmocka_unit_test(test_circles),
		cmocka_unit_test(test_names),
	};
	return cmocka_run_group_tests_name("damage", tests, begin, end);
}
