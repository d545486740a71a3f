/* SPDX-License-Identifier: MIT */
/*
 * stream LISTEN_PORT ADDRESS PORT [PID]
 *
 * What a connection is worth once it is there, and what it costs: a server at LISTEN_PORT of every address, in a process of its own, and
 * a client that connects to ADDRESS and PORT, which lead there in the end.  PID: a process on the way, whose CPU time counts, too.  Prints as JSON:
 * GB/s and CPU seconds per GB of one long stream, the median round trip of a byte, and time and CPU time of a short connection, in microseconds.
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/sample.h"

enum { CHUNK = 256 * 1024, CHUNKS = 4096, ROUND_TRIPS = 10000, SHORTS = 2000, REQUEST = 100, ANSWER = 1000 };

/* The first byte that a client sends. */
enum { BULK = 'b', ECHO = 'e', SHORT = 's' };

static char buffer[CHUNK];
static struct sockaddr_in to;

/* All of SIZE bytes; false: the other side has ended it. */
static bool receive(int fd, size_t size)
{
	while (size > 0) {
		const ssize_t got = read(fd, buffer, size < CHUNK ? size : CHUNK);
		if (got <= 0)
			return false;
		size -= (size_t)got;
	}
	return true;
}

static void give(int fd, size_t size)
{
	for (size_t done = 0; done < size;) {
		const ssize_t put = write(fd, buffer, size - done < CHUNK ? size - done : CHUNK);
		if (put < 0)
			err(1, "write");
		done += (size_t)put;
	}
}

/* ---------------------------------------------------------------------------------------------------------- the server */

static void serve_one(int fd)
{
	const int on = 1;
	char kind = 0;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (read(fd, &kind, 1) != 1)
		return;
	if (kind == BULK) {
		while (receive(fd, CHUNK))
			;
		give(fd, 1);
	} else if (kind == ECHO) {
		while (receive(fd, 1))
			give(fd, 1);
	} else if (receive(fd, REQUEST - 1)) {
		give(fd, ANSWER);
	}
}

static int listen_at(uint16_t port)
{
	const struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons(port) };
	const int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, (const struct sockaddr *)&here, sizeof here) != 0 || listen(fd, 1024) != 0)
		err(1, "listen");
	return fd;
}

static _Noreturn void serve(int listener)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		const int fd = accept(listener, NULL, NULL);
		serve_one(fd);
		close(fd);
	}
}

/* ---------------------------------------------------------------------------------------------------------- the client */

static int begin(char kind)
{
	const int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(fd, (const struct sockaddr *)&to, sizeof to) != 0)
		err(1, "connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	buffer[0] = kind;
	return fd;
}

static void stream(void)
{
	const int fd = begin(BULK);

	for (int i = 0; i < CHUNKS; i++)
		give(fd, CHUNK);
	shutdown(fd, SHUT_WR);
	if (!receive(fd, 1))
		errx(1, "the stream has ended too early");
	close(fd);
}

static double echo_us(void)
{
	static double took_us[ROUND_TRIPS];
	const int fd = begin(ECHO);

	give(fd, 1);
	for (int i = 0; i < ROUND_TRIPS; i++) {
		const uint64_t start_ns = sample_now_ns();
		give(fd, 1);
		if (!receive(fd, 1))
			errx(1, "no echo");
		took_us[i] = (double)(sample_now_ns() - start_ns) / 1000;
	}
	close(fd);
	return sample_median(took_us, ROUND_TRIPS);
}

static void short_ones(void)
{
	for (int i = 0; i < SHORTS; i++) {
		const int fd = begin(SHORT);
		give(fd, REQUEST);
		if (!receive(fd, ANSWER))
			errx(1, "no answer");
		close(fd);
	}
}

/* ------------------------------------------------------------------------------------------------------------ the costs */

/* Whose CPU time counts; the last may not be there. */
static clockid_t clocks[3] = { CLOCK_PROCESS_CPUTIME_ID };
static size_t clock_count = 1;

static void count_process(pid_t pid)
{
	if (clock_getcpuclockid(pid, &clocks[clock_count++]) != 0)
		errx(1, "process %d is not there", (int)pid);
}

static double cpu_s(void)
{
	double sum = 0;

	for (size_t i = 0; i < clock_count; i++) {
		struct timespec used;
		clock_gettime(clocks[i], &used);
		sum += (double)used.tv_sec + (double)used.tv_nsec / 1e9;
	}
	return sum;
}

struct cost {
	double s, cpu_s;
};

static struct cost cost_of(void (*run)(void))
{
	const double before_s = cpu_s();
	const uint64_t start_ns = sample_now_ns();

	run();
	return (struct cost){ (double)(sample_now_ns() - start_ns) / 1e9, cpu_s() - before_s };
}

int main(int argc, char **argv)
{
	if (argc < 4 || argc > 5)
		errx(2, "usage: stream LISTEN_PORT ADDRESS PORT [PID]");
	to = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((in_port_t)atoi(argv[3])) };
	if (inet_pton(AF_INET, argv[2], &to.sin_addr) != 1)
		errx(2, "%s: not an address", argv[2]);
	const int listener = listen_at((uint16_t)atoi(argv[1]));
	const pid_t server = fork();
	if (server == 0)
		serve(listener);
	count_process(server);
	if (argc == 5)
		count_process(atoi(argv[4]));

	short_ones(); /* all are warm then */
	const struct cost bulk = cost_of(stream), each = cost_of(short_ones);
	const double gb = (double)CHUNK * CHUNKS / 1e9;
	printf("{\"gb_s\":%.2f,\"cpu_s_gb\":%.3f,\"echo_us\":%.2f,\"short_us\":%.1f,\"short_cpu_us\":%.1f}\n",
	       gb / bulk.s, bulk.cpu_s / gb, echo_us(), each.s / SHORTS * 1e6, each.cpu_s / SHORTS * 1e6);
	kill(server, SIGKILL);
	return 0;
}
