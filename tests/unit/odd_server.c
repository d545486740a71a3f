/* SPDX-License-Identifier: MIT */
#include "tests/unit/odd_server.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "preload/endpoint.h"

enum { MOST_DESCRIPTORS = 1024 };

static void say(int client, const char *text)
{
	send(client, text, strlen(text), MSG_NOSIGNAL);
}

/* Up to the end of the header, and what came with it. */
static void read_request(int client, char *request, size_t size)
{
	size_t have = 0;
	ssize_t more;
	request[0] = '\0';
	while (!strstr(request, "\r\n\r\n") && have < size - 1 &&
	       (more = recv(client, request + have, size - 1 - have, 0)) > 0) {
		have += (size_t)more;
		request[have] = '\0';
	}
	const char *length = strstr(request, "Content-Length: "), *end = strstr(request, "\r\n\r\n");
	size_t want = length && end ? (size_t)(end + 4 - request) + strtoul(length + 16, NULL, 10) : 0;
	while (have < want && (more = recv(client, request + have, size - 1 - have, 0)) > 0) {
		have += (size_t)more;
		request[have] = '\0';
	}
}

static void answer(int client)
{
	char request[8192], head[512], from[ENDPOINT_TEXT];
	union endpoint_sockaddr peer;
	struct endpoint endpoint = { .address = { 0 } };
	socklen_t length = sizeof peer;
	unsigned status = 200;
	read_request(client, request, sizeof request);
	getpeername(client, &peer.any, &length);
	endpoint_from_sockaddr(&endpoint, &peer.any, length);
	endpoint_print(endpoint.address, endpoint.scope, 0, from);
	const char *asked = strstr(request, " /status/");
	if (asked)
		status = (unsigned)strtoul(asked + 9, NULL, 10);
	snprintf(head, sizeof head, "HTTP/1.1 %u X\r\nLocation: /status/200\r\nContent-Length: %zu\r\n\r\nfrom=%s\n",
	         status, strlen(request) + strlen(from) + 6, from);
	say(client, head);
	if (strncmp(request, "HEAD", 4) != 0)
		say(client, request);
}

static void wait_ms(int milliseconds)
{
	poll(NULL, 0, milliseconds);
}

static void drip(int client, const char *start)
{
	char request[8192];
	read_request(client, request, sizeof request);
	say(client, start);
	for (int i = 0; i < 1200; i++) {
		say(client, "x");
		wait_ms(50);
	}
}

static void split(int client, int pause_ms)
{
	char request[8192];
	read_request(client, request, sizeof request);
	say(client, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nstatu");
	wait_ms(pause_ms);
	say(client, "s: up");
}

static void endless(int client)
{
	char request[8192], block[65536];
	read_request(client, request, sizeof request);
	say(client, "HTTP/1.1 200 OK\r\n\r\n");
	memset(block, '.', sizeof block);
	for (int i = 0; i < 32; i++)
		if (send(client, block, sizeof block, MSG_NOSIGNAL) < 0)
			return;
	say(client, "status: up");
}

static void serve(int client, enum odd_way way)
{
	char request[8192];
	switch (way) {
	case ODD_HTTP:
		answer(client);
		break;
	case ODD_SPLIT:
		split(client, 30);
		break;
	case ODD_SLOW:
		split(client, 200);
		break;
	case ODD_ENDLESS:
		endless(client);
		break;
	case ODD_DRIP:
		drip(client, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
		break;
	case ODD_DRIP_HEADER:
		drip(client, "HTTP/1.1 200 OK\r\nX: ");
		break;
	case ODD_GARBAGE:
		say(client, "220 mail.example.org ready\r\n");
		read_request(client, request, sizeof request);
		break;
	case ODD_RESET:
		setsockopt(client, SOL_SOCKET, SO_LINGER, &(struct linger){ 1, 0 }, sizeof(struct linger));
		break;
	case ODD_CLOSE:
		read_request(client, request, sizeof request);
		break;
	default:
		pause();
	}
}

/* *PORT 0: any. */
static int listen_on(const char *address, int backlog, uint16_t *port)
{
	struct endpoint at = { .address = { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1 }, .port = *port };
	union endpoint_sockaddr name;
	bool is_ipv6 = strchr(address, ':');
	if (is_ipv6)
		memcpy(at.address, &in6addr_loopback, sizeof at.address);
	socklen_t length = endpoint_to_sockaddr(&at, is_ipv6 ? AF_INET6 : AF_INET, &name);
	int listener = socket(name.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	if (listener < 0 || bind(listener, &name.any, length) < 0 || listen(listener, backlog) < 0 ||
	    getsockname(listener, &name.any, &length) < 0 || !endpoint_from_sockaddr(&at, &name.any, length)) {
		close(listener);
		return -1;
	}
	*port = at.port;
	return listener;
}

uint16_t odd_free_port(void)
{
	uint16_t port = 0;
	close(listen_on("127.0.0.1", 1, &port));
	return port;
}

/* Fills the queue of a listener that does not accept, so that it drops every further SYN. */
static void fill(struct odd_server *server, int listener)
{
	union endpoint_sockaddr name;
	socklen_t length = sizeof name;
	getsockname(listener, &name.any, &length);
	server->held[server->held_count++] = listener;
	while (server->held_count < sizeof server->held / sizeof server->held[0]) {
		int client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		connect(client, &name.any, length);
		server->held[server->held_count++] = client;
	}
}

struct odd_server odd_start(const char *address, enum odd_way way)
{
	return odd_start_at(address, 0, way);
}

/* Also if PARENT has already ended. */
static void end_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
}

/* Lets go of what the test has open, a table's lock above all: children of this one end a moment after odd_stop().  The numbers stay
 * taken, since libuv closes some of them in whoever forks. */
static void keep_only(int listener)
{
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = STDERR_FILENO + 1; fd < MOST_DESCRIPTORS; fd++)
		if (fd != listener && fd != null && fcntl(fd, F_GETFD) >= 0)
			dup2(null, fd);
}

struct odd_server odd_start_at(const char *address, uint16_t port, enum odd_way way)
{
	struct odd_server server = { .port = port };
	int listener = listen_on(address, way == ODD_FULL ? 0 : 64, &server.port);
	if (listener < 0)
		return (struct odd_server){ 0 };
	if (way == ODD_FULL) {
		fill(&server, listener);
		return server;
	}
	const pid_t test = getpid();
	server.pid = way == ODD_GONE ? 0 : fork();
	if (server.pid == 0 && way != ODD_GONE) {
		const pid_t self = getpid();
		end_with(test);
		keep_only(listener);
		signal(SIGCHLD, SIG_IGN);
		for (;;) {
			int client = accept(listener, NULL, NULL);
			if (fork() == 0) {
				end_with(self);
				close(listener);
				serve(client, way);
				_exit(0);
			}
			close(client);
		}
	}
	close(listener);
	return server;
}

void odd_stop(struct odd_server *server)
{
	for (unsigned i = 0; i < server->held_count; i++)
		close(server->held[i]);
	if (server->pid > 0) {
		kill(server->pid, SIGKILL);
		waitpid(server->pid, NULL, 0);
	}
	*server = (struct odd_server){ 0 };
}
