/* SPDX-License-Identifier: MIT */
#include "probe/page/web_socket.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 1024, WHERE_SIZE = 64 };

static void set(int fd, int option, int value)
{
	setsockopt(fd, SOL_SOCKET, option, &value, sizeof value);
}

static void share(int a, int b, int value)
{
	set(a, SO_REUSEPORT, value);
	set(b, SO_REUSEPORT, value);
}

/* NULL: WHERE is not of that form. */
static struct addrinfo *resolve(const char *where)
{
	char text[WHERE_SIZE];
	struct addrinfo *list = NULL;
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
		                        .ai_family = AF_UNSPEC,
		                        .ai_socktype = SOCK_STREAM };
	if (snprintf(text, sizeof text, "%s", where) >= (int)sizeof text)
		return NULL;
	char *colon = strrchr(text, ':'), *host = text;
	if (!colon)
		return NULL;
	*colon = '\0';
	if (host[0] == '[') {
		host++;
		host[strcspn(host, "]")] = '\0';
	}
	return getaddrinfo(host, colon + 1, &hints, &list) == 0 ? list : NULL;
}

static int bind_and_listen(int fd, const struct addrinfo *address)
{
	if (bind(fd, address->ai_addr, address->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0)
		return -errno;
	return 0;
}

/* 0.0.0.0 and 127.0.0.1 are in each other's way, unless both sockets say that they share: for this moment they do. */
static int listen_beside(int fd, const struct addrinfo *address, int beside)
{
	int result = bind_and_listen(fd, address);
	if (result != -EADDRINUSE || beside < 0)
		return result;
	share(fd, beside, 1);
	result = bind_and_listen(fd, address);
	share(fd, beside, 0);
	return result;
}

int web_socket_open(const char *where, int beside)
{
	struct addrinfo *address = resolve(where);
	if (!address)
		return -EINVAL;
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
	int result = fd < 0 ? -errno : fd;
	if (fd < 0)
		goto cleanup;
	set(fd, SO_REUSEADDR, 1); /* what the daemon before us has left behind is no obstacle */
	result = listen_beside(fd, address, beside);
	if (result == 0)
		result = fd;
	else
		close(fd);
cleanup:
	freeaddrinfo(address);
	return result;
}

const char *web_socket_advice(int error)
{
	switch (error) {
	case EADDRINUSE:
		return "choose another port, or end what listens there (ss -ltnp tells)";
	case EACCES:
		return "ports below 1024 need root, and another user only at the start; choose another port";
	case EADDRNOTAVAIL:
		return "this machine has no such address";
	default:
		return "choose another address";
	}
}
