/* SPDX-License-Identifier: MIT */
/* Lists as glibc and as musl have them: what moves, and what must not. */
#include "preload/reorder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "preload/endpoint.h"
#include "tests/unit/fixture.h"

enum { MOST = 9 };

/* As musl: one block of nodes, each with room for either family. */
struct block {
	struct {
		struct addrinfo node;
		struct sockaddr_in6 address;
	} part[MOST];
	unsigned count;
};

static void put(struct block *block, const char *text, int type)
{
	const struct conf_address address = fixture_address(text);
	struct endpoint endpoint = { .port = 443 };
	union endpoint_sockaddr to;
	memcpy(endpoint.address, &address.ip, 16);
	const unsigned number = block->count++;
	struct addrinfo *node = &block->part[number].node;
	const int family = endpoint_is_ipv4(endpoint.address) ? AF_INET : AF_INET6;
	*node = (struct addrinfo){ .ai_family = family, .ai_socktype = type, .ai_protocol = type };
	node->ai_addrlen = endpoint_to_sockaddr(&endpoint, family, &to);
	memcpy(&block->part[number].address, &to, node->ai_addrlen);
	node->ai_addr = (struct sockaddr *)&block->part[number].address;
	if (number)
		block->part[number - 1].node.ai_next = node;
}

/* Candidates of these verdicts at 192.0.2.1, .2 ... and 2001:db8::1, ::2 ... in turns: 'u'p, 'd'own. */
static struct reorder order_of(const char *verdicts)
{
	uint32_t words[MPF_MAX_SERVICE_CANDIDATES] = { 0 };
	uint32_t count = 0;
	struct reorder order;
	for (; verdicts[count]; count++)
		words[count] = MPF_WORD(verdicts[count] == 'u' ? MPF_UP : MPF_DOWN, 0, 0, 0, 0);
	struct snapshot snapshot = fixture_snapshot(words, count);
	for (uint32_t i = 0; i < count; i++) {
		char text[32];
		snprintf(text, sizeof text, i % 2 ? "2001:db8::%u" : "192.0.2.%u", i / 2 + 1);
		const struct conf_address address = fixture_address(text);
		memcpy(snapshot.candidate[i].address, &address.ip, 16);
	}
	reorder_read(&order, &snapshot, 0);
	return order;
}

static void is(const struct addrinfo *node, const char *text, int type)
{
	const struct conf_address address = fixture_address(text);
	struct endpoint endpoint;
	assert_non_null(node);
	assert_true(endpoint_from_sockaddr(&endpoint, node->ai_addr, node->ai_addrlen));
	assert_memory_equal(endpoint.address, &address.ip, 16);
	assert_int_equal(node->ai_family, endpoint_is_ipv4(endpoint.address) ? AF_INET : AF_INET6);
	assert_int_equal(node->ai_family, node->ai_addr->sa_family);
	assert_int_equal(node->ai_socktype, type);
	assert_int_equal(node->ai_protocol, type);
	assert_int_equal(endpoint.port, 443);
}

/* Nodes stay where they are, and so does the name that musl has in each of them. */
static void test_content(void **state)
{
	(void)state;
	static char name[] = "dm.example";
	const struct reorder order = order_of("dudu");
	struct block block = { .count = 0 };
	put(&block, "192.0.2.1", SOCK_STREAM);
	put(&block, "192.0.2.1", SOCK_DGRAM);
	put(&block, "2001:db8::1", SOCK_STREAM);
	put(&block, "2001:db8::1", SOCK_DGRAM);
	put(&block, "192.0.2.9", SOCK_STREAM);
	put(&block, "2001:db8::2", SOCK_STREAM);
	for (unsigned i = 0; i < block.count; i++)
		block.part[i].node.ai_canonname = name;
	struct addrinfo *list = &block.part[0].node;
	assert_true(reorder_list(&order, REORDER_CONTENT, &list));
	assert_ptr_equal(list, &block.part[0].node);
	for (unsigned i = 0; i < block.count; i++) {
		const struct addrinfo *node = &block.part[i].node;
		assert_ptr_equal(node->ai_canonname, name);
		assert_ptr_equal(node->ai_addr, &block.part[i].address);
		assert_ptr_equal(node->ai_next, i + 1 < block.count ? &block.part[i + 1].node : NULL);
	}
	is(&block.part[0].node, "2001:db8::1", SOCK_STREAM);
	is(&block.part[1].node, "2001:db8::1", SOCK_DGRAM);
	is(&block.part[2].node, "2001:db8::2", SOCK_STREAM);
	is(&block.part[3].node, "192.0.2.9", SOCK_STREAM);
	is(&block.part[4].node, "192.0.2.1", SOCK_STREAM);
	is(&block.part[5].node, "192.0.2.1", SOCK_DGRAM);
}

/* The content stays where it is; the name goes to the head. */
static void test_links(void **state)
{
	(void)state;
	static char name[] = "dm.example";
	const struct reorder order = order_of("duud");
	struct block block = { .count = 0 };
	put(&block, "192.0.2.1", SOCK_STREAM);
	put(&block, "2001:db8::1", SOCK_STREAM);
	put(&block, "192.0.2.2", SOCK_STREAM);
	put(&block, "2001:db8::2", SOCK_STREAM);
	block.part[0].node.ai_canonname = name;
	struct addrinfo *list = &block.part[0].node;
	assert_true(reorder_list(&order, REORDER_LINKS, &list));
	static const unsigned parts[] = { 1, 2, 0, 3 };
	for (unsigned i = 0; i < 4; i++, list = list->ai_next) {
		assert_ptr_equal(list, &block.part[parts[i]].node);
		assert_ptr_equal(list->ai_canonname, i ? NULL : name);
	}
	assert_null(list);
}

static void test_nothing_usable(void **state)
{
	(void)state;
	const struct reorder order = order_of("dd");
	struct block block = { .count = 0 };
	put(&block, "192.0.2.1", SOCK_STREAM);
	put(&block, "192.0.2.9", SOCK_STREAM);
	struct addrinfo *list = &block.part[0].node;
	assert_false(reorder_list(&order, REORDER_LINKS, &list));
	assert_false(reorder_list(&order, REORDER_CONTENT, &list));
	assert_ptr_equal(list, &block.part[0].node);
	is(list, "192.0.2.1", SOCK_STREAM);
}

/* By one of two uplinks it is down. */
static void test_twice(void **state)
{
	(void)state;
	struct reorder order = order_of("duu");
	memcpy(order.address[1], order.address[0], 16);
	struct block block = { .count = 0 };
	put(&block, "192.0.2.2", SOCK_STREAM);
	put(&block, "192.0.2.1", SOCK_STREAM);
	struct addrinfo *list = &block.part[0].node;
	assert_true(reorder_list(&order, REORDER_LINKS, &list));
	is(list, "192.0.2.2", SOCK_STREAM);
	order.rank[2] = RANK_SUSPECT;
	assert_true(reorder_list(&order, REORDER_LINKS, &list));
	is(list, "192.0.2.1", SOCK_STREAM);
}

/* An address means nothing at another port than the candidate's own. */
static void test_own_port(void **state)
{
	(void)state;
	const uint32_t word = MPF_WORD(MPF_UP, 0, 0, 0, 0);
	struct snapshot snapshot = fixture_snapshot(&word, 1);
	struct reorder order;
	snapshot.candidate[0].port = 9443;
	reorder_read(&order, &snapshot, 0);
	assert_int_equal(order.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_content), cmocka_unit_test(test_links),    cmocka_unit_test(test_nothing_usable),
		cmocka_unit_test(test_twice),   cmocka_unit_test(test_own_port),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
