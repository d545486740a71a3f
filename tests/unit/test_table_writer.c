/* SPDX-License-Identifier: MIT */
#include "probe/table/table_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/fixture.h"

static struct {
	struct fixture *fixture;
	char *directory;
	const char *path;
} world;

static int begin(void **state)
{
	(void)state;
	world.fixture = fixture_new();
	world.directory = fixture_directory();
	world.path = fixture_path(world.fixture, world.directory, "table");
	fixture_service(world.fixture, "dm");
	fixture_host(world.fixture, "dm.example");
	fixture_candidate(world.fixture, "a", "192.0.2.1");
	fixture_candidate(world.fixture, "b", "192.0.2.2");
	fixture_image(world.fixture);
	return 0;
}

static int end(void **state)
{
	(void)state;
	fixture_remove(world.directory);
	fixture_free(world.fixture);
	return 0;
}

static struct table_writer *open_writer(void)
{
	struct table_writer *writer;
	assert_int_equal(table_writer_open(&writer, world.path, "/run/report", "/run/control"), 0);
	assert_non_null(writer);
	return writer;
}

/* Opened, published once, and closed. */
static void write_table(void)
{
	struct table_writer *writer = open_writer();
	table_writer_publish(writer, &world.fixture->image);
	table_writer_close(writer);
}

static struct mpf_header *map(size_t size)
{
	const int fd = open(world.path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	struct mpf_header *header = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(header, MAP_FAILED);
	close(fd);
	return header;
}

static ino_t file_number(void)
{
	struct stat st;
	assert_int_equal(lstat(world.path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(st.st_size, MPF_FILE_SIZE);
	return st.st_ino;
}

static bool exists(const char *name)
{
	struct stat st;
	return lstat(fixture_path(world.fixture, world.directory, name), &st) == 0;
}

/* What a client would find for the first host. */
static bool found(const struct mpf_header *header, struct snapshot *snapshot)
{
	return lookup_table_sound(header, MPF_FILE_SIZE) && lookup_host(header, "dm.example", 443, snapshot);
}

/* ------------------------------------------------------------------------------------------------------- a new table */

static void test_new(void **state)
{
	(void)state;
	struct table_writer *writer = open_writer();
	struct mpf_header *header = map(MPF_FILE_SIZE);
	struct fixture_table documented = fixture_table_new();
	struct snapshot snapshot;
	file_number();
	assert_false(exists("table.new"));
	assert_null(table_writer_active(writer));
	documented.header->file_size =
		MPF_FILE_SIZE; /* the fixture's ends with the last slot, the file with its page */
	assert_memory_equal(header, documented.header, offsetof(struct mpf_header, active));
	assert_memory_equal(&header->services, &documented.header->services,
	                    offsetof(struct mpf_header, boot_id) - offsetof(struct mpf_header, services));
	assert_true(lookup_table_sound(header, MPF_FILE_SIZE));
	assert_false(found(header, &snapshot));
	assert_int_equal(header->writer_pid, getpid());
	assert_string_equal((char *)header->report, "/run/report");
	assert_string_equal((char *)header->control, "/run/control");
	assert_string_equal((char *)header->version, MPF_VERSION);

	table_writer_publish(writer, &world.fixture->image);
	assert_non_null(table_writer_active(writer));
	assert_int_equal(strlen((char *)header->boot_id), 36);
	assert_true(found(header, &snapshot));
	assert_int_equal(snapshot.count, 2);
	table_writer_heartbeat(writer, 4711);
	assert_int_equal(header->heartbeat_ms, 4711);
	table_writer_set_off(writer, true);
	assert_true(table_writer_is_off(writer));
	assert_int_equal(header->off, 1);
	table_writer_close(writer);
	assert_int_equal(header->writer_pid, 0);
	assert_true(found(header, &snapshot)); /* the table stays */
	munmap(header, MPF_FILE_SIZE);
	fixture_table_free(&documented);
}

static void test_cannot(void **state)
{
	(void)state;
	char deep[PATH_MAX + 10];
	struct table_writer *writer = (void *)-1;
	memset(deep, 'x', sizeof deep);
	deep[sizeof deep - 1] = '\0';
	assert_int_equal(table_writer_open(&writer, deep, "", ""), -ENAMETOOLONG);
	assert_null(writer);
	deep[MPF_PATH_SIZE] = '\0';
	assert_int_equal(table_writer_open(&writer, world.path, deep, ""), -ENAMETOOLONG);
	assert_int_equal(table_writer_open(&writer, world.path, "", deep), -ENAMETOOLONG);
	assert_int_equal(table_writer_open(&writer, fixture_path(world.fixture, world.directory, "no/table"), "", ""),
	                 -ENOENT);
	assert_null(writer);
	assert_int_equal(mkdir(world.path, 0755), 0);
	assert_int_equal(table_writer_open(&writer, world.path, "", ""), -EISDIR);
	assert_null(writer);
	assert_int_equal(rmdir(world.path), 0);
	assert_int_equal(table_writer_may_replace("/dev/null"), -ENOTSUP);
	assert_int_equal(table_writer_may_replace(world.path), 0);
	assert_false(exists("table.new"));
	assert_false(exists("table.lock"));
	table_writer_close(NULL);
}

static void test_lock(void **state)
{
	(void)state;
	struct table_writer *first = open_writer(), *second = (void *)-1;
	assert_int_equal(table_writer_open(&second, world.path, "", ""), -EWOULDBLOCK);
	assert_null(second);
	const pid_t child = fork();
	if (child == 0)
		_exit(table_writer_open(&second, world.path, "", "") == -EWOULDBLOCK ? 0 : 1);
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	table_writer_publish(first, &world.fixture->image); /* and the first is not disturbed */
	table_writer_close(first);
	second = open_writer();
	assert_non_null(table_writer_active(second));
	table_writer_close(second);
	assert_true(exists("table.lock"));
}

/* --------------------------------------------------------------------------------------------------------- a restart */

static void test_restart_adopts(void **state)
{
	(void)state;
	struct table_writer *writer = open_writer();
	table_writer_publish(writer, &world.fixture->image);
	struct mpf_slot *slot = table_writer_active(writer);
	table_store(&slot->candidates[1].word, MPF_WORD(MPF_DOWN, MPF_MAINT, 0, 0, 0));
	table_store(&slot->infos[1].moved, 99);
	table_writer_set_off(writer, true);
	const uint32_t generation = slot->generation;
	const ino_t number = file_number();
	table_writer_close(writer);

	writer = open_writer();
	assert_int_equal(file_number(), number);
	slot = table_writer_active(writer);
	assert_non_null(slot);
	assert_int_equal(slot->generation, generation);
	assert_int_equal(slot->candidates[1].word, MPF_WORD(MPF_DOWN, MPF_MAINT, 0, 0, 0));
	assert_int_equal(slot->infos[1].moved, 99);
	assert_true(table_writer_is_off(writer));
	table_writer_close(writer);
}

/* Verdicts of another boot are not believed, but the file is used on. */
static void test_other_boot(void **state)
{
	(void)state;
	write_table();
	struct mpf_header *header = map(MPF_FILE_SIZE);
	struct snapshot snapshot;
	const ino_t number = file_number();
	const uint32_t generation = fixture_slot(header, header->active)->generation;
	header->boot_id[3] ^= 1;
	struct table_writer *writer = open_writer();
	assert_int_equal(file_number(), number);
	assert_null(table_writer_active(writer));
	table_writer_publish(writer, &world.fixture->image);
	assert_true(table_writer_active(writer)->generation > generation);
	assert_true(found(header, &snapshot));
	table_writer_close(writer);
	munmap(header, MPF_FILE_SIZE);
}

/* What no writer can have left behind in force is not adopted, and does no harm. */
static void test_damaged_slots(void **state)
{
	(void)state;
	static const struct {
		size_t at; /* in the slot */
		uint32_t value;
	} damages[] = {
		{ offsetof(struct mpf_slot, generation), 7 },
		{ offsetof(struct mpf_slot, generation), 0 },
		{ offsetof(struct mpf_slot, service_count), MPF_MAX_SERVICES + 1 },
		{ offsetof(struct mpf_slot, candidate_count), MPF_MAX_CANDIDATES + 1 },
		{ offsetof(struct mpf_slot, candidate_count), 1 },
		{ offsetof(struct mpf_slot, uplink_count), UINT32_MAX },
		{ offsetof(struct mpf_slot, services[0].candidate_count), MPF_MAX_SERVICE_CANDIDATES + 1 },
		{ offsetof(struct mpf_slot, services[0].first_candidate), 1 },
		{ offsetof(struct mpf_slot, services[0].first_candidate), UINT32_MAX },
	};
	for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
		write_table();
		struct mpf_header *header = map(MPF_FILE_SIZE);
		struct mpf_slot *slot = fixture_slot(header, header->active);
		struct snapshot snapshot;
		*(uint32_t *)(void *)((char *)slot + damages[i].at) = damages[i].value;
		struct table_writer *writer = open_writer();
		assert_null(table_writer_active(writer));
		table_writer_publish(writer, &world.fixture->image);
		assert_true(found(header, &snapshot));
		table_writer_close(writer);
		munmap(header, MPF_FILE_SIZE);
		assert_int_equal(unlink(world.path), 0);
	}
}

static void test_active_that_cannot_be(void **state)
{
	(void)state;
	write_table();
	struct mpf_header *header = map(MPF_FILE_SIZE);
	struct snapshot snapshot;
	header->active = 6;
	struct table_writer *writer = open_writer();
	assert_null(table_writer_active(writer));
	table_writer_publish(writer, &world.fixture->image);
	assert_in_range(header->active, 0, 1);
	assert_true(found(header, &snapshot));
	table_writer_close(writer);
	munmap(header, MPF_FILE_SIZE);
}

/* --------------------------------------------------------------------------------------- a file of another kind there */

/* How a table is spoiled; the next writer must replace it, and mark what clients may have mapped. */
static const struct spoil {
	const char *what;
	size_t field;   /* of the header */
	uint32_t value; /* put there; with mode or owner: that is changed */
	mode_t mode;
	uid_t owner;
	off_t size;
	bool marked;
} spoils[] = {
	{ "another ABI", offsetof(struct mpf_header, abi), MPF_ABI + 1, 0, 0, 0, true },
	{ "a longer header", offsetof(struct mpf_header, header_size), 500, 0, 0, 0, true },
	{ "a larger stride", offsetof(struct mpf_header, services.stride), 180, 0, 0, 0, true },
	{ "another place", offsetof(struct mpf_header, host_index.offset), 16660, 0, 0, 0, true },
	{ "retired", offsetof(struct mpf_header, retired), 1, 0, 0, 0, true },
	{ "not finished", offsetof(struct mpf_header, magic), 0, 0, 0, 0, false },
	{ "longer", 0, 0, 0, 0, MPF_FILE_SIZE + 4096, true },
	{ "shorter", 0, 0, 0, 0, MPF_FILE_SIZE - 4096, true },
	{ "a header alone", 0, 0, 0, 0, sizeof(struct mpf_header), true },
	{ "too short for a header", 0, 0, 0, 0, sizeof(struct mpf_header) - 1, false },
	{ "empty", 0, 0, 0, 0, -1, false },
	{ "writable by the group", 0, 0, 0664, 0, 0, true },
	{ "writable by others", 0, 0, 0646, 0, 0, true },
	{ "somebody else's", 0, 0, 0, 12345, 0, true },
};

static void check_replaced(const struct spoil *how)
{
	write_table();
	struct mpf_header *header = map(MPF_FILE_SIZE);
	const ino_t number = file_number();
	if (how->mode)
		assert_int_equal(chmod(world.path, how->mode), 0);
	else if (how->owner)
		assert_int_equal(chown(world.path, how->owner, (gid_t)-1), 0);
	else if (how->size)
		assert_int_equal(truncate(world.path, how->size < 0 ? 0 : how->size), 0);
	else
		*(uint32_t *)(void *)((char *)header + how->field) = how->value;
	struct table_writer *writer = open_writer();
	if (file_number() == number)
		fail_msg("%s: it is still the same file", how->what);
	assert_null(table_writer_active(writer));
	table_writer_publish(writer, &world.fixture->image);
	if (how->marked != (how->size >= 0 && header->retired))
		fail_msg("%s: it should %sbe marked", how->what, how->marked ? "" : "not ");
	table_writer_close(writer);
	munmap(header, MPF_FILE_SIZE);
	assert_int_equal(unlink(world.path), 0);
}

static void test_replaced(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof spoils / sizeof *spoils; i++)
		if (!spoils[i].owner || geteuid() == 0)
			check_replaced(&spoils[i]);
}

static void put_file(const char *path, const char *text)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* Not a file at all: replaced, and what a link points to is not touched. */
static void test_no_file(void **state)
{
	(void)state;
	const char *target = fixture_path(world.fixture, world.directory, "target");
	char text[16] = "";
	assert_int_equal(mkfifo(world.path, 0644), 0);
	write_table();
	file_number();
	assert_int_equal(unlink(world.path), 0);
	put_file(target, "precious");
	assert_int_equal(symlink(target, world.path), 0);
	write_table();
	file_number();
	const int fd = open(target, O_RDONLY);
	assert_int_equal(read(fd, text, sizeof text), 8);
	close(fd);
	assert_string_equal(text, "precious");
	assert_int_equal(unlink(target), 0);
	assert_int_equal(rename(world.path, target), 0);
	assert_int_equal(symlink(target, world.path), 0);
	struct table_writer *writer = open_writer(); /* nor is another's table that a link leads to */
	assert_null(table_writer_active(writer));
	table_writer_close(writer);
	file_number();
}

/* A lock or a half-made file that lies in wait under a name of ours. */
static void test_leftovers(void **state)
{
	(void)state;
	const char *target = fixture_path(world.fixture, world.directory, "target");
	struct table_writer *writer;
	struct stat st;
	put_file(target, "precious");
	put_file(fixture_path(world.fixture, world.directory, "table.new"), "of one that was killed");
	write_table();
	assert_false(exists("table.new"));
	assert_int_equal(unlink(world.path), 0);
	assert_int_equal(symlink(target, fixture_path(world.fixture, world.directory, "table.new")), 0);
	write_table();
	assert_int_equal(unlink(fixture_path(world.fixture, world.directory, "table.lock")), 0);
	assert_int_equal(symlink(target, fixture_path(world.fixture, world.directory, "table.lock")), 0);
	assert_int_equal(table_writer_open(&writer, world.path, "", ""), -ELOOP);
	assert_int_equal(stat(target, &st), 0);
	assert_int_equal(st.st_size, 8);
}

/* -------------------------------------------------------------------------------------------------------- generations */

static void test_generations(void **state)
{
	(void)state;
	write_table();
	struct mpf_header *header = map(MPF_FILE_SIZE);
	uint32_t last = fixture_slot(header, header->active)->generation;
	uint64_t seed = 0x67656e;
	for (int i = 0; i < 300; i++) {
		/* A writer that died there left an odd one, or one that had been made even and not yet been put in force. */
		struct mpf_slot *idle = fixture_slot(header, !header->active);
		const uint32_t stray = fixture_random(&seed) % 4;
		if (stray < 2)
			idle->generation = last + 1 + stray;
		struct table_writer *writer = open_writer();
		for (uint32_t j = 0; j <= i % 3u; j++) {
			table_writer_publish(writer, &world.fixture->image);
			const uint32_t now = table_writer_active(writer)->generation;
			assert_true(now > last + (j == 0 && stray == 1 ? 2 : 0));
			assert_int_equal(now & 1, 0);
			last = now;
		}
		table_writer_close(writer);
	}
	munmap(header, MPF_FILE_SIZE);
}

/* At the end of the numbers: never 0, never odd, never the one that this slot had. */
static void test_generation_comes_round(void **state)
{
	(void)state;
	write_table();
	struct mpf_header *header = map(MPF_FILE_SIZE);
	struct table_writer *writer = open_writer();
	fixture_slot(header, header->active)->generation = UINT32_MAX - 3;
	for (int i = 0; i < 8; i++) {
		struct snapshot snapshot;
		const uint32_t before = fixture_slot(header, !header->active)->generation;
		table_writer_publish(writer, &world.fixture->image);
		const uint32_t now = table_writer_active(writer)->generation;
		assert_true(now && !(now & 1) && now != before);
		assert_true(found(header, &snapshot));
	}
	table_writer_close(writer);
	munmap(header, MPF_FILE_SIZE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_new),
		TEST(test_cannot),
		TEST(test_lock),
		TEST(test_restart_adopts),
		TEST(test_other_boot),
		TEST(test_damaged_slots),
		TEST(test_active_that_cannot_be),
		TEST(test_replaced),
		TEST(test_no_file),
		TEST(test_leftovers),
		TEST(test_generations),
		TEST(test_generation_comes_round),
	};
	return cmocka_run_group_tests_name("table_writer", tests, NULL, NULL);
}
