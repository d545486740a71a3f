/* SPDX-License-Identifier: MIT */
/*
 * sink PORT INTERVAL_MS: accepts what comes, for every address of this machine, until SIGTERM; then says, as JSON, how regularly each
 * address was connected to: how far the time between two connections to one address was from INTERVAL_MS, in milliseconds.  SIGUSR1: counts anew.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/sample.h"

enum { ADDRESSES = 1 << 16, MAX_SAMPLES = 1 << 20, KEPT = 256 };

static uint64_t last_ns[ADDRESSES]; /* by the address' last 16 bits */
static double off_ms[MAX_SAMPLES];
static size_t samples;
static unsigned long connections;
static volatile sig_atomic_t ended, anew;

static void on_signal(int number)
{
	if (number == SIGUSR1)
		anew = 1;
	else
		ended = 1;
}

static void note(in_addr_t address, double interval_ms)
{
	uint64_t now_ns = sample_now_ns(), *last = &last_ns[ntohl(address) & (ADDRESSES - 1)];

	connections++;
	if (*last && samples < MAX_SAMPLES)
		off_ms[samples++] = (double)(now_ns - *last) / 1e6 - interval_ms;
	*last = now_ns;
}

/* Lets the other side close first, as a client does. */
static void keep(int fd)
{
	static int kept[KEPT];
	static size_t next;

	if (kept[next])
		close(kept[next]);
	kept[next] = fd;
	next = (next + 1) % KEPT;
}

static void print_result(void)
{
	double earliest = sample_quantile(off_ms, samples, 0);

	printf("{\"connections\":%lu,\"pairs\":%zu,\"earliest\":%.1f,\"median\":%.1f,\"p99\":%.1f,\"latest\":%.1f}\n",
	       connections, samples, earliest, sample_median(off_ms, samples), sample_quantile(off_ms, samples, 0.99),
	       sample_quantile(off_ms, samples, 1));
}

int main(int argc, char **argv)
{
	const struct sigaction action = { .sa_handler = on_signal };
	const int on = 1;
	struct sockaddr_in here = { .sin_family = AF_INET };
	socklen_t length = sizeof here;

	if (argc != 3)
		errx(2, "usage: sink PORT INTERVAL_MS");
	here.sin_port = htons((in_port_t)atoi(argv[1]));
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(listener, (struct sockaddr *)&here, sizeof here) != 0 || listen(listener, 4096) != 0)
		err(1, "listen");
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	while (!ended) {
		int fd = accept(listener, NULL, NULL);
		if (anew) {
			samples = connections = 0;
			anew = 0;
		}
		if (fd < 0)
			continue;
		if (getsockname(fd, (struct sockaddr *)&here, &length) == 0)
			note(here.sin_addr.s_addr, atof(argv[2]));
		keep(fd);
	}
	print_result();
	return 0;
}
