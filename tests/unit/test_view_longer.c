/* SPDX-License-Identifier: MIT */
/* A table of the same layout in a longer file: it must not reach beyond the place of the one that it replaces. */
#include "preload/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/fixture.h"

static void test_longer_file(void **state)
{
	(void)state;
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct fixture *fixture = fixture_new();
	struct fixture_table table = fixture_table_new();
	char *directory = fixture_directory();
	const char *path = fixture_path(fixture, directory, "table");
	fixture_write(table.header, table.size, path);
	/* A gap of the table's size, and behind it something of the client's own. */
	const size_t size = (table.size + page - 1) / page * page;
	char *gap = mmap(NULL, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *behind = gap + size;
	assert_ptr_not_equal(gap, MAP_FAILED);
	assert_int_equal(munmap(gap, size), 0);
	assert_int_equal(view_open(path), VIEW_MAPPED);
	uint32_t now_ms;
	const char *mapped = (const char *)view_table(&now_ms);
	if (mapped != gap) /* the kernel has put it elsewhere */
		skip();
	memset(behind, 'x', page);
	fixture_write(table.header, table.size, path);
	assert_int_equal(truncate(path, (off_t)(size + 4 * page)), 0);
	assert_int_equal(view_open(path), VIEW_MAPPED);
	assert_ptr_equal(view_table(&now_ms), mapped);
	for (size_t i = 0; i < page; i++)
		assert_int_equal(behind[i], 'x');
	fixture_remove(directory);
	fixture_table_free(&table);
	fixture_free(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_longer_file) };
	return cmocka_run_group_tests_name("view_longer", tests, NULL, NULL);
}
