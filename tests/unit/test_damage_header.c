/* SPDX-License-Identifier: MIT */
/* The header of a table that a client has mapped and checked is damaged afterwards: not ours, never a crash. */
#include "preload/view.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "preload/lookup.h"
#include "tests/unit/fixture.h"

enum { MUTATIONS = 2000 };

static void look(const char *path)
{
	const int fd = open(path, O_RDWR | O_CLOEXEC);
	uint32_t *words = mmap(NULL, sizeof(struct mpf_header), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	uint64_t seed = 0x68656164;
	static const uint8_t address[16] = { [10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 1 };
	if (words == MAP_FAILED || view_open(path) != VIEW_MAPPED)
		_exit(1);
	for (int i = 0; i < MUTATIONS; i++) {
		uint32_t now_ms;
		struct snapshot snapshot;
		const size_t at = fixture_random(&seed) % (offsetof(struct mpf_header, boot_id) / sizeof *words);
		const uint32_t whole = words[at];
		words[at] = fixture_random(&seed) >> (fixture_random(&seed) & 31);
		const struct mpf_header *table = view_table(&now_ms);
		if (table) {
			lookup_address(table, address, 0, 443, &snapshot);
			lookup_host(table, "dm.example", 443, &snapshot);
		}
		words[at] = whole;
	}
	_exit(0);
}

static void test_damaged_after_mapping(void **state)
{
	(void)state;
	struct fixture *fixture = fixture_new();
	struct fixture_table table = fixture_table_new();
	char *directory = fixture_directory();
	const char *path = fixture_path(fixture, directory, "table");
	int status;
	fixture_service(fixture, "dm");
	fixture_host(fixture, "dm.example");
	fixture_candidate(fixture, "a", "192.0.2.1");
	fixture_publish(table.header, fixture_image(fixture));
	fixture_write(table.header, table.size, path);
	const pid_t child = fork();
	if (child == 0)
		look(path);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	fixture_remove(directory);
	fixture_table_free(&table);
	fixture_free(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_damaged_after_mapping) };
	return cmocka_run_group_tests_name("damage_header", tests, NULL, NULL);
}
