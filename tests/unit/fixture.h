/* SPDX-License-Identifier: MIT */
/*
 * fixture.h - configurations and tables made in memory, for unit tests.
 *
 * Everything belongs to the fixture and goes with it.  What cannot be made fails the test.
 */
#ifndef MPFAILOVER_TEST_FIXTURE_H
#define MPFAILOVER_TEST_FIXTURE_H

#include "conf/conf.h"
#include "preload/lookup.h"
#include "preload/table.h"

struct fixture {
	struct conf conf; /* to be changed at will */
	struct conf_uplink uplinks[CONF_MAX_UPLINKS];
	struct conf_service services[CONF_MAX_SERVICES];
	struct conf_candidate candidates[CONF_MAX_CANDIDATES];
	const char *hosts[CONF_MAX_HOSTS];
	uint16_t ports[CONF_MAX_SERVICES][CONF_MAX_PORTS];
	size_t candidate_count, host_count, text_count;
	char *texts[2 * CONF_MAX_CANDIDATES + CONF_MAX_HOSTS + CONF_MAX_SERVICES];
	struct mpf_slot image; /* what fixture_image() made last */
};

struct fixture *fixture_new(void);
void fixture_free(struct fixture *fixture);

/* A formatted string that lives as long as the fixture. */
const char *fixture_text(struct fixture *fixture, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "192.0.2.1", "2001:db8::1", "fe80::1%3" (an interface's number). */
struct conf_address fixture_address(const char *text);

const struct conf_uplink *fixture_uplink(struct fixture *fixture, const char *name, const char *source);

/* A service with the usual defaults; hosts, ports and candidates go to the one that was added last. */
struct conf_service *fixture_service(struct fixture *fixture, const char *name);
void fixture_host(struct fixture *fixture, const char *pattern);
void fixture_port(struct fixture *fixture, uint16_t port);
/* ADDRESS as for fixture_address(), or "@dns". */
struct conf_candidate *fixture_candidate(struct fixture *fixture, const char *name, const char *address);

/* The configuration as image_build() sees it. */
struct mpf_slot *fixture_image(struct fixture *fixture);

/* A service of COUNT candidates with these verdict words, without a table. */
struct snapshot fixture_snapshot(const uint32_t *words, uint32_t count);

/* A whole table in memory whose last byte lies right before a page that cannot be touched. */
struct fixture_table {
	struct mpf_header *header;
	uint32_t size;
	void *map;
	size_t map_size;
};

struct fixture_table fixture_table_new(void);
void fixture_table_free(struct fixture_table *table);
struct mpf_slot *fixture_slot(const struct mpf_header *header, uint32_t number);

/* Puts IMAGE in force by way of the idle slot, by the protocol of table.h. */
void fixture_publish(struct mpf_header *header, const struct mpf_slot *image);

/* The table as a file of mode 0644, in one step. */
void fixture_write(const struct mpf_header *header, uint32_t size, const char *path);

/* A directory of the test's own, and the path of NAME in it; removed with what is in it. */
char *fixture_directory(void);
void fixture_remove(char *directory);
const char *fixture_path(struct fixture *fixture, const char *directory, const char *name);

/* Clock, as the table has it. */
uint32_t fixture_now_ms(void);
void fixture_nap(void); /* a millisecond, between two looks at what is waited for */

/* Pseudo-random numbers that are the same in each run; the seed is not 0. */
uint32_t fixture_random(uint64_t *state);

#endif
