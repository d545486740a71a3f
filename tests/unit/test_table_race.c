/* SPDX-License-Identifier: MIT */
/* Readers beside a writer that publishes as fast as it can, and one that is killed in the middle of it. */
#include "probe/table/table_writer.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/tagged.h"

enum { READERS = 3, RACE_MS = 1000, KILLS = 40 };

static struct {
	struct fixture *kinds[TAGGED_KINDS];
	char *directory;
	const char *path;
	const struct mpf_header *table; /* as a client has it mapped */
	bool stop;                      /* atomic */
} world;

/* The writer's own word for a tag's layout is its last bit. */
static void publish(struct table_writer *writer, uint32_t tag)
{
	struct mpf_slot *image = &world.kinds[tag & 1]->image;
	tagged_set(image, tag);
	table_writer_publish(writer, image);
}

static struct table_writer *open_writer(void)
{
	struct table_writer *writer;
	return table_writer_open(&writer, world.path, "", "") == 0 ? writer : NULL;
}

static int begin(void **state)
{
	(void)state;
	for (unsigned i = 0; i < TAGGED_KINDS; i++) {
		world.kinds[i] = fixture_new();
		tagged_configuration(world.kinds[i], i);
	}
	world.directory = fixture_directory();
	world.path = fixture_path(world.kinds[0], world.directory, "table");
	struct table_writer *writer = open_writer();
	assert_non_null(writer);
	publish(writer, 2);
	table_writer_close(writer);
	const int fd = open(world.path, O_RDONLY | O_CLOEXEC);
	world.table = mmap(NULL, MPF_FILE_SIZE, PROT_READ, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(world.table, MAP_FAILED);
	close(fd);
	world.stop = false;
	return 0;
}

static int end(void **state)
{
	(void)state;
	munmap((void *)world.table, MPF_FILE_SIZE);
	fixture_remove(world.directory);
	for (unsigned i = 0; i < TAGGED_KINDS; i++)
		fixture_free(world.kinds[i]);
	return 0;
}

struct tally {
	uint64_t looks, found, mixed, backwards;
};

static void *read_on(void *argument)
{
	struct tally *tally = argument;
	uint32_t last = 0;
	while (!__atomic_load_n(&world.stop, __ATOMIC_RELAXED)) {
		const uint32_t tag = tagged_look(world.table, tally->looks % TAGGED_SERVICES, tally->looks & 8);
		tally->looks++;
		if (!tag)
			continue;
		tally->found++;
		tally->mixed += tag == UINT32_MAX;
		tally->backwards += tag < last;
		last = tag;
	}
	return NULL;
}

static void sum(struct tally *total, const struct tally *one)
{
	total->looks += one->looks;
	total->found += one->found;
	total->mixed += one->mixed;
	total->backwards += one->backwards;
}

/* Readers look while PUBLISH puts one tag after the other in force. */
static struct tally race(void (*publish_next)(void *argument, uint32_t tag), void *argument)
{
	pthread_t threads[READERS];
	struct tally tallies[READERS] = { { 0 } }, total = { 0 };
	uint32_t tag = 3;
	for (int i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_on, &tallies[i]), 0);
	for (const uint32_t start = fixture_now_ms(); fixture_now_ms() - start < RACE_MS; tag++)
		publish_next(argument, tag);
	__atomic_store_n(&world.stop, true, __ATOMIC_RELAXED);
	for (int i = 0; i < READERS; i++) {
		pthread_join(threads[i], NULL);
		sum(&total, &tallies[i]);
	}
	print_message("# %u published, %ju looks, %ju found\n", tag, (uintmax_t)total.looks, (uintmax_t)total.found);
	assert_int_equal(total.mixed, 0);
	assert_int_equal(total.backwards, 0);
	assert_true(tag > 100);
	assert_true(total.looks > 1000);
	return total;
}

static void publish_by_writer(void *argument, uint32_t tag)
{
	publish(argument, tag);
}

static void test_readers_beside_a_writer(void **state)
{
	(void)state;
	struct table_writer *writer = open_writer();
	assert_non_null(writer);
	const struct tally total = race(publish_by_writer, writer);
	assert_true(total.found > total.looks - total.looks / 10); /* to give up now and then is the design */
	table_writer_close(writer);
}

/* Only what a reader copies, of a layout that stays: a hundred times faster than any writer is. */
static void publish_tags(void *argument, uint32_t tag)
{
	struct mpf_header *header = argument;
	const uint32_t idle = !header->active;
	struct mpf_slot *slot = fixture_slot(header, idle);
	const uint32_t generation = fixture_slot(header, !idle)->generation + 1;
	__atomic_store_n(&slot->generation, generation, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	tagged_set(slot, tag << 1);
	__atomic_store_n(&slot->generation, generation + 1, __ATOMIC_RELEASE);
	__atomic_store_n(&header->active, idle, __ATOMIC_RELEASE);
}

static void test_readers_under_fire(void **state)
{
	(void)state;
	struct fixture_table table = fixture_table_new();
	const struct mpf_header *file = world.table;
	for (int i = 0; i < 2; i++)
		fixture_publish(table.header, &world.kinds[0]->image);
	world.table = table.header;
	const struct tally total = race(publish_tags, table.header);
	assert_true(total.found > 1000);
	world.table = file;
	fixture_table_free(&table);
}

/* In a child: publishes until it is killed. */
static void publish_for_ever(uint32_t tag)
{
	struct table_writer *writer = open_writer();
	if (!writer)
		_exit(1);
	for (;; tag++)
		publish(writer, tag);
}

static uint32_t look_at_all(void)
{
	uint32_t tag = 0;
	for (unsigned i = 0; i < 2 * TAGGED_SERVICES; i++) {
		const uint32_t one = tagged_look(world.table, i / 2, i & 1);
		assert_int_not_equal(one, 0);
		assert_int_not_equal(one, UINT32_MAX);
		assert_true(!tag || one == tag);
		tag = one;
	}
	return tag;
}

/* Whatever it was doing, all of the last whole configuration is in force, and the next writer adopts it. */
static void test_killed_writer(void **state)
{
	(void)state;
	uint64_t seed = 0x6b696c6c;
	uint32_t last = look_at_all(), advances = 0;
	for (int i = 0; i < KILLS; i++) {
		const uint32_t was = last, delay_us = fixture_random(&seed) % 5000;
		const struct timespec delay = { .tv_nsec = delay_us * 1000L };
		const pid_t child = fork();
		if (child == 0)
			publish_for_ever(last + 1);
		nanosleep(&delay, NULL);
		kill(child, SIGKILL);
		int status;
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		last = look_at_all();
		assert_true(last >= was);
		advances += last > was;
		struct table_writer *writer = open_writer(); /* the lock went with its holder */
		assert_non_null(writer);
		const struct mpf_slot *slot = table_writer_active(writer);
		assert_non_null(slot);
		assert_int_equal(slot->services[0].stick_ms, last);
		assert_int_equal(slot->generation & 1, 0);
		table_writer_close(writer);
	}
	assert_true(advances > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_readers_beside_a_writer, begin, end),
		cmocka_unit_test_setup_teardown(test_readers_under_fire, begin, end),
		cmocka_unit_test_setup_teardown(test_killed_writer, begin, end),
	};
	return cmocka_run_group_tests_name("table_race", tests, NULL, NULL);
}
