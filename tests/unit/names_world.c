/* SPDX-License-Identifier: MIT */
#include "tests/unit/names_world.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "preload/view.h"

static const struct {
	const char *service, *host, *candidates[4];
	uint16_t ports[2];
} services[] = {
	{ "four", "four.example", { "192.0.2.1", "192.0.2.2", "192.0.2.3" }, { 0 } },
	{ "six", "six.example", { "2001:db8::1", "fe80::1%1" }, { 0 } },
	{ "both", "both.example", { "192.0.2.11", "2001:db8::11", "192.0.2.12", "2001:db8::12" }, { 0 } },
	{ "web", "ports.example", { "192.0.2.21" }, { 80, 443 } },
	{ "ftp", "ports.example", { "192.0.2.22" }, { 21 } },
	{ "rest", "ports.example", { "192.0.2.23" }, { 0 } },
	{ "wild", "*.wild.example", { "192.0.2.31" }, { 0 } },
	{ "one", "one.example", { "192.0.2.51" }, { 0 } },
};

static void add_services(struct fixture *fixture)
{
	for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
		fixture_service(fixture, services[i].service);
		fixture_host(fixture, services[i].host);
		for (size_t j = 0; j < 4 && services[i].candidates[j]; j++)
			fixture_candidate(fixture, services[i].candidates[j], services[i].candidates[j]);
		for (size_t j = 0; j < 2 && services[i].ports[j]; j++)
			fixture_port(fixture, services[i].ports[j]);
	}
	fixture_service(fixture, "full");
	fixture_host(fixture, "full.example");
	for (unsigned i = 1; i <= MPF_MAX_SERVICE_CANDIDATES; i++)
		fixture_candidate(fixture, "c", fixture_text(fixture, "10.0.0.%u", i));
	const struct conf_uplink *a = fixture_uplink(fixture, "a", "192.0.2.251"),
				 *b = fixture_uplink(fixture, "b", "192.0.2.252");
	fixture_service(fixture, "twice");
	fixture_host(fixture, "twice.example");
	fixture_candidate(fixture, "c@a", "192.0.2.41")->uplink = a;
	fixture_candidate(fixture, "c@b", "192.0.2.41")->uplink = b;
	fixture_candidate(fixture, "own", "192.0.2.42")->port = 9443;
	fixture_candidate(fixture, "d", "192.0.2.43");
	fixture_service(fixture, "own");
	fixture_host(fixture, "own.example");
	fixture_candidate(fixture, "own", "192.0.2.61")->port = 9443;
}

int names_world_begin(void **state)
{
	struct names_world *world = calloc(1, sizeof *world);
	struct fixture_table table = fixture_table_new();
	assert_non_null(world);
	world->fixture = fixture_new();
	world->directory = fixture_directory();
	add_services(world->fixture);
	fixture_publish(table.header, fixture_image(world->fixture));
	const char *path = fixture_path(world->fixture, world->directory, "table");
	fixture_write(table.header, table.size, path);
	const int fd = open(path, O_RDWR | O_CLOEXEC);
	world->size = table.size;
	world->file = mmap(NULL, table.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(world->file, MAP_FAILED);
	close(fd);
	world->slot = fixture_slot(world->file, world->file->active);
	assert_int_equal(view_open(path), VIEW_MAPPED);
	fixture_table_free(&table);
	*state = world;
	return 0;
}

int names_world_end(void **state)
{
	struct names_world *world = *state;
	munmap(world->file, world->size);
	fixture_remove(world->directory);
	fixture_free(world->fixture);
	free(world);
	return 0;
}

int names_world_reset(void **state)
{
	const struct names_world *world = *state;
	const uint32_t generation = world->slot->generation;
	*world->slot = world->fixture->image;
	world->slot->generation = generation;
	for (uint32_t i = 0; i < world->slot->candidate_count; i++)
		world->slot->candidates[i].word = MPF_WORD(MPF_UP, MPF_READY, 0, MPF_REASON_PASSED, 200);
	world->file->off = 0;
	world->file->heartbeat_ms = fixture_now_ms();
	return 0;
}

struct mpf_candidate *names_world_candidate(const struct names_world *world, const char *address)
{
	const struct conf_address wanted = fixture_address(address);
	for (uint32_t i = 0; i < world->slot->candidate_count; i++)
		if (!memcmp(world->slot->candidates[i].address, &wanted.ip, sizeof wanted.ip))
			return &world->slot->candidates[i];
	fail_msg("no candidate %s", address);
	return NULL;
}

struct mpf_service *names_world_service(const struct names_world *world, const char *name)
{
	for (uint32_t i = 0; i < world->slot->service_count; i++)
		if (!strcmp((const char *)world->slot->services[i].name, name))
			return &world->slot->services[i];
	fail_msg("no service %s", name);
	return NULL;
}
