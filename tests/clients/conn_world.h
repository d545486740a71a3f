/* SPDX-License-Identifier: MIT */
/*
 * conn_world.h - services whose servers live, refuse or are silent at a word, a table that calls all of them up, and tests of
 * connect() among them.
 *
 *     conn_NAME [-l LIBRARY] [FILTER]    prints "ok ...", "not ok ...: WHY" and "skip ...: WHY"
 *
 * With LIBRARY, that is preloaded.  Without it each test shows what it is worth: one that says how a native connect() behaves must hold
 * as well, and one that holds ONLY_WITH the library must fail.
 */
#ifndef MPFAILOVER_TESTS_CONN_WORLD_H
#define MPFAILOVER_TESTS_CONN_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "preload/table.h"
#include "tests/clients/conn_far.h"

/* Servers have a place each, and each group of places is one service. */
enum {
	NEAR = 0,  /* four on loopback */
	FAR = 4,   /* four by a long way (conn_far.h) */
	MIXED = 8, /* two by IPv6 and two by IPv4, by that way */
	MIXED_IPV4 = 10,
	PLACES = 12,
};

enum { ONLY_WITH = 1, NEEDS_FAR = 2, NEEDS_NETWORK = 4 /* one of its own */ };

struct world_test {
	const char *name;
	void (*run)(void);
	unsigned flags;
	unsigned limit_s; /* 0: ten seconds */
};

/* Each test runs in a process of its own.  Returns main()'s result. */
int world_main(int argc, char **argv, const struct world_test *tests, size_t count);

struct world {
	bool native; /* without the library */
	uint16_t port;
	const char *report;       /* the path of the report socket; nobody listens there yet */
	struct mpf_header *table; /* writable */
	struct far_rule *far;     /* of place FAR */
};
extern struct world world;

/* What the service that begins at place FIRST is from now on: for each place a letter, l: lives, r: refuses, s: silent.  The table
 * says "up" of a small letter and "suspect" of a capital one: that comes last even if the others have failed lately.  Places without a letter are
 * in `maint`. */
void world_paint(unsigned first, const char *letters);

struct mpf_slot *world_slot(void);
struct mpf_service *world_service(unsigned place);
struct mpf_candidate *world_candidate(unsigned place);

union world_sockaddr {
	struct sockaddr any;
	char room[128];
};
socklen_t world_address(unsigned place, union world_sockaddr *out);

/* How often something is tried: FEW times, or $CONN_TIMES as often. */
unsigned world_times(unsigned few);

/* A TCP socket for PLACE; TYPE: SOCK_NONBLOCK or 0. */
int world_socket(unsigned place, int type);

/* connect() to PLACE, as the program's own, and as libc has it. */
int world_connect(int fd, unsigned place);
int world_connect_natively(int fd, unsigned place);

/* The place that FD is connected to, -1: not connected. */
int world_where(int fd);

/* Takes one connection that has come in. */
int world_accept(unsigned place);

/* The listening or bound socket of PLACE. */
int world_server(unsigned place);

/* Somebody who hears what is reported, as the daemon would. */
int world_receiver(void);

uint64_t world_now_us(void);

/* Does thread TID wait in a connect()? */
bool world_is_waiting(pid_t tid);

/* What FD shows now. */
short world_poll(int fd, short events, int wait_ms);
int world_error(int fd); /* SO_ERROR, which that forgets */

/* Ends the test, unless it is so. */
void world_expect(bool so, const char *file, int line, const char *format, ...) __attribute__((format(printf, 4, 5)));
#define expect(so, ...)                                                                            \
	do {                                                                                       \
		const bool it_is_so = (so); /* before the other arguments, which may show errno */ \
		world_expect(it_is_so, __FILE__, __LINE__, __VA_ARGS__);                           \
	} while (0)

/* Took between LOW and HIGH milliseconds, since SINCE_US?  What is late may be so because the machine is busy: such a test is tried
 * again. */
#define expect_ms(since_us, low, high) world_expect_ms(since_us, low, high, __FILE__, __LINE__)
void world_expect_ms(uint64_t since_us, int low, int high, const char *file, int line);

#endif
