/* SPDX-License-Identifier: MIT */
/* Services that share a host name, one of them out of force: that says nothing about the others. */
#include "preload/names.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/names_world.h"
#include "tests/unit/next_libc.h"

static void expect(const char *service, const char *address)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list;
	char text[INET_ADDRSTRLEN];
	next_libc_refused = 0;
	const int status = names_getaddrinfo("ports.example", service, &hints, &list);
	if (status != 0)
		fail_msg("port %s: %s, %u names that libc was asked for", service, gai_strerror(status),
		         next_libc_refused);
	inet_ntop(AF_INET, &((struct sockaddr_in *)(void *)list->ai_addr)->sin_addr, text, sizeof text);
	assert_string_equal(text, address);
	freeaddrinfo(list);
}

static void test_off(void **state)
{
	names_world_service(*state, "web")->off = 1;
	expect("21", "192.0.2.22");
	expect("22", "192.0.2.23");
}

static void test_by_dns(void **state)
{
	names_world_service(*state, "web")->resolve = MPF_RESOLVE_DNS;
	expect("21", "192.0.2.22");
	expect("22", "192.0.2.23");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_off, names_world_reset),
		cmocka_unit_test_setup(test_by_dns, names_world_reset),
	};
	return cmocka_run_group_tests_name("names_shared", tests, names_world_begin, names_world_end);
}
