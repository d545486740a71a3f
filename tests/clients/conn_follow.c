/* SPDX-License-Identifier: MIT */
/*
 * What an earlier connection is to a later one: the data connection of a protocol such as FTP follows its control connection, and a cookie of
 * TCP_FASTOPEN_CONNECT does not make a dead server look alive.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "tests/clients/conn_world.h"

#ifndef TCP_FASTOPEN_CONNECT
#define TCP_FASTOPEN_CONNECT 30
#endif

/* ------------------------------------------------------------------------------------------------------- another port */

static in_port_t data_port;

/* One that lives at the first two places, beside the world's own. */
static void listen_for_data(void)
{
	union world_sockaddr address;
	socklen_t length = sizeof address;

	for (unsigned place = NEAR; place < NEAR + 2; place++) {
		const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		length = world_address(place, &address);
		((struct sockaddr_in *)&address)->sin_port = data_port;
		expect(bind(fd, &address.any, length) == 0 && listen(fd, 64) == 0, "%s", strerror(errno));
		getsockname(fd, &address.any, &length);
		data_port = ((struct sockaddr_in *)&address)->sin_port;
	}
}

/* Connects to PORT of the first place; PORT 0: the world's.  Returns the place that it came to. */
static int came_to(in_port_t port, int type)
{
	union world_sockaddr address;
	const socklen_t length = world_address(NEAR, &address);
	const int fd = world_socket(NEAR, type);

	if (port)
		((struct sockaddr_in *)&address)->sin_port = port;
	expect(connect(fd, &address.any, length) == 0, "%s", strerror(errno));
	const int place = world_where(fd);
	close(fd);
	return place;
}

#define at(place, wanted)                                     \
	do {                                                  \
		const int there = (place);                    \
		expect(there == (wanted), "is at %d", there); \
	} while (0)

static void test_follows(void)
{
	listen_for_data();
	world_receiver(); /* who knows: a failure is not for the process to remember */
	for (int type = 0; type <= SOCK_NONBLOCK; type += SOCK_NONBLOCK) {
		world_paint(NEAR, "rl");
		at(came_to(0, type), NEAR + 1);
		at(came_to(data_port, type), NEAR + 1);
		world_paint(NEAR, "ll"); /* back, but the session is over there */
		at(came_to(data_port, type), NEAR + 1);
		usleep(20000);              /* the process doubts the first for 4 ms after its failure */
		at(came_to(0, type), NEAR); /* another session */
		at(came_to(data_port, type), NEAR);
	}
}

static void test_follows_for_a_while(void)
{
	listen_for_data();
	world_paint(NEAR, "rl");
	at(came_to(0, 0), NEAR + 1);
	world_paint(NEAR, "ll");
	world_service(NEAR)->stick_ms = 0;
	at(came_to(data_port, 0), NEAR);
	world_service(NEAR)->stick_ms = 1000;
	at(came_to(data_port, 0), NEAR + 1);
	for (const uint64_t until_us = world_now_us() + 1100000; world_now_us() < until_us;)
		usleep(20000);
	at(came_to(data_port, 0), NEAR);
}

/* ------------------------------------------------------------------------------------------------------------- fast open */

static void ask_for_fastopen(int fd)
{
	const int on = 1;

	expect(setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &on, sizeof on) == 0, "%s", strerror(errno));
}

/* A cookie of PLACE's server, as a connection brings one. */
static void get_cookie(unsigned place)
{
	const int queue = 16, fd = world_socket(place, 0);

	expect(setsockopt(world_server(place), IPPROTO_TCP, TCP_FASTOPEN, &queue, sizeof queue) == 0, "%s",
	       strerror(errno));
	ask_for_fastopen(fd);
	expect(world_connect_natively(fd, place) == 0, "%s", strerror(errno));
	expect(write(fd, "x", 1) == 1, "%s", strerror(errno));
	close(world_accept(place));
	close(fd);
}

static void test_fastopen(void)
{
	const int both = open("/proc/sys/net/ipv4/tcp_fastopen", O_WRONLY | O_CLOEXEC);

	expect(write(both, "3", 1) == 1, "%s", strerror(errno));
	for (int type = 0; type <= SOCK_NONBLOCK; type += SOCK_NONBLOCK)
		for (int silent = 0; silent < 2; silent++) {
			world_paint(NEAR, "ll");
			get_cookie(NEAR);
			get_cookie(NEAR + 1);
			world_paint(NEAR, silent ? "sL" : "rL");
			const int fd = world_socket(NEAR, type);
			ask_for_fastopen(fd);
			expect(world_connect(fd, NEAR) == 0, "%s", strerror(errno));
			expect(write(fd, "x", 1) == 1, "%s", strerror(errno));
			expect(world_poll(fd, POLLERR, 0) == 0, "it has failed");
			expect(world_where(fd) == NEAR + 1, "is at %d", world_where(fd));
			close(fd);
		}
	close(both);
}

static const struct world_test tests[] = {
	{ "the data connection follows", test_follows, ONLY_WITH, 0 },
	{ "for as long as it is to stick", test_follows_for_a_while, ONLY_WITH, 0 },
	{ "TCP_FASTOPEN_CONNECT, and a cookie of the dead", test_fastopen, ONLY_WITH | NEEDS_NETWORK, 0 },
};

int main(int argc, char **argv)
{
	return world_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
