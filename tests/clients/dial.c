/* SPDX-License-Identifier: MIT */
#include "tests/clients/dial.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void dial_parse(struct dial *dial, char **arguments)
{
	struct in_addr wanted;

	if (!arguments[0] || !arguments[1] || !arguments[2])
		errx(2, "want ADDRESS PORT WANTED");
	dial->asked = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((in_port_t)atoi(arguments[1])) };
	if (inet_pton(AF_INET, arguments[0], &dial->asked.sin_addr) != 1 ||
	    inet_pton(AF_INET, arguments[2], &wanted) != 1)
		errx(2, "want IPv4 addresses");
	dial->wanted = wanted.s_addr;
}

/* A connect() that a signal interrupted goes on by itself. */
static int finish(int fd)
{
	struct pollfd wait = { .fd = fd, .events = POLLOUT };
	int error = 0;
	socklen_t length = sizeof error;

	while (poll(&wait, 1, -1) < 0)
		if (errno != EINTR)
			return errno;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

int dial_once(const struct dial *dial)
{
	const struct linger reset = { .l_onoff = 1 }; /* no TIME_WAIT: the ports would run out */
	struct sockaddr_in peer;
	socklen_t length = sizeof peer;
	int saved_errno = errno, error = 0;

	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
	if (connect(fd, (const struct sockaddr *)&dial->asked, sizeof dial->asked) != 0)
		error = errno == EINTR ? finish(fd) : errno;
	if (!error && getpeername(fd, (struct sockaddr *)&peer, &length) != 0)
		error = errno;
	if (!error && peer.sin_addr.s_addr != dial->wanted)
		error = EPROTO;
	close(fd);
	errno = saved_errno;
	return error;
}
