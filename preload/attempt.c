/* SPDX-License-Identifier: MIT */
#include "preload/attempt.h"

#include <errno.h>
#include <poll.h>

#include "preload/system.h"

enum attempt_end attempt_meaning(int error)
{
	switch (error) {
	case ECONNREFUSED:
	case ECONNRESET:
	case ECONNABORTED: /* an ICMP error that came between two calls leaves this */
	case ETIMEDOUT:
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EHOSTDOWN:
	case ENETDOWN:
		return ATTEMPT_FAILED;
	case EACCES:
	case EPERM:
	case EADDRNOTAVAIL:
		return ATTEMPT_LOCAL;
	default:
		return ATTEMPT_CLIENTS;
	}
}

/* poll() says that something happened (REVENTS), or the time is up (0 or less): what was it? */
static enum attempt_end conclude(struct client_socket *socket, const struct endpoint *to, int revents)
{
	/* A plain "writable" is a connection.  Else ask before calling connect() again, which would wait if none of both is true. */
	if (revents != POLLOUT) {
		switch (socket_state(socket)) {
		case SOCKET_CONNECTING:
			return ATTEMPT_SILENT;
		case SOCKET_STRANGE:
			errno = EBADF;
			return ATTEMPT_CLIENTS;
		case SOCKET_CONNECTED:
		case SOCKET_CLOSED:
			break;
		}
	}
	return socket_finish(socket, to) == 0 ? ATTEMPT_CONNECTED : attempt_meaning(errno);
}

/* Was the call interrupted, as far as the client is concerned?  A non-blocking connect() never is. */
static bool interrupted(const struct client_socket *socket)
{
	if (errno != EINTR || !socket_is_blocking(socket) || interrupt_restarts())
		return false;
	errno = EINTR;
	return true;
}

enum attempt_end attempt_wait(struct client_socket *socket, const struct interrupt *hold, const struct endpoint *to,
			      uint64_t wait_us)
{
	uint64_t now_us = system_now_us();
	const uint64_t until_us = now_us + wait_us;
	int revents = 0;
	socket_learn(socket);
	for (; now_us < until_us; now_us = system_now_us()) {
		revents = interrupt_wait(hold, socket->fd, until_us - now_us, socket_is_blocking(socket));
		if (revents >= 0)
			break;
		if (interrupted(socket))
			return ATTEMPT_INTERRUPTED;
	}
	return conclude(socket, to, revents);
}

/* Nothing connects at once but TCP_FASTOPEN_CONNECT, which has not sent anything yet: start again without it. */
static int start(struct client_socket *socket, const struct endpoint *to)
{
	const int result = socket_start(socket, to);
	if (result < 0 || !socket_clear_fastopen(socket->fd))
		return result;
	if (socket_reset(socket))
		return socket_start(socket, to);
	errno = EBADF;
	return -1;
}

enum attempt_end attempt_start(struct client_socket *socket, const struct interrupt *hold, const struct endpoint *to)
{
	if (start(socket, to) == 0)
		return ATTEMPT_CONNECTED;
	if (errno != EINPROGRESS)
		return attempt_meaning(errno);
	const int revents = interrupt_wait(hold, socket->fd, 0, false);
	if (revents > 0)
		return conclude(socket, to, revents);
	return revents < 0 && interrupted(socket) ? ATTEMPT_INTERRUPTED : ATTEMPT_SILENT;
}
