/* SPDX-License-Identifier: MIT */
#include "preload/view.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/fixture.h"

enum { SOMEBODY = 12345, OTHER = 23456, SEEN_MS = 5000, UNSEEN_MS = 1500, OFTEN_MS = 900 };

static struct {
	struct fixture *fixture;
	struct fixture_table table;
	char *directory;
	const char *path;
} world;

static int begin(void **state)
{
	(void)state;
	world.fixture = fixture_new();
	world.table = fixture_table_new();
	world.directory = fixture_directory();
	world.path = fixture_path(world.fixture, world.directory, "table");
	fixture_service(world.fixture, "dm");
	fixture_host(world.fixture, "dm.example");
	fixture_candidate(world.fixture, "a", "192.0.2.1");
	fixture_publish(world.table.header, fixture_image(world.fixture));
	world.table.header->heartbeat_ms = fixture_now_ms();
	fixture_write(world.table.header, world.table.size, world.path);
	return 0;
}

static int end(void **state)
{
	(void)state;
	fixture_remove(world.directory);
	fixture_table_free(&world.table);
	fixture_free(world.fixture);
	return 0;
}

/* Another table in place of the one that is there; its active slot's time of loading tells it from others. */
static void put_table(uint32_t loaded_s)
{
	fixture_slot(world.table.header, world.table.header->active)->loaded_s = loaded_s;
	world.table.header->heartbeat_ms = fixture_now_ms();
	fixture_write(world.table.header, world.table.size, world.path);
}

static uint32_t loaded(const struct mpf_header *table)
{
	return table ? fixture_slot(table, table->active)->loaded_s : 0;
}

/* The file as its writer has it. */
static struct mpf_header *map_writable(void)
{
	const int fd = open(world.path, O_RDWR | O_CLOEXEC);
	struct mpf_header *file = mmap(NULL, world.table.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(file, MAP_FAILED);
	close(fd);
	return file;
}

/* FUNCTION in a child, since what is mapped stays so: it returns 0, or the line of what went wrong. */
static void in_child(int (*function)(void))
{
	int status;
	const pid_t child = fork();
	if (child == 0) {
		const int line = function();
		if (line)
			print_error("in the child, at line %d\n", line);
		_exit(line != 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* -------------------------------------------------------------------------------------------------------- trust */

static void expect(enum view_result wanted, const char *what)
{
	errno = 4711;
	const enum view_result result = view_open(world.path);
	if (result != wanted)
		fail_msg("%s: wanted %d, got %d", what, wanted, result);
}

static void test_modes(void **state)
{
	(void)state;
	static const struct {
		mode_t mode;
		enum view_result result;
	} modes[] = {
		{ 0644, VIEW_MAPPED },   { 0444, VIEW_MAPPED },   { 0755, VIEW_MAPPED },   { 0600, VIEW_MAPPED },
		{ 0664, VIEW_WRITABLE }, { 0646, VIEW_WRITABLE }, { 0666, VIEW_WRITABLE }, { 04622, VIEW_WRITABLE },
	};
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		assert_int_equal(chmod(world.path, modes[i].mode), 0);
		expect(modes[i].result, "a mode");
	}
}

static void put_bytes(size_t size, uint64_t seed)
{
	assert_int_equal(unlink(world.path), 0);
	const int fd = open(world.path, O_WRONLY | O_CREAT | O_EXCL, 0644);
	for (size_t i = 0; i < size && seed; i += 4) {
		const uint32_t word = fixture_random(&seed);
		assert_int_equal(write(fd, &word, 4), 4);
	}
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	close(fd);
}

static void test_contents(void **state)
{
	(void)state;
	static const size_t sizes[] = { 0,
		                        1,
		                        sizeof(struct mpf_header) - 1,
		                        sizeof(struct mpf_header),
		                        4096,
		                        100000,
		                        2 << 20,
		                        MPF_MAX_FILE,
		                        MPF_MAX_FILE + 1,
		                        64 << 20 };
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		put_bytes(sizes[i], 0);
		expect(VIEW_NOT_TABLE, "zeros");
		put_bytes(sizes[i] & 0xfffff, 1 + i);
		expect(VIEW_NOT_TABLE, "anything");
	}
	for (uint32_t size = 0; size < world.table.size; size += 1 + size / 2) {
		fixture_write(world.table.header, size, world.path);
		expect(VIEW_NOT_TABLE, "cut short");
	}
	world.table.header->abi++;
	put_table(1);
	expect(VIEW_OTHER_ABI, "another ABI");
	world.table.header->magic = 0;
	put_table(1);
	expect(VIEW_NOT_TABLE, "not finished");
	world.table.header->magic = MPF_MAGIC;
	world.table.header->abi--;
	world.table.header->services.stride = 4;
	put_table(1);
	expect(VIEW_NOT_TABLE, "sizes that cannot be");
}

/* A table in a file that is longer than it: only as far as there is place for, so that nothing of the client's own is mapped over. */
static void test_lengths(void **state)
{
	(void)state;
	assert_int_equal(truncate(world.path, MPF_MAX_FILE), 0);
	expect(VIEW_MAPPED, "as long as may be");
	assert_int_equal(truncate(world.path, MPF_MAX_FILE + 1), 0);
	expect(VIEW_NOT_TABLE, "longer");
}

static void test_kinds(void **state)
{
	(void)state;
	const char *target = fixture_path(world.fixture, world.directory, "target");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	assert_int_equal(rename(world.path, target), 0);
	expect(VIEW_ABSENT, "no file");
	assert_int_equal(errno, ENOENT);
	assert_int_equal(mkdir(world.path, 0755), 0);
	expect(VIEW_NOT_REGULAR, "a directory");
	assert_int_equal(rmdir(world.path), 0);
	assert_int_equal(mkfifo(world.path, 0644), 0);
	expect(VIEW_NOT_REGULAR, "a fifo");
	assert_int_equal(unlink(world.path), 0);
	strcpy(address.sun_path, world.path);
	const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	close(fd);
	expect(VIEW_ABSENT, "a socket");
	assert_int_equal(unlink(world.path), 0);
	assert_int_equal(symlink("/dev/zero", world.path), 0);
	expect(VIEW_NOT_REGULAR, "a device");
	assert_int_equal(unlink(world.path), 0);
	assert_int_equal(symlink(world.path, world.path), 0);
	expect(VIEW_ABSENT, "a link to itself");
	assert_int_equal(errno, ELOOP);
	assert_int_equal(unlink(world.path), 0);
	assert_int_equal(symlink(target, world.path), 0);
	expect(VIEW_MAPPED, "a link");
}

static int as_somebody(void)
{
	if (seteuid(SOMEBODY) < 0)
		return __LINE__;
	return view_open(world.path) == VIEW_MAPPED ? 0 : __LINE__;
}

static int as_other(void)
{
	if (seteuid(OTHER) < 0)
		return __LINE__;
	return view_open(world.path) == VIEW_FOREIGN ? 0 : __LINE__;
}

static void test_owners(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(world.directory, 0755), 0);
	in_child(as_somebody); /* root's */
	assert_int_equal(chown(world.path, SOMEBODY, (gid_t)-1), 0);
	expect(VIEW_FOREIGN, "somebody else's"); /* also for root */
	in_child(as_somebody);
	in_child(as_other);
}

static int without_memory(void)
{
	const struct rlimit none = { 0, 0 };
	if (setrlimit(RLIMIT_AS, &none) < 0)
		return __LINE__;
	errno = 0;
	if (view_open(world.path) != VIEW_NO_MEMORY || errno != ENOMEM)
		return __LINE__;
	return 0;
}

static int without_descriptors(void)
{
	const struct rlimit none = { 0, 0 };
	if (setrlimit(RLIMIT_NOFILE, &none) < 0)
		return __LINE__;
	errno = 0;
	return view_open(world.path) == VIEW_ABSENT && errno == EMFILE ? 0 : __LINE__;
}

static void test_without(void **state)
{
	(void)state;
	in_child(without_memory);
	in_child(without_descriptors);
}

/* No descriptor stays open, whatever came of it. */
static void test_descriptors(void **state)
{
	(void)state;
	const int before = dup(0);
	close(before);
	expect(VIEW_MAPPED, "a table");
	assert_int_equal(chmod(world.path, 0666), 0);
	expect(VIEW_WRITABLE, "writable");
	put_bytes(4096, 0);
	expect(VIEW_NOT_TABLE, "zeros");
	const int after = dup(0);
	close(after);
	assert_int_equal(after, before);
}

/* -------------------------------------------------------------------------------------------------------- looking again */

/* Asks as a client does, until the table is the one that was LOADED_S, at most LIMIT_MS.  How long it took, UINT32_MAX: in vain. */
static uint32_t wait_for(uint32_t loaded_s, uint32_t limit_ms)
{
	const uint32_t start = fixture_now_ms();
	uint32_t now_ms, age_ms;
	do {
		errno = 4711;
		const struct mpf_header *table = view_table(&now_ms);
		age_ms = fixture_now_ms() - start;
		if (errno != 4711)
			return UINT32_MAX;
		if (loaded(table) == loaded_s)
			return age_ms;
		fixture_nap();
	} while (age_ms < limit_ms);
	return UINT32_MAX;
}

static int found_later(void)
{
	uint32_t now_ms;
	if (unlink(world.path) < 0 || view_open(world.path) != VIEW_ABSENT || view_table(&now_ms))
		return __LINE__;
	put_table(2);
	if (wait_for(2, SEEN_MS) == UINT32_MAX)
		return __LINE__;
	const struct mpf_header *table = view_table(&now_ms);
	return view_age_ms(now_ms, table->heartbeat_ms) < 5000 ? 0 : __LINE__;
}

static int retired(void)
{
	uint32_t now_ms;
	if (view_open(world.path) != VIEW_MAPPED || loaded(view_table(&now_ms)) != 1700000000)
		return __LINE__;
	struct mpf_header *old = map_writable();
	const struct mpf_header *place = view_table(&now_ms);
	put_table(3);
	if (wait_for(3, 100) != UINT32_MAX) /* it has a heartbeat: no reason to look */
		return __LINE__;
	old->retired = 1;
	if (wait_for(3, SEEN_MS) == UINT32_MAX)
		return __LINE__;
	/* And the next one at most a second later, but not at once; at the same place, since another thread may be reading there. */
	old = map_writable();
	put_table(4);
	old->retired = 1;
	const uint32_t seen_ms = wait_for(4, SEEN_MS);
	return seen_ms != UINT32_MAX && seen_ms > OFTEN_MS && view_table(&now_ms) == place ? 0 : __LINE__;
}

static int stale(void)
{
	uint32_t now_ms;
	if (view_open(world.path) != VIEW_MAPPED)
		return __LINE__;
	struct mpf_header *old = map_writable();
	old->heartbeat_ms = fixture_now_ms() - 10000;
	const struct mpf_header *place = view_table(&now_ms);
	if (loaded(place) != 1700000000 ||
	    view_age_ms(now_ms, place->heartbeat_ms) < 9000) /* nothing better: still that one */
		return __LINE__;
	put_table(5);
	/* What is not ours costs nothing, so only a call about something of ours looks. */
	if (wait_for(5, 100) != UINT32_MAX)
		return __LINE__;
	return view_renew(now_ms) && loaded(view_table(&now_ms)) == 5 && view_table(&now_ms) == place &&
	                       !view_renew(now_ms)
	               ? 0
	               : __LINE__;
}

/* What takes the place of a good table and is none, or is not to be trusted, changes nothing. */
static int replaced_by_nothing(void)
{
	uint32_t now_ms;
	if (view_open(world.path) != VIEW_MAPPED)
		return __LINE__;
	struct mpf_header *old = map_writable();
	old->retired = 1;
	put_table(6);
	if (chmod(world.path, 0666) < 0 || wait_for(6, UNSEEN_MS) != UINT32_MAX ||
	    loaded(view_table(&now_ms)) != 1700000000)
		return __LINE__;
	if (chmod(world.path, 0644) < 0 || wait_for(6, SEEN_MS) == UINT32_MAX)
		return __LINE__;
	return 0;
}

/* A table that is laid out otherwise cannot take the old one's place in memory, which may be in use. */
static int laid_out_otherwise(void)
{
	uint32_t now_ms;
	if (view_open(world.path) != VIEW_MAPPED)
		return __LINE__;
	const struct mpf_header *place = view_table(&now_ms);
	struct mpf_header *old = map_writable();
	world.table.header->header_size += 4;
	put_table(7);
	old->retired = 1;
	if (wait_for(7, SEEN_MS) == UINT32_MAX || view_table(&now_ms) == place || !place->retired)
		return __LINE__;
	return 0;
}

static void test_found_later(void **state)
{
	(void)state;
	in_child(found_later);
}

static void test_retired(void **state)
{
	(void)state;
	in_child(retired);
}

static void test_stale(void **state)
{
	(void)state;
	in_child(stale);
}

static void test_replaced_by_nothing(void **state)
{
	(void)state;
	in_child(replaced_by_nothing);
}

static void test_laid_out_otherwise(void **state)
{
	(void)state;
	in_child(laid_out_otherwise);
}

/* -------------------------------------------------------------------------------------------------------- readers */

static bool stop; /* atomic */

static void *look_on(void *argument)
{
	uint64_t *misses = argument;
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		struct snapshot snapshot;
		uint32_t now_ms;
		const struct mpf_header *table = view_table(&now_ms);
		*misses += !table || !lookup_host(table, "dm.example", 0, &snapshot) || snapshot.count != 1;
	}
	return NULL;
}

/* Other threads read while one puts a new table under them. */
static void test_replaced_under_readers(void **state)
{
	(void)state;
	pthread_t threads[2];
	uint64_t misses[2] = { 0 };
	expect(VIEW_MAPPED, "a table");
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, look_on, &misses[i]), 0);
	for (uint32_t i = 0; i < 200; i++) {
		put_table(i);
		expect(VIEW_MAPPED, "another");
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(misses[0] + misses[1], 0);
}

static void test_age(void **state)
{
	(void)state;
	static const uint32_t ages[][3] = {
		{ 5000, 5000, 0 },
		{ 5000, 4000, 1000 },
		{ 5000, 5001, 0 },
		{ 5000, 6000, 0 },
		{ 5000, 6002, UINT32_MAX - 1001 },
		{ 10, UINT32_MAX - 9, 20 },
		{ UINT32_MAX, 10000, UINT32_MAX - 10000 },
		{ 0, 500, 0 },
	};
	for (size_t i = 0; i < sizeof ages / sizeof *ages; i++)
		assert_int_equal(view_age_ms(ages[i][0], ages[i][1]), ages[i][2]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_found_later), /* first: it wants that nothing has been mapped yet */
		TEST(test_modes),
		TEST(test_contents),
		TEST(test_lengths),
		TEST(test_kinds),
		TEST(test_owners),
		TEST(test_without),
		TEST(test_descriptors),
		TEST(test_retired),
		TEST(test_stale),
		TEST(test_replaced_by_nothing),
		TEST(test_laid_out_otherwise),
		TEST(test_replaced_under_readers),
		TEST(test_age),
	};
	return cmocka_run_group_tests_name("view", tests, NULL, NULL);
}
