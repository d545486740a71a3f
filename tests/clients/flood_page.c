/* SPDX-License-Identifier: MIT */
/*
 * flood_page PORT SECONDS PID
 *
 * Everybody at once asks 127.0.0.1:PORT, for so long; then one line says what came of it, and what it did to process PID: 200
 * scrapers, each with its next request as soon as the last one is answered; 100 slow readers; 10,000 connections that begin a request and
 * do not go on, again when they are ended; and 20 that talk garbage.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum kind { SCRAPER, SLOW, HALF_OPEN, GARBAGE, KINDS };
enum { PEERS = 10320, TICK_MS = 10, OBSERVE_MS = 100, SMALL_BUFFER = 4096 };

static const struct {
	unsigned count;
	unsigned pause_ms; /* before it comes back */
	unsigned limit_ms; /* it ends by itself; 0: it does not */
	const char *says;  /* NULL: something else each time */
} habits[KINDS] = {
	[SCRAPER] = { 200, 0, 0, "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n" },
	[SLOW] = { 100, 0, 0, "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n" },
	[HALF_OPEN] = { 10000, 2000, 0, "GET /metrics HTTP/1.1\r\nHo" },
	[GARBAGE] = { 20, 50, 500, NULL },
};

struct peer {
	enum kind kind;
	int fd;            /* -1: away */
	uint64_t due_ms;   /* to come back; of a slow reader, to read on */
	uint64_t since_ms; /* it has come */
	bool spoke, heard; /* its words; an answer of 200 */
};

static struct peer peers[PEERS];
static struct sockaddr_in server;
static unsigned long done[KINDS], come[KINDS], most_kib, most_descriptors;
static int poller;

static uint64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* From many addresses, so that ports do not run out. */
static void arrive(struct peer *peer, uint64_t now)
{
	static uint32_t turn;
	const int small = SMALL_BUFFER;
	struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7fc80001 + turn++ % 8000) };
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = peer };
	peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (peer->fd < 0)
		err(1, "socket");
	if (peer->kind == SLOW)
		setsockopt(peer->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	if (bind(peer->fd, (struct sockaddr *)&from, sizeof from) < 0)
		warn("bind");
	if (connect(peer->fd, (struct sockaddr *)&server, sizeof server) < 0 && errno != EINPROGRESS)
		warn("connect");
	epoll_ctl(poller, EPOLL_CTL_ADD, peer->fd, &event);
	peer->since_ms = now;
	peer->due_ms = 0;
	peer->spoke = peer->heard = false;
}

static void leave(struct peer *peer, uint64_t now)
{
	close(peer->fd);
	peer->fd = -1;
	peer->due_ms = now + habits[peer->kind].pause_ms;
	done[peer->kind] += peer->heard;
}

/* A long first line, many headers, a body that is not meant to come, or noise. */
static void talk_garbage(int fd)
{
	static unsigned turn;
	char noise[9000];
	const char *start[] = { "GET /", "GET / HTTP/1.1\r\n",
		                "POST /metrics HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", "" };
	const char *text = start[++turn % 4];
	for (size_t i = 0; i < sizeof noise; i++)
		noise[i] = turn % 4 == 1 ? "X: y\r\n"[i % 6] : turn % 4 == 3 ? (char)rand() : 'a';
	if (write(fd, text, strlen(text)) < 0 || write(fd, noise, sizeof noise) < 0)
		return;
}

static void speak(struct peer *peer)
{
	const char *text = habits[peer->kind].says;
	peer->spoke = true;
	come[peer->kind]++;
	if (!text)
		talk_garbage(peer->fd);
	else if (write(peer->fd, text, strlen(text)) < 0)
		peer->spoke = false;
}

/* False: it is over. */
static bool hear(struct peer *peer, uint64_t now)
{
	static char buffer[65536];
	static const char well[] = "HTTP/1.1 200";
	const size_t size = peer->kind == SLOW ? 100 : sizeof buffer;
	for (;;) {
		const ssize_t got = read(peer->fd, buffer, size);
		if (got < 0)
			return errno == EAGAIN || errno == EINTR;
		if (got == 0)
			return false;
		peer->heard |= (size_t)got >= sizeof well && !memcmp(buffer, well, sizeof well - 1);
		if (peer->kind == SLOW) {
			peer->due_ms = now + 100;
			return true;
		}
	}
}

static void on_event(struct peer *peer, uint32_t events, uint64_t now)
{
	if (peer->fd < 0)
		return;
	if (events & EPOLLOUT && !peer->spoke)
		speak(peer);
	const bool reads = events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR) && peer->due_ms <= now;
	if (events & (EPOLLHUP | EPOLLERR) || (reads && !hear(peer, now)))
		leave(peer, now);
}

static void on_time(struct peer *peer, uint64_t now)
{
	const unsigned limit_ms = habits[peer->kind].limit_ms;
	if (peer->fd < 0 && now >= peer->due_ms)
		arrive(peer, now);
	else if (peer->fd >= 0 && limit_ms && now - peer->since_ms > limit_ms)
		leave(peer, now);
	else if (peer->fd >= 0 && peer->kind == SLOW && peer->due_ms && now >= peer->due_ms && !hear(peer, now))
		leave(peer, now);
}

static void observe(const char *pid)
{
	char path[64], line[128];
	unsigned long kib, descriptors = 0;
	snprintf(path, sizeof path, "/proc/%s/status", pid);
	FILE *status = fopen(path, "re");
	while (status && fgets(line, sizeof line, status))
		if (sscanf(line, "RssAnon: %lu", &kib) == 1 && kib > most_kib)
			most_kib = kib;
	if (status)
		fclose(status);
	snprintf(path, sizeof path, "/proc/%s/fd", pid);
	DIR *directory = opendir(path);
	while (directory && readdir(directory))
		descriptors++;
	if (directory)
		closedir(directory);
	if (descriptors > most_descriptors)
		most_descriptors = descriptors;
}

/* The half-open ones come within the first third. */
static void prepare(uint64_t now, uint64_t length_ms)
{
	struct peer *peer = peers;
	for (enum kind kind = 0; kind < KINDS; kind++)
		for (unsigned i = 0; i < habits[kind].count; i++)
			*peer++ = (struct peer){ .kind = kind,
				                 .fd = -1,
				                 .due_ms = kind == HALF_OPEN
				                                   ? now + length_ms / 3 * i / habits[kind].count
				                                   : now };
}

static void flood(uint64_t end, const char *pid)
{
	struct epoll_event events[256];
	uint64_t next_tick = 0, next_look = 0;
	for (uint64_t now = now_ms(); now < end; now = now_ms()) {
		const int count = epoll_wait(poller, events, 256, TICK_MS);
		for (int i = 0; i < count; i++)
			on_event(events[i].data.ptr, events[i].events, now);
		if (now >= next_look) {
			observe(pid);
			next_look = now + OBSERVE_MS;
		}
		for (unsigned i = 0; now >= next_tick && i < PEERS; i++)
			on_time(&peers[i], now);
		if (now >= next_tick)
			next_tick = now + TICK_MS;
	}
}

int main(int argc, char **argv)
{
	struct rlimit limit;
	if (argc != 4)
		errx(2, "usage: flood PORT SECONDS PID");
	signal(SIGPIPE, SIG_IGN);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max < PEERS + 100 ? PEERS + 100 : limit.rlim_max;
	if (limit.rlim_max < limit.rlim_cur)
		limit.rlim_max = limit.rlim_cur;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		err(1, "cannot have %d descriptors", PEERS + 100);
	server = (struct sockaddr_in){ .sin_family = AF_INET,
		                       .sin_port = htons((uint16_t)atoi(argv[1])),
		                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const uint64_t length_ms = (uint64_t)atoi(argv[2]) * 1000, start = now_ms();
	poller = epoll_create1(EPOLL_CLOEXEC);
	prepare(start, length_ms);
	flood(start + length_ms, argv[3]);
	printf("scraped=%lu slow=%lu half_open=%lu garbage=%lu anonymous_kib_max=%lu "
	       "descriptors_max=%lu\n",
	       done[SCRAPER], come[SLOW], come[HALF_OPEN], come[GARBAGE], most_kib, most_descriptors);
	return 0;
}
