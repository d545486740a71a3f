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

/* The first connect() on a socket that was not checked said ERROR, BEGAN or not: what does that mean? */
static enum attempt_end meaning_unchecked(const struct client_socket *socket, int error, bool began)
{
	if (error == EALREADY)
		return ATTEMPT_NATIVE; /* one of the client's own is under way: if it blocks, it wants to wait for that */
	const bool only_of_earlier =
		error == ECONNREFUSED || error == ECONNRESET || error == ECONNABORTED || error == ETIMEDOUT;
	const enum attempt_end end = error == EINPROGRESS ? ATTEMPT_SILENT : attempt_meaning(error);
	if (end == ATTEMPT_CLIENTS || (!began && only_of_earlier))
		return ATTEMPT_CLIENTS;
	if (socket_is_tcp(socket->fd))
		return end;
	return end == ATTEMPT_SILENT ? ATTEMPT_NATIVE : ATTEMPT_CLIENTS;
}

enum attempt_end attempt_start(struct client_socket *socket, const struct endpoint *to)
{
	bool began = false;
	if (socket_start(socket, to, &began) == 0)
		return ATTEMPT_CONNECTED;
	if (!socket->checked) {
		const int error = errno;
		const enum attempt_end end = meaning_unchecked(socket, error, began);
		socket->checked = true;
		errno = error;
		return end;
	}
	return errno == EINPROGRESS ? ATTEMPT_SILENT : attempt_meaning(errno);
}
