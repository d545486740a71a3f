/* SPDX-License-Identifier: MIT */
#include "probe/table/image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fixture.h"

_Static_assert((int)CONF_MAX_SERVICES == (int)MPF_MAX_SERVICES && (int)CONF_MAX_HOSTS == (int)MPF_MAX_HOSTS &&
                       (int)CONF_MAX_CANDIDATES == (int)MPF_MAX_CANDIDATES &&
                       (int)CONF_MAX_SERVICE_CANDIDATES == (int)MPF_MAX_SERVICE_CANDIDATES &&
                       (int)CONF_MAX_PORTS == (int)MPF_MAX_PORTS && (int)CONF_MAX_UPLINKS == (int)MPF_MAX_UPLINKS &&
                       (int)CONF_NAME_SIZE == (int)MPF_NAME_SIZE,
               "what conf_read() lets through fits into a slot");

static int begin(void **state)
{
	*state = fixture_new();
	return 0;
}

static int end(void **state)
{
	fixture_free(*state);
	return 0;
}

static void check_candidates(const struct mpf_slot *image, const struct conf_uplink *first)
{
	assert_string_equal((const char *)image->hosts[0].pattern, "dm.example");
	assert_string_equal((const char *)image->uplinks[1].interface, "eth-of-16-chars");
	assert_string_equal((const char *)image->infos[1].name, "through");
	const struct mpf_candidate *candidate = &image->candidates[1];
	assert_int_equal(candidate->word, 0);
	assert_int_equal(candidate->scope, 7);
	assert_int_equal(candidate->port, 8443);
	assert_int_equal(candidate->uplink, 1);
	assert_int_equal(candidate->has_source, 1);
	assert_memory_equal(candidate->source, &first->source.ip, 16);
	assert_int_equal(image->candidates[0].uplink, 0);
	assert_int_equal(image->candidates[2].uplink, 2);
	assert_int_equal(image->candidates[2].has_source, 0);
}

static void test_fields(void **state)
{
	struct fixture *fixture = *state;
	const struct conf_uplink *first = fixture_uplink(fixture, "isp-a", "192.0.2.10");
	struct conf_uplink *uplink = &fixture->uplinks[1];
	fixture_uplink(fixture, "isp-b", "");
	uplink->interface = "eth-of-16-chars."; /* one too many: cut */
	struct conf_service *service = fixture_service(fixture, "dm");
	service->all_down = CONF_ALL_DOWN_PASS;
	service->when_stale = CONF_STALE_PASS;
	service->resolve = CONF_RESOLVE_DNS;
	service->stale_after_ms = 1;
	service->stick_ms = 2;
	service->nonblocking_wait_ms = 3;
	service->attempt_floor_ms = 4;
	service->attempt_ceiling_ms = 5;
	fixture_port(fixture, 443);
	fixture_port(fixture, 65535);
	fixture_host(fixture, "dm.example");
	fixture_candidate(fixture, "plain", "192.0.2.1");
	struct conf_candidate *through = fixture_candidate(fixture, "through", "fe80::1%7");
	through->uplink = first;
	through->port = 8443;
	fixture_candidate(fixture, "other", "192.0.2.2")->uplink = uplink;

	const struct mpf_slot *image = fixture_image(fixture);
	const struct mpf_service *to = &image->services[0];
	assert_int_equal(image->loaded_s, 1700000000);
	assert_string_equal((const char *)image->source, "fixture.conf");
	assert_int_equal(image->service_count, 1);
	assert_int_equal(image->host_count, 1);
	assert_int_equal(image->candidate_count, 3);
	assert_int_equal(image->uplink_count, 2);
	assert_string_equal((const char *)to->name, "dm");
	assert_int_equal(to->off, 0);
	assert_int_equal(to->first_candidate, 0);
	assert_int_equal(to->candidate_count, 3);
	assert_int_equal(to->port_count, 2);
	assert_int_equal(to->ports[0], 443);
	assert_int_equal(to->ports[1], 65535);
	assert_int_equal(to->all_down, MPF_ALL_DOWN_PASS);
	assert_int_equal(to->when_stale, MPF_STALE_PASS);
	assert_int_equal(to->resolve, MPF_RESOLVE_DNS);
	assert_int_equal(to->stale_after_ms, 1);
	assert_int_equal(to->stick_ms, 2);
	assert_int_equal(to->nonblocking_wait_ms, 3);
	assert_int_equal(to->attempt_floor_ms, 4);
	assert_int_equal(to->attempt_ceiling_ms, 5);
	check_candidates(image, first);
}

static void test_dns_is_left_out(void **state)
{
	struct fixture *fixture = *state;
	fixture_service(fixture, "only-dns");
	fixture_host(fixture, "one.example");
	fixture_candidate(fixture, "dns", "@dns");
	fixture_service(fixture, "both");
	fixture_host(fixture, "two.example");
	fixture_candidate(fixture, "dns", "@dns");
	fixture_candidate(fixture, "a", "192.0.2.1");
	const struct mpf_slot *image = fixture_image(fixture);
	assert_int_equal(image->service_count, 1);
	assert_string_equal((const char *)image->services[0].name, "both");
	assert_int_equal(image->candidate_count, 1);
	assert_int_equal(image->candidates[0].service, 0);
	assert_int_equal(image->host_count, 1);
	assert_string_equal((const char *)image->hosts[0].pattern, "two.example");
	assert_int_equal(image->hosts[0].service, 0);
}

/* ------------------------------------------------------------------------------------------------------- all of it */

/* 128 services x 8 candidates, 8 hosts each.  The addresses are neighbours, as an allocation of a provider is; every second
 * service is IPv6. */
static void fill(struct fixture *fixture)
{
	for (unsigned i = 0; i < CONF_MAX_SERVICES; i++) {
		fixture_service(fixture, fixture_text(fixture, "service-%u", i));
		for (unsigned j = 0; j < 8; j++) {
			fixture_host(fixture, j < 4 ? fixture_text(fixture, "h%u.s%u.example", j, i)
			                            : fixture_text(fixture, "*.w%u.s%u.example", j, i));
			fixture_candidate(fixture, fixture_text(fixture, "c%u", j),
			                  i & 1 ? fixture_text(fixture, "2001:db8:0:%x::%x", i, j + 1)
			                        : fixture_text(fixture, "10.0.%u.%u", i / 16, i % 16 * 16 + j));
		}
	}
}

static void check_host(const struct mpf_header *table, const char *name, unsigned service)
{
	struct snapshot snapshot;
	if (!lookup_host(table, name, 443, &snapshot))
		fail_msg("%s is not found", name);
	assert_int_equal(snapshot.service_index, service);
}

static void test_full(void **state)
{
	struct fixture *fixture = *state;
	struct fixture_table table = fixture_table_new();
	fill(fixture);
	fixture_publish(table.header, fixture_image(fixture));
	assert_int_equal(fixture->image.candidate_count, MPF_MAX_CANDIDATES);
	assert_int_equal(fixture->image.host_count, MPF_MAX_HOSTS);
	for (unsigned i = 0; i < MPF_MAX_CANDIDATES; i++) {
		struct snapshot snapshot;
		const struct conf_address *address = &fixture->candidates[i].address;
		assert_true(lookup_address(table.header, address->ip.s6_addr, 0, 443, &snapshot));
		assert_int_equal(snapshot.service_index, i / 8);
		assert_int_equal(snapshot.count, 8);
		assert_memory_equal(snapshot.candidate[i % 8].address, &address->ip, 16);
	}
	for (unsigned i = 0; i < MPF_MAX_HOSTS; i++) {
		const char *pattern = fixture->hosts[i];
		char name[64] = "deep.below";
		strcat(name, pattern + 1);
		check_host(table.header, *pattern == '*' ? name : pattern, i / 8);
	}
	fixture_table_free(&table);
}

/* All services hold the same address and host on a port of their own, one takes any: the chains are as long as can be. */
static void test_longest_chains(void **state)
{
	struct fixture *fixture = *state;
	struct fixture_table table = fixture_table_new();
	for (unsigned i = 0; i < CONF_MAX_SERVICES; i++) {
		fixture_service(fixture, fixture_text(fixture, "service-%u", i));
		fixture_host(fixture, "dm.example");
		if (i != 50)
			fixture_port(fixture, (uint16_t)(1000 + i));
		fixture_candidate(fixture, "a", "192.0.2.1");
	}
	fixture_publish(table.header, fixture_image(fixture));
	const struct conf_address address = fixture_address("192.0.2.1");
	for (unsigned i = 0; i <= CONF_MAX_SERVICES; i++) {
		struct snapshot snapshot;
		const unsigned service = i < CONF_MAX_SERVICES ? i : 50;
		const uint16_t port = (uint16_t)(1000 + i);
		assert_true(lookup_address(table.header, address.ip.s6_addr, 0, port, &snapshot));
		assert_int_equal(snapshot.service_index, service);
		assert_true(lookup_host(table.header, "dm.example", port, &snapshot));
		assert_int_equal(snapshot.service_index, service);
	}
	fixture_table_free(&table);
}

/* Within one service the same address through two uplinks is one entry of the index. */
static void test_same_address_in_a_service(void **state)
{
	struct fixture *fixture = *state;
	const struct conf_uplink *uplink = fixture_uplink(fixture, "isp", "192.0.2.10");
	fixture_service(fixture, "one");
	fixture_candidate(fixture, "a", "192.0.2.1");
	fixture_candidate(fixture, "a@isp", "192.0.2.1")->uplink = uplink;
	fixture_candidate(fixture, "b", "192.0.2.1")->uplink = uplink;
	fixture_service(fixture, "two");
	fixture_candidate(fixture, "own", "192.0.2.1")->port = 1;
	fixture_candidate(fixture, "a", "192.0.2.1");
	fixture_candidate(fixture, "a@isp", "192.0.2.1")->uplink = uplink;
	const struct mpf_slot *image = fixture_image(fixture);
	unsigned entries = 0;
	for (unsigned i = 0; i < MPF_INDEX_SIZE; i++)
		entries += image->address_index[i] != 0;
	assert_int_equal(entries, 1);
	assert_int_equal(image->candidates[0].next, 4 + 1);
	for (unsigned i = 1; i < 6; i++)
		assert_int_equal(image->candidates[i].next, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_fields, begin, end),
		cmocka_unit_test_setup_teardown(test_dns_is_left_out, begin, end),
		cmocka_unit_test_setup_teardown(test_full, begin, end),
		cmocka_unit_test_setup_teardown(test_longest_chains, begin, end),
		cmocka_unit_test_setup_teardown(test_same_address_in_a_service, begin, end),
	};
	return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}
