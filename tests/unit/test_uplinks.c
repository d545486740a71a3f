/* SPDX-License-Identifier: MIT */
/* An uplink that is not there, beside one that is: what the table says of them. */
#include "probe/uplink/uplinks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "probe/news/log.h"
#include "tests/unit/odd_server.h"
#include "tests/unit/one_engine.h"

static char directory[] = "/tmp/mpf-test-XXXXXX";

/* A source that this machine does not have: nothing is sent. */
#define NOWHERE "198.51.100.254"
#define CONFIGURATION                                                                                                   \
	"timing \"t\" { interval = \"100ms\" fast = \"50ms\" down = \"100ms\" timeout = \"100ms\" hold-up = \"0s\" }\n" \
	"uplink \"a\" { source = \"%s\" } uplink \"b\" { source = \"127.0.0.1\" }\n"                                    \
	"service \"s\" { timing = \"t\" ports = { %u } candidate \"c\" { address = \"127.0.0.1\" uplinks = { \"a\", \"b\" } } }"

static uint32_t down(const struct one_engine *one, unsigned uplink)
{
	return one_engine_slot(one)->uplinks[uplink].down;
}

/* A moment after the verdicts. */
static void turn_until(struct one_engine *one, unsigned uplink, uint32_t wanted)
{
	for (int i = 0; i < 100 && down(one, uplink) != wanted; i++)
		one_engine_stays(one, 1, "up", 20);
	assert_int_equal(down(one, uplink), wanted);
}

static void test_gone_and_back(void **state)
{
	(void)state;
	struct one_engine one;
	struct odd_server server = odd_start("127.0.0.1", ODD_HTTP);
	one_engine_start(&one, directory, CONFIGURATION, NOWHERE, server.port);
	one_engine_wait(&one, 1, "up", 5000);
	one_engine_wait(&one, 0, "down", 5000);
	turn_until(&one, 0, 1);
	assert_int_equal(down(&one, 1), 0);
	assert_int_not_equal(one_engine_slot(&one)->uplinks[0].since_s, 0);
	assert_int_equal(one_engine_slot(&one)->uplinks[1].since_s, 0);
	one_engine_load(&one, CONFIGURATION, "127.0.0.2", server.port);
	assert_int_equal(down(&one, 0), 1); /* nothing has been tried yet */
	one_engine_wait(&one, 0, "up", 5000);
	turn_until(&one, 0, 0);
	one_engine_stop(&one);
	odd_stop(&server);
}

/* With its server dead by either way, neither is blamed. */
static void test_server_dead(void **state)
{
	(void)state;
	struct one_engine one;
	struct odd_server server = odd_start("127.0.0.1", ODD_HTTP);
	one_engine_start(&one, directory,
	                 CONFIGURATION " service \"other\" { timing = \"t\" ports = { %u } "
	                               "candidate \"alive\" { address = \"127.0.0.1\" } }",
	                 "127.0.0.2", odd_free_port(), server.port);
	one_engine_wait(&one, 0, "down", 5000);
	one_engine_wait(&one, 1, "down", 5000);
	one_engine_wait(&one, 2, "up", 5000);
	one_engine_stays(&one, 0, "down", 100);
	assert_int_equal(down(&one, 0), 0);
	assert_int_equal(down(&one, 1), 0);
	one_engine_stop(&one);
	odd_stop(&server);
}

static int start(void **state)
{
	(void)state;
	log_set_level(LEVEL_ERROR);
	return mkdtemp(directory) ? 0 : -1;
}

/* Each test has a table of its own. */
static int forget(void **state)
{
	char path[sizeof directory + 16];
	(void)state;
	static const char *const names[] = { "table", "table.lock", "report" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", directory, names[i]);
		unlink(path);
	}
	return 0;
}

static int stop(void **state)
{
	(void)state;
	return rmdir(directory);
}

int main(void)
{
	alarm(120); /* what never comes is a failure, too */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_gone_and_back, forget),
		cmocka_unit_test_teardown(test_server_dead, forget),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
