/* SPDX-License-Identifier: MIT */
/*
 * What connect() says when something goes wrong, and what can be done with the socket then.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/clients/conn_world.h"

enum {
	UNREACHABLE = 3 << 8,
	HOST = 1,
	PROTOCOL = 2,
	PORT = 3,
	HOST_UNKNOWN = 7,
	PROHIBITED = 13
}; /* ICMP types and codes */

static int says(int fd, unsigned place)
{
	return world_connect(fd, place) == 0 ? 0 : errno;
}

/* connect() to PLACE on a new socket, within LOW to HIGH milliseconds. */
static int new_says(unsigned place, int type, int *fd, int low, int high)
{
	*fd = world_socket(place, type);
	const uint64_t began_us = world_now_us();
	const int error = says(*fd, place);
	expect_ms(began_us, low, high);
	return error;
}

static void wanted(int error, int said)
{
	expect(said == error, "%s, not %s", strerror(said), strerror(error));
}

/* Connected as if nothing had happened before. */
static void clean(int fd, unsigned place)
{
	expect(world_where(fd) == (int)place, "is at %d", world_where(fd));
	expect(world_poll(fd, POLLIN | POLLOUT | POLLRDHUP, 0) == POLLOUT, "poll: %x",
	       world_poll(fd, POLLIN | POLLOUT | POLLRDHUP, 0));
	expect(world_error(fd) == 0, "SO_ERROR");
}

/* As after a native connect() that failed: nothing pending, and the next one goes to where there is life. */
static void usable_again(int fd)
{
	expect(world_error(fd) == 0, "SO_ERROR");
	expect(world_poll(fd, POLLIN | POLLOUT | POLLRDHUP, 0) == (POLLOUT | POLLHUP), "poll: %x",
	       world_poll(fd, POLLIN | POLLOUT | POLLRDHUP, 0));
	expect(world_where(fd) == -1, "is at %d", world_where(fd));
	world_paint(NEAR, "llll");
	wanted(0, says(fd, NEAR));
	clean(fd, (unsigned)world_where(fd)); /* what failed a moment ago is not the best one now */
}

/* ------------------------------------------------------------------------------------------------------- all have failed */

static void test_all_refuse(void)
{
	int fd;

	world_paint(NEAR, "rrr");
	wanted(ECONNREFUSED, new_says(NEAR, 0, &fd, 0, 5));
	usable_again(fd);
}

static void test_asked_refuses(void)
{
	int fd;

	world_paint(NEAR, "rss");
	wanted(ECONNREFUSED, new_says(NEAR, 0, &fd, 950, 1050));
	usable_again(fd);
}

static void test_asked_refuses_in_the_middle(void)
{
	int fd;

	world_paint(NEAR, "srs");
	wanted(ECONNREFUSED, new_says(NEAR + 1, 0, &fd, 950, 1050));
	usable_again(fd);
}

/* The kernel's patience, cut to little more than the second below which it does not go. */
static void test_asked_silent(void)
{
	const int limit_ms = 1200, fd = world_socket(NEAR, 0);

	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit_ms, sizeof limit_ms);
	world_paint(NEAR, "srr");
	const uint64_t began_us = world_now_us();
	wanted(ETIMEDOUT, says(fd, NEAR));
	expect_ms(began_us, 1150, 1600);
	usable_again(fd);
}

static void test_patience(void)
{
	const int retries = 1, fd = world_socket(NEAR, 0);

	setsockopt(fd, IPPROTO_TCP, TCP_SYNCNT, &retries, sizeof retries);
	world_paint(NEAR, "ss");
	const uint64_t began_us = world_now_us();
	wanted(ETIMEDOUT, says(fd, NEAR));
	expect_ms(began_us, 2950, 3500);
	usable_again(fd);
}

/* ------------------------------------------------------------------------------------------------------ errors by ICMP */

static void rejected(unsigned icmp, int type, unsigned delay_us)
{
	int fd;

	world_paint(FAR, "llr");
	world.far[0] = (struct far_rule){ .fate = FAR_ICMP, .icmp = UNREACHABLE | icmp, .delay_us = delay_us };
	world.far[1].delay_us = delay_us;
	wanted(0, new_says(FAR, type, &fd, 0, (int)delay_us * 2 / 1000 + 8));
	clean(fd, FAR + 1);
	expect(world.far[1].syns == 1, "%u first packets to the living one", world.far[1].syns);
	close(fd);
}

static void test_host_unreachable(void)
{
	rejected(HOST, 0, 2000);
}

static void test_host_unreachable_nonblocking(void)
{
	rejected(HOST, SOCK_NONBLOCK, 2000);
}

static void test_host_unreachable_at_once(void)
{
	rejected(HOST, 0, 0);
	rejected(HOST, SOCK_NONBLOCK, 0);
}

static void test_prohibited(void)
{
	rejected(PROHIBITED, 0, 2000);
}

static void test_port_unreachable(void)
{
	rejected(PORT, 0, 2000);
}

static void test_host_unknown(void)
{
	rejected(HOST_UNKNOWN, 0, 2000);
}

static void test_protocol_unreachable(void)
{
	rejected(PROTOCOL, 0, 2000);
}

/* Such an error stays in a queue of the socket's, from which poll() tells of it for ever: not of what comes later. */
static void test_rejected_before(void)
{
	const int fd = world_socket(FAR, 0);

	world_paint(FAR, "lL");
	world.far[0] = (struct far_rule){ .fate = FAR_ICMP, .icmp = UNREACHABLE | HOST, .delay_us = 2000 };
	expect(world_connect_natively(fd, FAR) == -1 && errno == EHOSTUNREACH, "%s", strerror(errno));
	world.far[0] = (struct far_rule){ .fate = FAR_DROP };
	world.far[1].delay_us = 2000;
	const uint64_t began_us = world_now_us();
	wanted(0, says(fd, FAR));
	expect_ms(began_us, 25, 40);
	expect(world_where(fd) == FAR + 1, "is at %d", world_where(fd));
	expect(world.far[1].syns == 1, "%u first packets to the living one", world.far[1].syns);
}

static void test_all_unreachable(void)
{
	int fd;

	world_paint(FAR, "ll");
	for (unsigned i = 0; i < 2; i++)
		world.far[i] = (struct far_rule){ .fate = FAR_ICMP, .icmp = UNREACHABLE | HOST, .delay_us = 2000 };
	wanted(EHOSTUNREACH, new_says(FAR, 0, &fd, 0, 15));
	expect(world_error(fd) == 0, "SO_ERROR");
	expect(world.far[0].syns + world.far[1].syns <= 2, "%u and %u first packets", world.far[0].syns,
	       world.far[1].syns);
	expect(world_where(fd) == -1, "is at %d", world_where(fd));
}

/* --------------------------------------------------------------------------------------------------- errors by routing */

static void route(const char *what, unsigned number)
{
	char command[128];

	snprintf(command, sizeof command, "ip route replace %s 10.99.0.%u", what, number);
	expect(system(command) == 0, "%s", command);
}

static void unroute(unsigned number)
{
	char command[128];

	snprintf(command, sizeof command, "ip route del 10.99.0.%u", number);
	expect(system(command) == 0, "%s", command);
}

static unsigned failures_reported(int fd)
{
	struct mpf_report report;
	unsigned count = 0;

	while (recv(fd, &report, sizeof report, 0) == sizeof report)
		count += report.kind == MPF_REPORT_FAILED;
	return count;
}

/* The way to the first is not to be had; the second lives. */
static void routed(const char *what, unsigned reports)
{
	for (int type = 0; type <= SOCK_NONBLOCK; type += SOCK_NONBLOCK) {
		const int reported = world_receiver();
		int fd;
		world_paint(FAR, "lL");
		route(what, 1);
		wanted(0, new_says(FAR, type, &fd, 0, 10));
		clean(fd, FAR + 1);
		const unsigned count = failures_reported(reported);
		expect(count == reports, "%u reports", count);
		unroute(1);
		close(fd);
		close(reported);
	}
}

static void test_prohibit(void)
{
	routed("prohibit", 0);
}

static void test_unreachable(void)
{
	routed("unreachable", 1);
}

static void test_blackhole(void)
{
	routed("blackhole", 0);
}

/* Nothing else lives: the error is that of the route. */
static void test_prohibit_alone(void)
{
	int fd;

	world_paint(FAR, "lrr");
	route("prohibit", 1);
	wanted(EACCES, new_says(FAR, 0, &fd, 0, 10));
	expect(world_error(fd) == 0, "SO_ERROR");
	unroute(1);
}

/* -------------------------------------------------------------------------------- what is wrong with the call itself */

static void test_clients_own(void)
{
	union world_sockaddr address;
	const int unix_socket = socket(AF_UNIX, SOCK_STREAM, 0), file = open("/dev/null", O_RDWR);
	int fd = world_socket(NEAR, 0);

	world_paint(NEAR, "ll");
	const socklen_t length = world_address(NEAR, &address);
	wanted(EBADF, says(-1, NEAR));
	wanted(EBADF, says(499, NEAR));
	wanted(ENOTSOCK, says(file, NEAR));
	wanted(EINVAL, says(unix_socket, NEAR));
	expect(connect(fd, &address.any, length - 1) == -1 && errno == EINVAL, "short: %s", strerror(errno));
	expect(connect(fd, NULL, length) == -1 && errno == EFAULT, "NULL: %s", strerror(errno));
	address.any.sa_family = 99;
	expect(connect(fd, &address.any, length) == -1 && errno == EAFNOSUPPORT, "family: %s", strerror(errno));
	close(fd);
	fd = socket(AF_INET6, SOCK_STREAM, 0);
	world_address(NEAR, &address);
	wanted(EINVAL, connect(fd, &address.any, length) == 0 ? 0 : errno);
	wanted(EINVAL, says(world_server(NEAR), NEAR) == EISCONN ? EINVAL : 0);
}

/* The source address that the client has bound to leads nowhere. */
static void test_source_gone(void)
{
	const struct sockaddr_in own = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0a630063) }; /* 10.99.0.99 */
	const int on = 1, fd = world_socket(NEAR, 0);

	world_paint(NEAR, "ll");
	setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof on);
	expect(bind(fd, (const struct sockaddr *)&own, sizeof own) == 0, "%s", strerror(errno));
	const int other = world_socket(NEAR, 0);
	setsockopt(other, IPPROTO_IP, IP_FREEBIND, &on, sizeof on);
	expect(bind(other, (const struct sockaddr *)&own, sizeof own) == 0, "%s", strerror(errno));
	const int natively = world_connect_natively(other, NEAR) == 0 ? 0 : errno;
	expect(natively != 0, "is connected");
	wanted(natively, says(fd, NEAR));
}

/* ----------------------------------------------------------------------------------------------------- other protocols */

static int socket_of(int type, int protocol)
{
	return socket(AF_INET, type | SOCK_CLOEXEC, protocol);
}

/* Nobody has to be there; and what it says of a server is no news. */
static void test_udp(void)
{
	world_paint(NEAR, "rl");
	const int fd = socket_of(SOCK_DGRAM, 0);
	wanted(0, says(fd, NEAR));
	expect(world_where(fd) == NEAR, "is at %d", world_where(fd));
	expect(fcntl(fd, F_GETFL) == O_RDWR, "flags %x", fcntl(fd, F_GETFL));
}

static void test_mptcp(void)
{
	for (unsigned place = NEAR; place <= FAR; place += FAR - NEAR) {
		world_paint(place, "ll");
		if (place == FAR)
			world.far[0].delay_us = 30000; /* longer than an attempt */
		int fd = socket_of(SOCK_STREAM, IPPROTO_MPTCP);
		if (fd < 0)
			return; /* not in this kernel */
		wanted(0, says(fd, place));
		expect(world_where(fd) == (int)place, "is at %d", world_where(fd));
		expect(fcntl(fd, F_GETFL) == O_RDWR, "flags %x", fcntl(fd, F_GETFL));
		close(fd);
		world_paint(place, "rl");
		fd = socket_of(SOCK_STREAM, IPPROTO_MPTCP);
		wanted(ECONNREFUSED, says(fd, place));
		close(fd);
	}
}

static const struct world_test tests[] = {
	{ "UDP is left alone", test_udp, 0, 0 },
	{ "MPTCP is left alone", test_mptcp, NEEDS_FAR, 0 },
	{ "all refuse", test_all_refuse, 0, 0 },
	{ "the one asked for refuses, the others are silent", test_asked_refuses, ONLY_WITH, 0 },
	{ "the same, if it is not the best one", test_asked_refuses_in_the_middle, ONLY_WITH, 0 },
	{ "the one asked for is silent, the others refuse", test_asked_silent, 0, 0 },
	{ "the kernel's patience", test_patience, 0, 0 },
	{ "ICMP: host unreachable", test_host_unreachable, ONLY_WITH | NEEDS_FAR, 0 },
	{ "ICMP: host unreachable, non-blocking", test_host_unreachable_nonblocking, ONLY_WITH | NEEDS_FAR, 0 },
	{ "ICMP: host unreachable, at once", test_host_unreachable_at_once, ONLY_WITH | NEEDS_FAR, 0 },
	{ "ICMP: prohibited", test_prohibited, ONLY_WITH | NEEDS_FAR, 0 },
	{ "ICMP: port unreachable", test_port_unreachable, ONLY_WITH | NEEDS_FAR, 0 },
	{ "ICMP: host unknown", test_host_unknown, ONLY_WITH | NEEDS_FAR, 0 },
	{ "ICMP: protocol unreachable", test_protocol_unreachable, ONLY_WITH | NEEDS_FAR, 0 },
	{ "ICMP: host unreachable, in an earlier call", test_rejected_before, ONLY_WITH | NEEDS_FAR, 0 },
	{ "ICMP: all unreachable", test_all_unreachable, NEEDS_FAR, 0 },
	{ "route: prohibit", test_prohibit, ONLY_WITH | NEEDS_FAR, 0 },
	{ "route: unreachable", test_unreachable, ONLY_WITH | NEEDS_FAR, 0 },
	{ "route: blackhole", test_blackhole, ONLY_WITH | NEEDS_FAR, 0 },
	{ "route: prohibit, and nothing else", test_prohibit_alone, NEEDS_FAR, 0 },
	{ "the client's own errors", test_clients_own, 0, 0 },
	{ "a source that leads nowhere", test_source_gone, NEEDS_FAR, 0 },
};

int main(int argc, char **argv)
{
	return world_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
