/* SPDX-License-Identifier: MIT */
/*
 * calls udp ADDRESS PORT         connect() of a UDP socket
 * calls connected ADDRESS PORT   connect() of a TCP socket that is connected to PORT, where this program listens
 * calls live ADDRESS PORT        connect() of a new TCP socket to PORT, where this program listens
 * calls moved DEAD PORT LIVE     the same, asked for DEAD; without the library, for LIVE
 * calls name HOST                getaddrinfo()
 * calls getsockopt               a short system call, for comparison
 *
 * What a preload library adds to a call: the one that this program is linked to, and libc's own from libc's handle, in turns, in one
 * process.  Prints the medians and the median of the pairs' differences, in nanoseconds, as JSON.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <err.h>
#include <errno.h>
#include <gnu/lib-names.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/sample.h"

enum { PAIRS = 4000, BATCH = 200 };

typedef int connect_function(int, const struct sockaddr *, socklen_t);
typedef int getaddrinfo_function(const char *, const char *, const struct addrinfo *, struct addrinfo **);

struct functions {
	connect_function *connect;
	getaddrinfo_function *getaddrinfo;
};

/* What is measured: RUN does it COUNT times by way of FUNCTIONS and returns the nanoseconds that took. */
struct subject {
	const char *name;
	int arguments;
	int batch;
	void (*prepare)(char **arguments);
	uint64_t (*run)(const struct functions *functions, int count);
};

static struct functions libc, linked;
static struct sockaddr_in asked, live; /* `live`: where libc's own goes when the library's is moved */
static int listener, socket_fd;
static const char *host;

static void parse(struct sockaddr_in *to, const char *address, const char *port)
{
	*to = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((in_port_t)atoi(port)) };
	if (inet_pton(AF_INET, address, &to->sin_addr) != 1)
		errx(2, "%s: not an IPv4 address", address);
}

static void prepare_udp(char **arguments)
{
	parse(&asked, arguments[0], arguments[1]);
	socket_fd = socket(AF_INET, SOCK_DGRAM, 0);
}

static void listen_at(const struct sockaddr_in *here)
{
	const int on = 1;

	listener = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(listener, (const struct sockaddr *)here, sizeof *here) != 0 || listen(listener, 16) != 0)
		err(1, "listen");
}

static void prepare_live(char **arguments)
{
	parse(&asked, arguments[0], arguments[1]);
	live = asked;
	listen_at(&live);
}

static void prepare_moved(char **arguments)
{
	parse(&asked, arguments[0], arguments[1]);
	parse(&live, arguments[2], arguments[1]);
	listen_at(&live);
}

static void prepare_connected(char **arguments)
{
	prepare_live(arguments);
	socket_fd = socket(AF_INET, SOCK_STREAM, 0);
	if (libc.connect(socket_fd, (struct sockaddr *)&asked, sizeof asked) != 0)
		err(1, "connect");
}

static void prepare_name(char **arguments)
{
	host = arguments[0];
}

static uint64_t run_same_socket(const struct functions *functions, int count)
{
	uint64_t start_ns = sample_now_ns();

	for (int i = 0; i < count; i++)
		functions->connect(socket_fd, (struct sockaddr *)&asked, sizeof asked);
	return sample_now_ns() - start_ns;
}

/* Only connect() itself is timed; the handshake needs nobody to accept. */
static uint64_t run_new_socket(const struct functions *functions, int count)
{
	const struct linger reset = { .l_onoff = 1 };
	const struct sockaddr_in *to = functions == &libc ? &live : &asked;
	uint64_t sum_ns = 0;

	for (int i = 0; i < count; i++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
		uint64_t start_ns = sample_now_ns();
		int failed = functions->connect(fd, (const struct sockaddr *)to, sizeof *to);
		sum_ns += sample_now_ns() - start_ns;
		if (failed)
			err(1, "connect");
		close(fd);
		close(accept(listener, NULL, NULL));
	}
	return sum_ns;
}

static uint64_t run_name(const struct functions *functions, int count)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list;
	uint64_t start_ns = sample_now_ns();

	for (int i = 0; i < count; i++) {
		int error = functions->getaddrinfo(host, "443", &hints, &list);
		if (error)
			errx(1, "%s: %s", host, gai_strerror(error));
		freeaddrinfo(list);
	}
	return sample_now_ns() - start_ns;
}

static void prepare_getsockopt(char **arguments)
{
	(void)arguments;
	socket_fd = socket(AF_INET, SOCK_STREAM, 0);
}

static uint64_t run_getsockopt(const struct functions *functions, int count)
{
	int protocol;
	socklen_t length = sizeof protocol;
	uint64_t start_ns = sample_now_ns();

	(void)functions;
	for (int i = 0; i < count; i++)
		getsockopt(socket_fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &length);
	return sample_now_ns() - start_ns;
}

static const struct subject subjects[] = {
	{ "udp", 2, BATCH, prepare_udp, run_same_socket },
	{ "connected", 2, BATCH, prepare_connected, run_same_socket },
	{ "live", 2, 1, prepare_live, run_new_socket },
	{ "moved", 3, 1, prepare_moved, run_new_socket },
	{ "name", 1, 5, prepare_name, run_name },
	{ "getsockopt", 0, BATCH, prepare_getsockopt, run_getsockopt },
};

static void load_functions(void)
{
	void *handle = dlopen(LIBC_SO, RTLD_NOW | RTLD_NOLOAD);

	if (!handle)
		errx(1, "%s", dlerror());
	*(void **)&libc.connect = dlsym(handle, "connect");
	*(void **)&libc.getaddrinfo = dlsym(handle, "getaddrinfo");
	linked = (struct functions){ .connect = connect, .getaddrinfo = getaddrinfo };
}

static void measure(const struct subject *subject)
{
	static double without[PAIRS], with[PAIRS], difference[PAIRS];

	for (int i = -PAIRS / 10; i < PAIRS; i++) { /* the first ones warm up */
		double first = (double)subject->run(i & 1 ? &linked : &libc, subject->batch) / subject->batch;
		double second = (double)subject->run(i & 1 ? &libc : &linked, subject->batch) / subject->batch;
		if (i < 0)
			continue;
		with[i] = i & 1 ? first : second;
		without[i] = i & 1 ? second : first;
		difference[i] = with[i] - without[i];
	}
	printf("{\"without\":%.1f,\"with\":%.1f,\"difference\":%.1f,\"pairs\":%d}\n", sample_median(without, PAIRS),
	       sample_median(with, PAIRS), sample_median(difference, PAIRS), PAIRS);
}

int main(int argc, char **argv)
{
	load_functions();
	for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++)
		if (argc > 1 && strcmp(argv[1], subjects[i].name) == 0 && argc == 2 + subjects[i].arguments) {
			subjects[i].prepare(argv + 2);
			measure(&subjects[i]);
			return 0;
		}
	errx(2, "usage: calls udp|connected|live|moved|name|getsockopt ARGUMENTS");
}
