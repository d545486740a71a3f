/* SPDX-License-Identifier: MIT */
/*
 * conn_test.h - how a test of conn_world.h is run, and what it has in common with the process that made the world.
 */
#ifndef MPFAILOVER_TESTS_CONN_TEST_H
#define MPFAILOVER_TESTS_CONN_TEST_H

#include <sys/types.h>

#include "tests/clients/conn_world.h"

extern struct shared {
	struct far_rule far[FAR_PLACES];
	bool has_far, has_network;
	uint8_t network[2]; /* 127.a.b.0/24 */
	uint16_t port;
	char directory[32], table[48], report[48];
	char why[512]; /* what the running test found */
} * shared;

/* Runs TEST in a process of its own and prints the result; false: it is not as it should be. */
bool test_try(const struct world_test *test);

/* Waits for process PID; -1: it has not ended in time. */
int test_wait_status(pid_t pid, int limit_ms);

#endif
