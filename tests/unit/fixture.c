/* SPDX-License-Identifier: MIT */
#include "tests/unit/fixture.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "probe/table/image.h"

struct fixture *fixture_new(void)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);
	assert_non_null(fixture);
	fixture->conf = (struct conf){ .file = "fixture.conf",
		                       .table = "",
		                       .user = "",
		                       .uplinks = fixture->uplinks,
		                       .services = fixture->services,
		                       .control_socket = "",
		                       .control_group = "",
		                       .metrics_listen = "" };
	return fixture;
}

void fixture_free(struct fixture *fixture)
{
	for (size_t i = 0; i < fixture->text_count; i++)
		free(fixture->texts[i]);
	free(fixture);
}

const char *fixture_text(struct fixture *fixture, const char *format, ...)
{
	va_list arguments;
	assert_true(fixture->text_count < sizeof fixture->texts / sizeof *fixture->texts);
	char **text = &fixture->texts[fixture->text_count++];
	va_start(arguments, format);
	const int length = vasprintf(text, format, arguments);
	va_end(arguments);
	assert_true(length >= 0);
	return *text;
}

struct conf_address fixture_address(const char *text)
{
	struct conf_address address = { .scope = 0 };
	char mapped[80];
	snprintf(mapped, sizeof mapped, "%s%s", strchr(text, ':') ? "" : "::ffff:", text);
	char *scope = strchr(mapped, '%');
	if (scope) {
		*scope = '\0';
		address.scope = (uint32_t)atoi(scope + 1);
	}
	assert_int_equal(inet_pton(AF_INET6, mapped, &address.ip), 1);
	return address;
}

const struct conf_uplink *fixture_uplink(struct fixture *fixture, const char *name, const char *source)
{
	assert_true(fixture->conf.uplink_count < CONF_MAX_UPLINKS);
	struct conf_uplink *uplink = &fixture->uplinks[fixture->conf.uplink_count++];
	*uplink = (struct conf_uplink){ .name = name, .interface = "", .has_source = *source };
	if (*source)
		uplink->source = fixture_address(source);
	return uplink;
}

struct conf_service *fixture_service(struct fixture *fixture, const char *name)
{
	assert_true(fixture->conf.service_count < CONF_MAX_SERVICES);
	const size_t index = fixture->conf.service_count++;
	fixture->services[index] = (struct conf_service){
		.name = name,
		.hosts = &fixture->hosts[fixture->host_count],
		.ports = fixture->ports[index],
		.candidates = &fixture->candidates[fixture->candidate_count],
		.check_host = "",
		.stale_after_ms = 10000,
		.nonblocking_wait_ms = 200,
		.attempt_floor_ms = 25,
		.attempt_ceiling_ms = 1000,
		.stick_ms = 60000,
	};
	return &fixture->services[index];
}

static struct conf_service *last_service(struct fixture *fixture)
{
	assert_true(fixture->conf.service_count > 0);
	return &fixture->services[fixture->conf.service_count - 1];
}

void fixture_host(struct fixture *fixture, const char *pattern)
{
	assert_true(fixture->host_count < CONF_MAX_HOSTS);
	fixture->hosts[fixture->host_count++] = pattern;
	last_service(fixture)->host_count++;
}

void fixture_port(struct fixture *fixture, uint16_t port)
{
	struct conf_service *service = last_service(fixture);
	assert_true(service->port_count < CONF_MAX_PORTS);
	service->ports[service->port_count++] = port;
}

struct conf_candidate *fixture_candidate(struct fixture *fixture, const char *name, const char *address)
{
	struct conf_service *service = last_service(fixture);
	assert_true(fixture->candidate_count < CONF_MAX_CANDIDATES);
	assert_true(service->candidate_count < CONF_MAX_SERVICE_CANDIDATES);
	struct conf_candidate *candidate = &service->candidates[service->candidate_count++];
	fixture->candidate_count++;
	*candidate = (struct conf_candidate){ .name = name, .is_dns = strcmp(address, "@dns") == 0 };
	if (!candidate->is_dns)
		candidate->address = fixture_address(address);
	return candidate;
}

struct mpf_slot *fixture_image(struct fixture *fixture)
{
	image_build(&fixture->image, &fixture->conf, 1700000000);
	return &fixture->image;
}

struct snapshot fixture_snapshot(const uint32_t *words, uint32_t count)
{
	struct snapshot snapshot = { .generation = 2, .count = count };
	assert_in_range(count, 1, MPF_MAX_SERVICE_CANDIDATES);
	snapshot.service.candidate_count = count;
	snapshot.service.stick_ms = 60000;
	for (uint32_t i = 0; i < count; i++) {
		const struct conf_address network = fixture_address("192.0.2.0");
		memcpy(snapshot.candidate[i].address, &network.ip, sizeof network.ip);
		snapshot.candidate[i].address[15] = (uint8_t)(i + 1);
		snapshot.candidate[i].word = words[i];
	}
	return snapshot;
}

#define ARRAY(field)                                                                                     \
	{                                                                                                \
		offsetof(struct mpf_slot, field), sizeof(((struct mpf_slot *)0)->field[0]),              \
			sizeof(((struct mpf_slot *)0)->field) / sizeof(((struct mpf_slot *)0)->field[0]) \
	}

struct fixture_table fixture_table_new(void)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct fixture_table table = { .size = MPF_HEADER_SPACE + MPF_SLOT_SPACE + sizeof(struct mpf_slot) };
	table.map_size = (table.size + page - 1) / page * page + page;
	table.map = mmap(NULL, table.map_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(table.map, MAP_FAILED);
	char *end = (char *)table.map + table.map_size - page;
	assert_int_equal(mprotect(end, page, PROT_NONE), 0);
	table.header = (struct mpf_header *)(void *)(end - table.size);
	*table.header = (struct mpf_header){
		.magic = MPF_MAGIC,
		.abi = MPF_ABI,
		.header_size = sizeof *table.header,
		.file_size = table.size,
		.slot_offset = { MPF_HEADER_SPACE, MPF_HEADER_SPACE + MPF_SLOT_SPACE },
		.slot_size = sizeof(struct mpf_slot),
		.heartbeat_ms = fixture_now_ms(),
		.services = ARRAY(services),
		.hosts = ARRAY(hosts),
		.candidates = ARRAY(candidates),
		.infos = ARRAY(infos),
		.uplinks = ARRAY(uplinks),
		.address_index = ARRAY(address_index),
		.host_index = ARRAY(host_index),
	};
	return table;
}

void fixture_table_free(struct fixture_table *table)
{
	assert_int_equal(munmap(table->map, table->map_size), 0);
	*table = (struct fixture_table){ .map = NULL };
}

struct mpf_slot *fixture_slot(const struct mpf_header *header, uint32_t number)
{
	return (struct mpf_slot *)((char *)header + header->slot_offset[number & 1]);
}

void fixture_publish(struct mpf_header *header, const struct mpf_slot *image)
{
	const uint32_t idle = !header->active;
	struct mpf_slot *slot = fixture_slot(header, idle);
	const uint32_t generation = fixture_slot(header, header->active)->generation + 1;
	__atomic_store_n(&slot->generation, generation, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	memcpy((char *)slot + sizeof slot->generation, (const char *)image + sizeof image->generation,
	       sizeof *slot - sizeof slot->generation);
	__atomic_store_n(&slot->generation, generation + 1, __ATOMIC_RELEASE);
	__atomic_store_n(&header->active, idle, __ATOMIC_RELEASE);
}

void fixture_write(const struct mpf_header *header, uint32_t size, const char *path)
{
	char temporary[512];
	assert_true(snprintf(temporary, sizeof temporary, "%s.fixture", path) < (int)sizeof temporary);
	const int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, 0644), 0);
	assert_int_equal(write(fd, header, size), size);
	assert_int_equal(close(fd), 0);
	assert_int_equal(rename(temporary, path), 0);
}

char *fixture_directory(void)
{
	char path[] = "/tmp/mpfailover-unit-XXXXXX";
	assert_non_null(mkdtemp(path));
	char *copy = strdup(path);
	assert_non_null(copy);
	return copy;
}

void fixture_remove(char *directory)
{
	DIR *entries = opendir(directory);
	assert_non_null(entries);
	for (const struct dirent *entry; (entry = readdir(entries));)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			unlinkat(dirfd(entries), entry->d_name, entry->d_type == DT_DIR ? AT_REMOVEDIR : 0);
	closedir(entries);
	assert_int_equal(rmdir(directory), 0);
	free(directory);
}

const char *fixture_path(struct fixture *fixture, const char *directory, const char *name)
{
	return fixture_text(fixture, "%s/%s", directory, name);
}

uint32_t fixture_now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint32_t)((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000);
}

void fixture_nap(void)
{
	const struct timespec nap = { .tv_nsec = 1000000 };
	nanosleep(&nap, NULL);
}

uint32_t fixture_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 32);
}
