/* SPDX-License-Identifier: MIT */
#include "probe/dns/expand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "probe/dns/dns_plan.h"
#include "probe/table/image.h"
#include "tests/unit/fixture.h"

enum { ROUND_MS = 1000 };

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

/* Words of addresses; those after a "-" are no longer current. */
static struct answers answers_of(const char *text)
{
	struct answers answers = { 0 };
	char word[64];
	bool current = true;
	for (int length; sscanf(text, "%63s%n", word, &length) == 1; text += length) {
		if (!strcmp(word, "-")) {
			current = false;
			continue;
		}
		struct conf_address address = fixture_address(word);
		answers_seed(&answers, address.ip.s6_addr, current, ROUND_MS);
	}
	return answers;
}

/* The names of the candidates of service NUMBER, once they are expanded, with "!" behind those that are no longer current. */
static void is_service(struct fixture *fixture, size_t number, const struct answers *const *answers, const char *wanted)
{
	char text[2048] = "";
	struct conf *expanded = expand(&fixture->conf, answers);
	assert_non_null(expanded);
	const struct conf_service *service = &expanded->services[number];
	for (size_t i = 0; i < service->candidate_count; i++)
		sprintf(text + strlen(text), "%s%s%s", i ? " " : "", service->candidates[i].name,
		        service->candidates[i].is_stale ? "!" : "");
	assert_string_equal(text, wanted);
	free(expanded);
}

static void is(struct fixture *fixture, const char *answered, const char *wanted)
{
	struct answers answers = answers_of(answered);
	const struct answers *list[] = { &answers };
	is_service(fixture, 0, list, wanted);
}

static void test_order(void **state)
{
	struct fixture *fixture = *state;
	struct conf_service *service = fixture_service(fixture, "dm");
	fixture_candidate(fixture, "london", "192.0.2.1");
	fixture_candidate(fixture, "dns", "@dns");
	fixture_candidate(fixture, "dublin", "192.0.2.2");
	is(fixture, "", "london dublin");
	is(fixture, "192.0.2.8 2001:db8::8", "london dns:192.0.2.8 dns:2001:db8::8 dublin");
	is(fixture, "192.0.2.8 - 192.0.2.9", "london dns:192.0.2.8 dns:192.0.2.9! dublin");
	is(fixture, "- 192.0.2.9", "london dns:192.0.2.9! dublin");
	/* What the file has is no second candidate. */
	is(fixture, "192.0.2.2 192.0.2.8", "london dns:192.0.2.8 dublin");
	service->prefer = CONF_PREFER_DNS;
	is(fixture, "", "london dublin");
	is(fixture, "192.0.2.8 192.0.2.7 - 192.0.2.9", "dns:192.0.2.8 dns:192.0.2.7 london dns:192.0.2.9! dublin");
	is(fixture, "192.0.2.2 192.0.2.8", "dns:192.0.2.8 dublin london");
	is(fixture, "192.0.2.2", "dublin london");
}

static void test_uplinks(void **state)
{
	struct fixture *fixture = *state;
	const struct conf_uplink *a = fixture_uplink(fixture, "a", "192.0.2.100");
	const struct conf_uplink *b = fixture_uplink(fixture, "b", "2001:db8::100");
	const struct conf_uplink *c = fixture_uplink(fixture, "c", "");
	fixture_service(fixture, "dm");
	fixture_candidate(fixture, "london", "192.0.2.8")->uplink = a;
	fixture_candidate(fixture, "dns@a", "@dns")->uplink = a;
	fixture_candidate(fixture, "dns@b", "@dns")->uplink = b;
	fixture_candidate(fixture, "dns@c", "@dns")->uplink = c;
	is(fixture, "192.0.2.8 2001:db8::8", "london dns@b:2001:db8::8 dns@c:192.0.2.8 dns@c:2001:db8::8");
}

static void test_room(void **state)
{
	struct fixture *fixture = *state;
	char name[CONF_NAME_SIZE];
	fixture_service(fixture, "dm");
	memset(name, 'x', sizeof name - 1);
	memcpy(name + 21, "\xc3\xbc\xc3\xbc", 4); /* characters of two bytes, one of them where it has to be cut */
	name[sizeof name - 1] = '\0';
	fixture_candidate(fixture, fixture_text(fixture, "%s", name), "@dns");
	is(fixture, "192.0.2.1", "xxxxxxxxxxxxxxxxxxxxx\xc3\xbc\xc3\xbcxxxxxxxxxxxxxxxxxxxxxxxxxxxx:192.0.2.1");
	is(fixture, "2001:db8:1111:2222:3333:4444:5555:6666",
	   "xxxxxxxxxxxxxxxxxxxxx\xc3\xbc:2001:db8:1111:2222:3333:4444:5555:6666");
	fixture->candidates[0].name = "d";
	for (unsigned i = 1; i < CONF_MAX_SERVICE_CANDIDATES; i++)
		fixture_candidate(fixture, fixture_text(fixture, "f%u", i), fixture_text(fixture, "192.0.2.%u", i));
	is(fixture, "198.51.100.1 198.51.100.2", "d:198.51.100.1 f1 f2 f3 f4 f5 f6 f7 f8 f9 f10 f11 f12 f13 f14 f15");
}

/* Two services that an address and a port could mean. */
static void test_others(void **state)
{
	struct fixture *fixture = *state;
	struct answers answers[2] = { answers_of("192.0.2.1 192.0.2.8 192.0.2.9"), answers_of("192.0.2.8 192.0.2.7") };
	const struct answers *list[] = { &answers[0], &answers[1], NULL };
	fixture_service(fixture, "first");
	fixture_port(fixture, 443);
	fixture_candidate(fixture, "dns", "@dns");
	fixture_service(fixture, "second");
	fixture_port(fixture, 443);
	fixture_port(fixture, 80);
	struct conf_candidate *second = fixture_candidate(fixture, "dns", "@dns");
	fixture_service(fixture, "third");
	fixture_port(fixture, 443);
	struct conf_candidate *third = fixture_candidate(fixture, "file", "192.0.2.1");
	is_service(fixture, 0, list, "dns:192.0.2.8 dns:192.0.2.9");
	is_service(fixture, 1, list, "dns:192.0.2.7");
	is_service(fixture, 2, list, "file");
	/* One with a port of its own is never what a client asks for. */
	third->port = 8443;
	second->port = 8443;
	is_service(fixture, 0, list, "dns:192.0.2.1 dns:192.0.2.8 dns:192.0.2.9");
	is_service(fixture, 1, list, "dns:192.0.2.8 dns:192.0.2.7");
}

/* ------------------------------------------------------------------------------------------------ what is asked for */

static struct dns_plan *plan_of(struct fixture *fixture, const struct dns_plan *old, const struct mpf_slot *slot)
{
	struct dns_plan *plan = dns_plan_new(&fixture->conf, old, slot, ROUND_MS);
	assert_non_null(plan);
	return plan;
}

static void test_plan(void **state)
{
	struct fixture *fixture = *state;
	fixture_service(fixture, "without");
	fixture_host(fixture, "without.example");
	fixture_candidate(fixture, "london", "192.0.2.1");
	fixture_service(fixture, "with");
	for (unsigned i = 0; i < 20; i++)
		fixture_host(fixture, fixture_text(fixture, i % 2 ? "*.h%u.example" : "h%u.example", i));
	for (unsigned i = 0; i < 20; i++)
		fixture_host(fixture, fixture_text(fixture, "more%u.example", i));
	fixture_candidate(fixture, "dns", "@dns")->uplink = fixture_uplink(fixture, "a", "192.0.2.100");
	struct dns_plan *plan = plan_of(fixture, NULL, NULL);
	assert_int_equal(plan->count, 1);
	const struct dns_service *service = plan->services;
	assert_string_equal(service->conf->name, "with");
	assert_int_equal(service->host_count, DNS_HOSTS);
	assert_string_equal(service->hosts[0].name, "h0.example");
	assert_string_equal(service->hosts[1].name, "h2.example");
	assert_string_equal(service->hosts[10].name, "more0.example");
	assert_int_equal(service->hosts[0].source[0].family, AF_INET);
	assert_int_equal(service->hosts[0].source[1].family, 0); /* the uplink has an IPv4 address */
	dns_plan_free(plan);
}

/* What an earlier daemon has left in its table, and what a reload leaves alone. */
static void test_known(void **state)
{
	struct fixture *fixture = *state;
	struct conf_service *service = fixture_service(fixture, "dm");
	fixture_host(fixture, "dm.example");
	fixture_candidate(fixture, "london", "192.0.2.1");
	fixture_candidate(fixture, "dns", "@dns");
	struct mpf_slot *slot = calloc(1, sizeof *slot);
	struct dns_plan *plan = plan_of(fixture, NULL, slot), *next;
	assert_int_equal(plan->services[0].answers.count, 0);
	plan->services[0].answers = answers_of("192.0.2.8 2001:db8::8 - 192.0.2.9");
	struct conf *expanded = dns_plan_expand(plan);
	image_build(slot, expanded, 1);
	assert_int_equal(slot->infos[0].from_dns, MPF_FROM_FILE);
	assert_int_equal(slot->infos[1].from_dns, MPF_FROM_DNS);
	assert_int_equal(slot->infos[3].from_dns, MPF_GONE_FROM_DNS);
	free(expanded);

	plan->services[0].hosts[0].source[0].due_ms = 7777;
	plan->services[0].hosts[0].source[1].failures = 3;
	next = plan_of(fixture, plan, NULL);
	assert_int_equal(next->services[0].answers.count, 3);
	assert_int_equal(next->services[0].hosts[0].source[0].due_ms, 7777);
	assert_int_equal(next->services[0].hosts[0].source[1].failures, 3);
	dns_plan_free(next);

	/* By another name, or other hosts, it is to be asked anew. */
	service->hosts[0] = "other.example";
	next = plan_of(fixture, plan, NULL);
	assert_int_equal(next->services[0].answers.count, 0);
	assert_int_equal(next->services[0].hosts[0].source[0].due_ms, ROUND_MS);
	dns_plan_free(next);
	next = plan_of(fixture, NULL, slot);
	const struct answers *answers = &next->services[0].answers;
	assert_int_equal(answers->count, 3);
	assert_int_equal(answers->list[0].sources, 1);
	assert_int_equal(answers->list[1].sources, 2);
	assert_int_equal(answers->list[2].sources, 0);
	dns_plan_free(next);
	service->name = "another";
	next = plan_of(fixture, plan, slot);
	assert_int_equal(next->services[0].answers.count, 0);
	dns_plan_free(next);
	dns_plan_free(plan);
	free(slot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_order, begin, end),
		cmocka_unit_test_setup_teardown(test_uplinks, begin, end),
		cmocka_unit_test_setup_teardown(test_room, begin, end),
		cmocka_unit_test_setup_teardown(test_others, begin, end),
		cmocka_unit_test_setup_teardown(test_plan, begin, end),
		cmocka_unit_test_setup_teardown(test_known, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
