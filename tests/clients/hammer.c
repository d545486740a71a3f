/* SPDX-License-Identifier: MIT */
/*
 * hammer [-a] [-c COUNT] [-i MS] [-t THREADS] ADDRESS PORT
 *
 * Fetches from ADDRESS again and again, in each of THREADS, COUNT times or until SIGTERM: in turn by a blocking and by a
 * non-blocking connect (-a: the address is looked up each time, too; -i: with a pause in between).  Prints
 * "fetched=N failed=N slowest_ms=N", and ", SITE=N" for each site that answered.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MAX_THREADS = 64, MAX_SITES = 8, PATIENCE_MS = 20000 };

struct tally {
	pthread_t thread;
	unsigned long fetched, failed;
	long slowest_us;
	unsigned long by_site[MAX_SITES];
	char first_error[128];
};

static struct tally tallies[MAX_THREADS];
static struct sockaddr_storage address;
static socklen_t address_length;
static const char *host, *port;
static long count = -1;
static useconds_t pause_us;
static bool look_up;
static volatile sig_atomic_t ended;

static void on_term(int signal)
{
	ended = signal;
}

static long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000L + now.tv_nsec / 1000;
}

/* A signal that ends this program does not end what is under way.  False: errno says why. */
static bool wait_for(int fd, short events)
{
	struct pollfd wait = { .fd = fd, .events = events };
	int ready;

	do
		ready = poll(&wait, 1, PATIENCE_MS);
	while (ready < 0 && errno == EINTR);
	if (ready == 0)
		errno = ETIMEDOUT;
	return ready > 0;
}

/* False: errno says why. */
static bool connect_nonblocking(int fd)
{
	int error;
	socklen_t length = sizeof error;

	if (connect(fd, (struct sockaddr *)&address, address_length) == 0)
		return true;
	if (errno != EINPROGRESS || !wait_for(fd, POLLOUT) ||
	    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0)
		return false;
	errno = error;
	return error == 0;
}

/* The site's number, or -1 and what went wrong in TALLY. */
static int fetch(struct tally *tally, bool nonblocking)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: hammer\r\n\r\n";
	const struct linger reset = { .l_onoff = 1 }; /* no TIME_WAIT: the ports would run out */
	char answer[1024];
	const char *step = "socket", *body;
	int site = -1;

	int fd = socket(address.ss_family, SOCK_STREAM | (nonblocking ? SOCK_NONBLOCK : 0), 0);
	if (fd < 0)
		goto cleanup;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
	step = "connect";
	if (nonblocking ? !connect_nonblocking(fd) : connect(fd, (struct sockaddr *)&address, address_length) != 0)
		goto cleanup;
	step = "fetch";
	if (write(fd, request, sizeof request - 1) != (ssize_t)sizeof request - 1)
		goto cleanup;
	if (!wait_for(fd, POLLIN))
		goto cleanup;
	ssize_t got = read(fd, answer, sizeof answer - 1);
	if (got <= 0)
		goto cleanup;
	answer[got] = '\0';
	body = strstr(answer, "site-");
	if (body)
		site = atoi(body + strlen("site-"));
cleanup:
	if (site < 0 && !tally->first_error[0])
		snprintf(tally->first_error, sizeof tally->first_error, "%s: %s", step, strerror(errno));
	if (fd >= 0)
		close(fd);
	return site >= 0 && site < MAX_SITES ? site : -1;
}

static bool resolves(struct tally *tally)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list;

	int error = getaddrinfo(host, port, &hints, &list);
	if (error) {
		snprintf(tally->first_error, sizeof tally->first_error, "getaddrinfo: %s", gai_strerror(error));
		return false;
	}
	freeaddrinfo(list);
	return true;
}

static void *hammer(void *argument)
{
	struct tally *tally = argument;

	for (long i = 0; i != count && !ended; i++) {
		long start_us = now_us();
		int site = look_up && !resolves(tally) ? -1 : fetch(tally, i & 1);
		long took_us = now_us() - start_us;
		if (took_us > tally->slowest_us)
			tally->slowest_us = took_us;
		if (site < 0) {
			tally->failed++;
		} else {
			tally->fetched++;
			tally->by_site[site]++;
		}
		if (pause_us)
			usleep(pause_us);
	}
	return NULL;
}

static void print_sum(int threads)
{
	struct tally sum = { 0 };

	for (int i = 0; i < threads; i++) {
		struct tally *one = &tallies[i];
		sum.fetched += one->fetched;
		sum.failed += one->failed;
		if (one->slowest_us > sum.slowest_us)
			sum.slowest_us = one->slowest_us;
		for (int site = 0; site < MAX_SITES; site++)
			sum.by_site[site] += one->by_site[site];
		if (one->failed)
			fprintf(stderr, "hammer: %s\n", one->first_error);
	}
	printf("fetched=%lu failed=%lu slowest_ms=%ld", sum.fetched, sum.failed, sum.slowest_us / 1000);
	for (int site = 0; site < MAX_SITES; site++)
		if (sum.by_site[site])
			printf(" site-%d=%lu", site, sum.by_site[site]);
	putchar('\n');
}

int main(int argc, char **argv)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list;
	int threads = 1, option;

	while ((option = getopt(argc, argv, "ac:i:t:")) != -1) {
		if (option == 'a')
			look_up = true;
		else if (option == 'c')
			count = atol(optarg);
		else if (option == 'i')
			pause_us = (useconds_t)atoi(optarg) * 1000;
		else if (option == 't')
			threads = atoi(optarg);
	}
	if (argc - optind != 2 || threads < 1 || threads > MAX_THREADS)
		errx(2, "usage: hammer [-a] [-c COUNT] [-i MS] [-t THREADS] ADDRESS PORT");
	host = argv[optind];
	port = argv[optind + 1];
	int error = getaddrinfo(host, port, &hints, &list);
	if (error)
		errx(1, "%s: %s", host, gai_strerror(error));
	memcpy(&address, list->ai_addr, list->ai_addrlen);
	address_length = list->ai_addrlen;
	freeaddrinfo(list);

	struct sigaction action = { .sa_handler = on_term, .sa_flags = SA_RESTART };
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	for (int i = 1; i < threads; i++)
		if (pthread_create(&tallies[i].thread, NULL, hammer, &tallies[i]) != 0)
			errx(1, "no thread");
	hammer(&tallies[0]);
	for (int i = 1; i < threads; i++)
		pthread_join(tallies[i].thread, NULL);
	print_sum(threads);
	return 0;
}
