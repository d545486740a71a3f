/* SPDX-License-Identifier: MIT */
/*
 * states ADDRESS PORT LIVE: what connect() to ADDRESS says of sockets and arguments that no interposer may touch, one line for each, so
 * that two runs can be compared.  LIVE: an address where PORT answers.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

static struct sockaddr_in asked, live;
/* Nobody's candidate: it listens, but its queue is full, and no handshake with it ends. */
static int silent_fd;
static struct sockaddr_in silent;

static void say(const char *what, int fd, const struct sockaddr *address, socklen_t length)
{
	char peer_text[INET_ADDRSTRLEN] = "nobody";
	struct sockaddr_in peer;
	socklen_t peer_length = sizeof peer;

	errno = 0;
	int result = connect(fd, address, length), error = errno;
	if (fd >= 0 && getpeername(fd, (struct sockaddr *)&peer, &peer_length) == 0 && peer.sin_family == AF_INET)
		inet_ntop(AF_INET, &peer.sin_addr, peer_text, sizeof peer_text);
	printf("%s: %d, %s, peer %s\n", what, result, strerror(error), peer_text);
}

static void say_in(const char *what, int fd, const struct sockaddr_in *address)
{
	say(what, fd, (const struct sockaddr *)address, sizeof *address);
}

static int tcp(int flags)
{
	return socket(AF_INET, SOCK_STREAM | flags, 0);
}

static void make_silent(void)
{
	socklen_t length = sizeof silent;

	silent = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	silent_fd = tcp(0);
	if (bind(silent_fd, (struct sockaddr *)&silent, sizeof silent) != 0 || listen(silent_fd, 0) != 0 ||
	    getsockname(silent_fd, (struct sockaddr *)&silent, &length) != 0) {
		perror("silent");
		exit(2);
	}
	/* One is queued, the next is already dropped; a third makes sure. */
	for (int i = 0; i < 3; i++)
		connect(tcp(SOCK_NONBLOCK), (struct sockaddr *)&silent, sizeof silent);
}

static void bad_arguments(void)
{
	int file = open("/dev/null", O_RDWR);
	struct sockaddr_storage unknown = { .ss_family = AF_MAX - 1 };

	say_in("no descriptor", -1, &asked);
	say_in("a closed descriptor", 1000, &asked);
	say_in("not a socket", file, &asked);
	say("a short address", tcp(0), (struct sockaddr *)&asked, 4);
	say("an empty address", tcp(0), (struct sockaddr *)&asked, 0);
	say("no address", tcp(0), NULL, sizeof asked);
	say("another family", tcp(0), (struct sockaddr *)&unknown, sizeof unknown);
	say_in("an IPv4 address on an IPv6 socket", socket(AF_INET6, SOCK_STREAM, 0), &asked);
}

static void other_sockets(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	socklen_t length = sizeof(sa_family_t) + 1;

	say_in("UDP", socket(AF_INET, SOCK_DGRAM, 0), &asked);
	say_in("UDP-Lite", socket(AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE), &asked);
	say_in("UDP over an IPv6 socket", socket(AF_INET6, SOCK_DGRAM, 0), &asked);
	snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "mpfailover-states-%d", (int)getpid());
	length += (socklen_t)strlen(name.sun_path + 1);
	say("a Unix socket, nobody there", socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&name, length);
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(listener, (struct sockaddr *)&name, length) != 0 || listen(listener, 1) != 0)
		perror("bind");
	say("a Unix socket", socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&name, length);
}

/* The asynchronous refusal has come, and has not been told. */
static int refused(void)
{
	struct sockaddr_in closed = { .sin_family = AF_INET, .sin_port = htons(1) };
	struct pollfd wait = { .events = POLLOUT };

	closed.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	wait.fd = tcp(SOCK_NONBLOCK);
	connect(wait.fd, (struct sockaddr *)&closed, sizeof closed);
	poll(&wait, 1, 5000);
	return wait.fd;
}

static void used_sockets(void)
{
	struct sockaddr unspecified = { .sa_family = AF_UNSPEC };

	int connected = tcp(0);
	say_in("a live address", connected, &live);
	say_in("connected", connected, &asked);
	int under_way = tcp(SOCK_NONBLOCK);
	say_in("a silent address", under_way, &silent);
	say_in("connecting", under_way, &asked);
	say("connecting, AF_UNSPEC", under_way, &unspecified, sizeof unspecified);
	int failed = refused();
	say_in("failed and not told", failed, &asked);
	say_in("a listening socket", silent_fd, &asked);
}

int main(int argc, char **argv)
{
	const int error = errno, free_descriptor = dup(STDOUT_FILENO);
	close(free_descriptor);
	if (argc != 4 || inet_pton(AF_INET, argv[1], &asked.sin_addr) != 1 ||
	    inet_pton(AF_INET, argv[3], &live.sin_addr) != 1) {
		fputs("usage: states ADDRESS PORT LIVE\n", stderr);
		return 2;
	}
	asked.sin_family = live.sin_family = AF_INET;
	asked.sin_port = live.sin_port = htons((in_port_t)atoi(argv[2]));
	printf("errno at the start: %d\nthe first free descriptor: %d\n", error, free_descriptor);
	make_silent();
	bad_arguments();
	other_sockets();
	used_sockets();
	return 0;
}
