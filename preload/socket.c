/* SPDX-License-Identifier: MIT */
#include "preload/socket.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/time.h>

#include "preload/next.h"
#include "preload/plan.h"
#include "preload/system.h"

#ifndef SO_COOKIE
#define SO_COOKIE 57
#endif
#ifndef TCP_FASTOPEN_CONNECT
#define TCP_FASTOPEN_CONNECT 30
#endif

enum { MOST_ERRORS = 64, IPV4_HEADERS = 40, IPV6_HEADERS = 60 }; /* headers with TCP's, without options */
enum { LOOPBACK_MTU = 65536 };

static bool get_option(int fd, int level, int option, void *value, socklen_t length)
{
	return getsockopt(fd, level, option, value, &length) == 0;
}

static int get_tcp(int fd, int option)
{
	int value = 0;
	return get_option(fd, IPPROTO_TCP, option, &value, sizeof value) ? value : 0;
}

static void set_tcp(int fd, int option, int value)
{
	setsockopt(fd, IPPROTO_TCP, option, &value, sizeof value);
}

bool socket_is_tcp(int fd)
{
	int protocol;
	return get_option(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, sizeof protocol) && protocol == IPPROTO_TCP;
}

bool socket_is_fresh(int fd)
{
	return socket_is_tcp(fd) &&
	       (system_poll_now(fd, POLLIN | POLLOUT | POLLRDHUP) & (POLLHUP | POLLRDHUP | POLLNVAL)) == POLLHUP;
}

enum choose_reach socket_reach(int fd, const struct endpoint *asked)
{
	int v6only = 1;
	if (endpoint_is_ipv4(asked->address))
		return REACH_IPV4;
	return get_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof v6only) && !v6only ? REACH_IPV6_MAPPED
	                                                                                    : REACH_IPV6;
}

bool socket_begin(struct client_socket *socket, int fd, int family)
{
	const int flags = system_fcntl(fd, F_GETFL, 0);
	*socket = (struct client_socket){ .fd = fd, .number = fd, .family = family, .flags = flags };
	return flags >= 0;
}

bool socket_is_blocking(const struct client_socket *socket)
{
	return !(socket->flags & O_NONBLOCK);
}

static int connect_to(const struct client_socket *socket, const struct endpoint *to)
{
	union endpoint_sockaddr address;
	const socklen_t length = endpoint_to_sockaddr(to, socket->family, &address);
	return next_functions()->connect(socket->fd, &address.any, length);
}

/* On a socket that does not block. */
static int start_and_ask(struct client_socket *socket, const struct endpoint *to, bool *began)
{
	int result = connect_to(socket, to);
	/* Nothing connects at once but TCP_FASTOPEN_CONNECT, which has not sent anything yet: again, without it (which can only be said of a
	 * closed socket). */
	if (result == 0 && get_tcp(socket->fd, TCP_FASTOPEN_CONNECT)) {
		if (socket_reset(socket) != SOCKET_CLOSED) {
			errno = EBADF;
			return -1;
		}
		socket_clear_fastopen(socket->fd);
		result = connect_to(socket, to);
	}
	*began = result < 0 && errno == EINPROGRESS;
	if (!*began)
		return result;
	/* On loopback the answer is there already; to ask for it saves a poll(). */
	result = connect_to(socket, to);
	if (result < 0 && errno == EALREADY)
		errno = EINPROGRESS;
	return result;
}

int socket_start(struct client_socket *socket, const struct endpoint *to, bool *began)
{
	if (!socket_is_blocking(socket))
		return start_and_ask(socket, to, began);
	if (system_fcntl(socket->fd, F_SETFL, socket->flags | O_NONBLOCK) < 0)
		return -1;
	const int result = start_and_ask(socket, to, began);
	const int error = errno;
	system_fcntl(socket->fd, F_SETFL, socket->flags);
	errno = error;
	return result;
}

static bool has_address(int fd)
{
	union endpoint_sockaddr address;
	struct endpoint own;
	socklen_t length = sizeof address;
	static const uint8_t any[16], any_mapped[16] = { [10] = 0xff, [11] = 0xff };
	if (getsockname(fd, &address.any, &length) < 0 || !endpoint_from_sockaddr(&own, &address.any, length))
		return true;
	return memcmp(own.address, any, sizeof any) && memcmp(own.address, any_mapped, sizeof any_mapped);
}

/* Without a port, so that the kernel can choose one that suits the address connected to (IP_BIND_ADDRESS_NO_PORT); that
 * option is then as the client had it. */
static int bind_without_port(const struct client_socket *socket, const struct endpoint *source)
{
	union endpoint_sockaddr address;
	const socklen_t length = endpoint_to_sockaddr(source, socket->family, &address);
	int before = 0;
	const int on = 1;
	get_option(socket->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &before, sizeof before);
	if (!before)
		setsockopt(socket->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
	const int result = bind(socket->fd, &address.any, length);
	const int error = errno;
	if (!before)
		setsockopt(socket->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &before, sizeof before);
	errno = error;
	return result;
}

int socket_bind_source(struct client_socket *socket, const uint8_t *source)
{
	struct endpoint from = { .port = 0 };
	if (!source && !socket->bound)
		return 0;
	socket->clients_bind |= !socket->bound && has_address(socket->fd);
	if (socket->clients_bind)
		return 0;
	if (source)
		memcpy(from.address, source, sizeof from.address);
	const int result = bind_without_port(socket, &from);
	/* A port alone need not be the client's: an attempt that failed leaves behind the one that it had, and no longer holds.  To one that
	 * is held the kernel adds no address. */
	socket->clients_bind = result < 0 && errno == EINVAL;
	socket->bound |= result == 0;
	return socket->clients_bind ? 0 : result;
}

bool socket_was_ended(int fd)
{
	int error = 0;
	if (system_poll_now(fd, POLLRDHUP) & POLLRDHUP)
		return false;
	get_option(fd, SOL_SOCKET, SO_ERROR, &error, sizeof error);
	errno = error ? error : ECONNABORTED;
	return true;
}

int socket_finish(const struct client_socket *socket, const struct endpoint *to)
{
	return connect_to(socket, to);
}

/* TCP_MAXSEG as the client set it, 0: it did not.  What an attempt announces is the smaller of that and what the route's MTU allows.  One that
 * failed at once has left a closed socket without a route, on which the option says what segments are cut to: if it says anything else,
 * nothing was sent and it is the client's; if not, it was wiped out.  What was announced is still there, and who answers at once is
 * nearly always on loopback. */
static int client_mss(const struct client_socket *socket)
{
	struct tcp_info info = { .tcpi_advmss = 0 };
	int mtu = 0, headers = IPV4_HEADERS;
	if (!get_option(socket->fd, IPPROTO_TCP, TCP_INFO, &info, sizeof info))
		return 0;
	if (!get_option(socket->fd, IPPROTO_IP, IP_MTU, &mtu, sizeof mtu)) {
		const int says = get_tcp(socket->fd, TCP_MAXSEG);
		if (says && (uint32_t)says != info.tcpi_snd_mss)
			return says;
		headers = IPV6_HEADERS;
		if (!get_option(socket->fd, IPPROTO_IPV6, IPV6_MTU, &mtu, sizeof mtu))
			mtu = LOOPBACK_MTU;
	}
	return (int)info.tcpi_advmss < mtu - headers ? (int)info.tcpi_advmss : 0;
}

void socket_learn(struct client_socket *socket)
{
	if (socket->known)
		return;
	get_option(socket->fd, SOL_SOCKET, SO_COOKIE, &socket->cookie, sizeof socket->cookie);
	socket->mss = client_mss(socket);
	socket->quickack = get_tcp(socket->fd, TCP_QUICKACK);
	/* A clamp that nobody set is, once an attempt has begun, 65535 times a power of two (the largest window), or the half of SO_RCVBUF. */
	int receive_buffer = 0;
	get_option(socket->fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
	socket->clamp = get_tcp(socket->fd, TCP_WINDOW_CLAMP);
	for (int scale = 1; scale <= 14; scale++)
		if (socket->clamp == 65535 << scale || socket->clamp == receive_buffer / 2)
			socket->clamp = 0;
	socket->known = true;
}

static bool is_same(const struct client_socket *socket)
{
	uint64_t cookie = 0;
	if (!socket->cookie)
		return true; /* a kernel before 4.6, or a sandbox: there is no telling */
	return get_option(socket->fd, SOL_SOCKET, SO_COOKIE, &cookie, sizeof cookie) && cookie == socket->cookie;
}

void socket_pin(struct client_socket *socket)
{
	/* Not of anything else, even for an instant: to close a file gives up this process's locks on it. */
	if (socket->fd != socket->number || !socket->cookie || !is_same(socket))
		return;
	const int own = system_fcntl(socket->number, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (own >= 0)
		socket->fd = own;
}

void socket_unpin(struct client_socket *socket)
{
	const int error = errno;
	if (socket->fd != socket->number)
		system_close(socket->fd);
	socket->fd = socket->number;
	errno = error;
}

enum socket_state socket_state(struct client_socket *socket)
{
	struct tcp_info info = { .tcpi_state = 0 };
	socket_learn(socket);
	if (!is_same(socket) || !get_option(socket->fd, IPPROTO_TCP, TCP_INFO, &info, sizeof info))
		return SOCKET_STRANGE;
	switch (info.tcpi_state) {
	case TCP_SYN_SENT:
	case TCP_SYN_RECV:
		return SOCKET_CONNECTING;
	case TCP_CLOSE:
		return SOCKET_CLOSED;
	case TCP_LISTEN:
		return SOCKET_STRANGE;
	default:
		return SOCKET_CONNECTED; /* or already ended by the other side: a connection all the same */
	}
}

bool socket_purge_errors(int fd)
{
	struct msghdr nothing = { .msg_name = NULL };
	bool any = false;
	for (int i = 0; i < MOST_ERRORS && recvmsg(fd, &nothing, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0; i++)
		any = true;
	return any;
}

enum socket_state socket_reset(struct client_socket *socket)
{
	const struct sockaddr none = { .sa_family = AF_UNSPEC };
	const enum socket_state state = socket_state(socket);
	if (state != SOCKET_CONNECTING && state != SOCKET_CLOSED)
		return state;
	if (next_functions()->connect(socket->fd, &none, sizeof none) < 0)
		return SOCKET_STRANGE;
	socket_purge_errors(socket->fd);
	if (socket->mss)
		set_tcp(socket->fd, TCP_MAXSEG, socket->mss);
	if (socket->clamp)
		set_tcp(socket->fd, TCP_WINDOW_CLAMP, socket->clamp);
	if (socket->quickack != get_tcp(socket->fd, TCP_QUICKACK))
		set_tcp(socket->fd, TCP_QUICKACK, socket->quickack);
	return SOCKET_CLOSED;
}

uint64_t socket_send_timeout_us(int fd)
{
	struct timeval timeout = { .tv_sec = 0 };
	if (!get_option(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout))
		return 0;
	return (uint64_t)timeout.tv_sec * 1000000 + (uint64_t)timeout.tv_usec;
}

uint64_t socket_patience_us(int fd)
{
	const uint64_t by_retries_us = plan_patience_us(get_tcp(fd, TCP_SYNCNT));
	const uint64_t by_timeout_us = (uint64_t)(unsigned)get_tcp(fd, TCP_USER_TIMEOUT) * 1000;
	return by_timeout_us && by_timeout_us < by_retries_us ? by_timeout_us : by_retries_us;
}

bool socket_clear_fastopen(int fd)
{
	if (!get_tcp(fd, TCP_FASTOPEN_CONNECT))
		return false;
	set_tcp(fd, TCP_FASTOPEN_CONNECT, 0);
	return true;
}
