/* SPDX-License-Identifier: MIT */
/*
 * Candidates behind uplinks: the address that a connection leaves from.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/clients/conn_world.h"

#define SOURCE  "127.99.1.1"
#define SECOND  "127.99.1.2"
#define CLIENTS "127.99.1.3"
#define GONE    "240.0.0.1" /* reserved, hence nobody's */

static void behind(unsigned place, const char *source)
{
	struct mpf_candidate *candidate = world_candidate(place);

	memset(candidate->source, 0, sizeof candidate->source);
	candidate->source[10] = candidate->source[11] = 0xff;
	inet_pton(AF_INET, source, candidate->source + 12);
	candidate->has_source = 1;
}

static struct sockaddr_in own(int fd)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t length = sizeof address;

	getsockname(fd, (struct sockaddr *)&address, &length);
	return address;
}

static void leaves_from(int fd, const char *wanted)
{
	const struct sockaddr_in address = own(fd);
	char text[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &address.sin_addr, text, sizeof text);
	expect(strcmp(text, wanted) == 0, "leaves from %s", text);
}

static void bind_to(int fd, const char *address, in_port_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = port };

	inet_pton(AF_INET, address, &to.sin_addr);
	expect(bind(fd, (const struct sockaddr *)&to, sizeof to) == 0, "bind: %s", strerror(errno));
}

static void connects(int fd, unsigned place)
{
	const int result = world_connect(fd, NEAR);

	expect(result == 0 || errno == EINPROGRESS, "%s", strerror(errno));
	expect(world_poll(fd, POLLOUT, 5000) == POLLOUT && world_error(fd) == 0, "does not connect");
	expect(world_where(fd) == (int)place, "is at %d", world_where(fd));
}

/* ---------------------------------------------------------------------------------------------- where the others are not */

/* A first one without an uplink leaves a port behind, which is nobody's. */
static void second_has_a_source(const char *letters, int type)
{
	world_paint(NEAR, letters);
	behind(NEAR + 1, SOURCE);
	const int fd = world_socket(NEAR, type);
	connects(fd, NEAR + 1);
	leaves_from(fd, SOURCE);
}

static void test_after_refused(void)
{
	second_has_a_source("rl", 0);
}

static void test_after_silent(void)
{
	second_has_a_source("sl", 0);
}

static void test_after_refused_nonblocking(void)
{
	second_has_a_source("rl", SOCK_NONBLOCK);
}

static void test_source_first(void)
{
	world_paint(NEAR, "rrl");
	behind(NEAR, SOURCE);
	behind(NEAR + 1, SECOND);
	const int fd = world_socket(NEAR, 0);
	connects(fd, NEAR + 2);
	leaves_from(fd, "127.0.0.1");
}

static void test_one_after_the_other(void)
{
	world_paint(NEAR, "rsl");
	behind(NEAR, SOURCE);
	behind(NEAR + 2, SECOND);
	const int fd = world_socket(NEAR, 0);
	connects(fd, NEAR + 2);
	leaves_from(fd, SECOND);
}

/* A client that tries again on the same socket. */
static void test_again(void)
{
	world_paint(NEAR, "rr");
	behind(NEAR, SOURCE);
	behind(NEAR + 1, SECOND);
	const int fd = world_socket(NEAR, 0);
	expect(world_connect(fd, NEAR) == -1 && errno == ECONNREFUSED, "%s", strerror(errno));
	leaves_from(fd, "0.0.0.0");
	world_paint(NEAR, "rl");
	behind(NEAR, SOURCE);
	behind(NEAR + 1, SECOND);
	connects(fd, NEAR + 1);
	leaves_from(fd, SECOND);
}

/* ------------------------------------------------------------------------------------------------------- not to be had */

static void test_all_gone(void)
{
	world_paint(NEAR, "sl");
	behind(NEAR, GONE);
	behind(NEAR + 1, GONE);
	connects(world_socket(NEAR, 0), NEAR + 1);
}

static void test_all_gone_nonblocking(void)
{
	world_paint(NEAR, "rl");
	behind(NEAR, GONE);
	behind(NEAR + 1, GONE);
	connects(world_socket(NEAR, SOCK_NONBLOCK), NEAR + 1);
}

static void test_all_gone_and_refused(void)
{
	world_paint(NEAR, "rr");
	behind(NEAR, GONE);
	behind(NEAR + 1, GONE);
	expect(world_connect(world_socket(NEAR, 0), NEAR) == -1 && errno == ECONNREFUSED, "%s", strerror(errno));
}

static void test_one_gone(void)
{
	world_paint(NEAR, "lll");
	behind(NEAR, GONE);
	behind(NEAR + 1, SOURCE);
	const int fd = world_socket(NEAR, 0);
	connects(fd, NEAR + 1);
	leaves_from(fd, SOURCE);
}

static void test_gone_before_a_refusal(void)
{
	world_paint(NEAR, "lr");
	behind(NEAR, GONE);
	behind(NEAR + 1, SOURCE);
	const int fd = world_socket(NEAR, 0);
	connects(fd, NEAR);
	leaves_from(fd, "127.0.0.1");
}

/* -------------------------------------------------------------------------------------------------- the client's own word */

/* By whatever candidate: the first one has no uplink, the last one has. */
static void client_bound(int fd, const char *address)
{
	world_paint(NEAR, "rrl");
	behind(NEAR + 1, SOURCE);
	behind(NEAR + 2, SECOND);
	connects(fd, NEAR + 2);
	leaves_from(fd, address);
}

static void test_client_bound(void)
{
	const int fd = world_socket(NEAR, 0);
	bind_to(fd, CLIENTS, 0);
	client_bound(fd, CLIENTS);
}

/* As proxies do it. */
static void test_client_bound_without_port(void)
{
	const int on = 1, fd = world_socket(NEAR, 0);
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
	bind_to(fd, CLIENTS, 0);
	client_bound(fd, CLIENTS);
}

static void test_client_bound_to_port(void)
{
	const int fd = world_socket(NEAR, 0), other = world_socket(NEAR, 0);
	bind_to(other, "0.0.0.0", 0); /* one that is free */
	const in_port_t port = own(other).sin_port;
	close(other);
	bind_to(fd, "0.0.0.0", port);
	client_bound(fd, "127.0.0.1");
	expect(own(fd).sin_port == port, "another port");
}

static const struct world_test tests[] = {
	{ "an uplink after a refusal without one", test_after_refused, ONLY_WITH, 0 },
	{ "an uplink after silence without one", test_after_silent, ONLY_WITH, 0 },
	{ "an uplink after a refusal without one, non-blocking", test_after_refused_nonblocking, ONLY_WITH, 0 },
	{ "none after two uplinks", test_source_first, ONLY_WITH, 0 },
	{ "one uplink after the other", test_one_after_the_other, ONLY_WITH, 0 },
	{ "the same socket again", test_again, ONLY_WITH, 0 },
	{ "all sources gone", test_all_gone, ONLY_WITH, 0 },
	{ "all sources gone, non-blocking", test_all_gone_nonblocking, ONLY_WITH, 0 },
	{ "all sources gone, and refused", test_all_gone_and_refused, 0, 0 },
	{ "one source gone: the other uplink", test_one_gone, ONLY_WITH, 0 },
	{ "one source gone, the other refused: without", test_gone_before_a_refusal, 0, 0 },
	{ "a client that has bound its socket", test_client_bound, ONLY_WITH, 0 },
	{ "a client that has bound it to an address without a port", test_client_bound_without_port, ONLY_WITH, 0 },
	{ "a client that has bound it to a port alone", test_client_bound_to_port, ONLY_WITH, 0 },
};

int main(int argc, char **argv)
{
	return world_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
