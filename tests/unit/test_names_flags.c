/* SPDX-License-Identifier: MIT */
/* ai_flags of the nodes that getaddrinfo() answers from the table: as in libc's own answers, those of the question. */
#include "preload/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/names_world.h"

static const int flags[] = {
	0, AI_CANONNAME, AI_NUMERICSERV, AI_V4MAPPED, AI_V4MAPPED | AI_ALL, AI_ADDRCONFIG, AI_PASSIVE,
};

static void check(const struct addrinfo *hints, int wanted)
{
	struct addrinfo *list;
	assert_int_equal(names_getaddrinfo("four.example", "443", hints, &list), 0);
	for (const struct addrinfo *node = list; node; node = node->ai_next)
		assert_int_equal(node->ai_flags, wanted);
	freeaddrinfo(list);
}

static void test_flags(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
		const struct addrinfo hints = { .ai_flags = flags[i], .ai_socktype = SOCK_STREAM };
		check(&hints, flags[i]);
	}
}

static void test_no_hints(void **state)
{
	(void)state;
	check(NULL, AI_V4MAPPED | AI_ADDRCONFIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_flags, names_world_reset),
		cmocka_unit_test_setup(test_no_hints, names_world_reset),
	};
	return cmocka_run_group_tests_name("names_flags", tests, names_world_begin, names_world_end);
}
