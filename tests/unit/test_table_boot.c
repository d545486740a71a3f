/* SPDX-License-Identifier: MIT */
/* The first writer after a reboot is killed before it has published: what the last boot left is still not believed. */
#include "probe/table/table_writer.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/fixture.h"

static void test_killed_after_reboot(void **state)
{
	(void)state;
	struct fixture *fixture = fixture_new();
	char *directory = fixture_directory();
	const char *path = fixture_path(fixture, directory, "table");
	struct table_writer *writer;
	fixture_service(fixture, "dm");
	fixture_candidate(fixture, "a", "192.0.2.1");
	assert_int_equal(table_writer_open(&writer, path, "", ""), 0);
	table_writer_publish(writer, fixture_image(fixture));
	table_writer_close(writer);

	const int fd = open(path, O_RDWR);
	struct mpf_header *header = mmap(NULL, MPF_FILE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(header, MAP_FAILED);
	close(fd);
	header->boot_id[0] ^= 1; /* the reboot */

	for (int i = 0; i < 3; i++) { /* none of them gets as far as its first publish */
		assert_int_equal(table_writer_open(&writer, path, "", ""), 0);
		assert_null(table_writer_active(writer));
		table_writer_close(writer);
	}
	munmap(header, MPF_FILE_SIZE);
	fixture_remove(directory);
	fixture_free(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_killed_after_reboot) };
	return cmocka_run_group_tests_name("table_boot", tests, NULL, NULL);
}
