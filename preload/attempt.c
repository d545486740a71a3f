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
	case ENONET:
	case EPROTO:
	case ENOPROTOOPT: /* these three: rarer ICMP errors */
		return ATTEMPT_FAILED;
	case EACCES:
	case EPERM:
	case EADDRNOTAVAIL:
	case EINVAL: /* a blackhole route */
		return ATTEMPT_LOCAL;
	default:
		return ATTEMPT_CLIENTS;
	}
}

/* poll() says that something happened, or the time is up: what was it?  The state tells; connect() once more would wait if nothing did, and
 * might meet another socket under the same number. */
static enum attempt_end conclude(struct client_socket *socket, const struct endpoint *to)
{
	switch (socket_state(socket)) {
	case SOCKET_CONNECTING:
		return ATTEMPT_SILENT;
	case SOCKET_STRANGE:
		errno = EBADF;
		return ATTEMPT_CLIENTS;
	case SOCKET_CLOSED:
		if (socket_was_ended(socket->fd))
			return ATTEMPT_CLIENTS;
		break;
	case SOCKET_CONNECTED:
		break;
	}
	return socket_finish(socket, to) == 0 ? ATTEMPT_CONNECTED : attempt_meaning(errno);
}

/* Was the call interrupted, as far as the client is concerned?  A non-blocking connect() never is. */
static bool interrupted(const struct client_socket *socket, const struct interrupt *hold)
{
	if (errno != EINTR || !socket_is_blocking(socket) || (!socket->timed && interrupt_restarts(hold)))
		return false;
	errno = EINTR;
	return true;
}

enum attempt_end attempt_wait(struct client_socket *socket, const struct interrupt *hold, const struct endpoint *to,
                              uint64_t wait_us)
{
	uint64_t now_us = system_now_us();
	const uint64_t until_us = now_us + wait_us;
	socket_learn(socket);
	for (; now_us < until_us; now_us = system_now_us()) {
		socket_unpin(socket); /* a handler may jump out, a cancelled thread end */
		const int revents = interrupt_wait(hold, socket->fd, until_us - now_us, socket_is_blocking(socket));
		if (revents < 0 && interrupted(socket, hold))
			return ATTEMPT_INTERRUPTED;
		if (revents < 0 && errno == EINTR)
			continue;
		if (revents < 0)
			return ATTEMPT_UNWATCHED;
		socket_pin(socket);
		/* An ICMP error of an earlier attempt may have come late: this one is still under way. */
		const enum attempt_end end = conclude(socket, to);
		if (end != ATTEMPT_SILENT || !revents || !socket_purge_errors(socket->fd))
			return end;
	}
	return conclude(socket, to);
}

/* The first connect() on a socket that was not checked said ERROR, BEGAN or not: what does that mean? */
static enum attempt_end meaning_unchecked(const struct client_socket *socket, int error, bool began)
{
	if (error == EALREADY)
		return ATTEMPT_NATIVE; /* one of the client's own is under way: if it blocks, it wants to wait for that */
	const bool only_of_earlier =
		error == ECONNREFUSED || error == ECONNRESET || error == ECONNABORTED || error == ETIMEDOUT;
	const enum attempt_end end = error == EINPROGRESS ? ATTEMPT_SILENT : attempt_meaning(error);
	if (error != EISCONN && (end == ATTEMPT_CLIENTS || (!began && only_of_earlier)))
		return ATTEMPT_CLIENTS;
	if (socket_is_tcp(socket->fd))
		return end;
	return began && (error == EISCONN || error == EINPROGRESS) ? ATTEMPT_OTHER : ATTEMPT_CLIENTS;
}

enum attempt_end attempt_start(struct client_socket *socket, const struct endpoint *to)
{
	bool began = false;
	if (socket_start(socket, to, &began) == 0) {
		errno = 0;
		return began ? ATTEMPT_CONNECTED : ATTEMPT_OTHER;
	}
	if (!socket->checked) {
		const int error = errno;
		const enum attempt_end end = meaning_unchecked(socket, error, began);
		socket->checked = true;
		errno = end == ATTEMPT_OTHER && error == EISCONN ? 0 : error;
		return end;
	}
	return errno == EINPROGRESS ? ATTEMPT_SILENT : attempt_meaning(errno);
}
