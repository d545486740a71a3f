/* SPDX-License-Identifier: MIT */
#include "preload/connect.h"

#include <errno.h>
#include <string.h>

#include "preload/choose.h"
#include "preload/endpoint.h"
#include "preload/memo.h"
#include "preload/next.h"
#include "preload/note.h"
#include "preload/setup.h"
#include "preload/system.h"

static bool get_option(int fd, int level, int option, int *value)
{
	socklen_t length = sizeof *value;
	return getsockopt(fd, level, option, value, &length) == 0;
}

/* A TCP socket on which nothing has been tried yet, or whose last attempt the client has been told of?  On any other one
 * connect() has an answer of its own to give (EALREADY, EISCONN, the pending error). */
static bool socket_fresh(int fd)
{
	int protocol;
	if (!get_option(fd, SOL_SOCKET, SO_PROTOCOL, &protocol) || protocol != IPPROTO_TCP)
		return false;
	return (system_poll_now(fd, POLLIN | POLLOUT | POLLRDHUP) & (POLLHUP | POLLRDHUP | POLLNVAL)) == POLLHUP;
}

static enum choose_reach socket_reach(int fd, const struct endpoint *asked)
{
	int v6only = 1;
	if (endpoint_is_ipv4(asked->address))
		return REACH_IPV4;
	return get_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only) && !v6only ? REACH_IPV6_MAPPED : REACH_IPV6;
}

/* Where an attempt at CANDIDATE goes. */
static struct endpoint candidate_endpoint(const struct mpf_candidate *candidate, const struct endpoint *asked)
{
	struct endpoint endpoint = { .scope = candidate->scope,
				     .port = candidate->port ? (uint16_t)candidate->port : asked->port };
	memcpy(endpoint.address, candidate->address, sizeof endpoint.address);
	return endpoint;
}

static bool same_endpoint(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && !memcmp(a->address, b->address, sizeof a->address);
}

int connect_moved(int fd, const struct sockaddr *address, socklen_t length)
{
	const struct next *next = next_functions();
	struct endpoint asked;
	struct snapshot snapshot;
	uint32_t now_ms;
	if (!endpoint_from_sockaddr(&asked, address, length))
		return next->connect(fd, address, length);
	const struct mpf_header *table = setup_table(&now_ms);
	if (!table || !lookup_address(table, asked.address, asked.scope, asked.port, &snapshot) ||
	    !setup_service_in_force(table, &snapshot.service, now_ms))
		return next->connect(fd, address, length);

	const int error = errno;
	if (!socket_fresh(fd)) {
		errno = error;
		return next->connect(fd, address, length);
	}
	struct choose_list list;
	const struct choose_request request = { .reach = socket_reach(fd, &asked),
						.failed = memo_failed(&snapshot, now_ms),
						.sticky = memo_sticky(&snapshot, &asked, now_ms),
						.address = asked.address };
	choose_order(&snapshot, &request, &list);
	errno = error;
	if (!list.count)
		return next->connect(fd, address, length);
	const struct mpf_candidate *candidate = &snapshot.candidate[list.candidate[0]];
	const struct endpoint used = candidate_endpoint(candidate, &asked);
	if (same_endpoint(&used, &asked))
		return next->connect(fd, address, length);

	union endpoint_sockaddr to;
	const socklen_t to_length = endpoint_to_sockaddr(&used, address->sa_family, &to);
	const int result = next->connect(fd, &to.any, to_length);
	note_moved(&snapshot, &asked, &used, "verdict", 0);
	memo_note_moved(&asked, candidate, now_ms);
	return result;
}
