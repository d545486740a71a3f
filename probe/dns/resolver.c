/* SPDX-License-Identifier: MIT */
#include "probe/dns/resolver.h"

#include <ares.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "preload/endpoint.h"
#include "probe/engine/clock.h"

enum { TRY_MS = 2000, TRIES = 2 };

static const char servers[] = "/etc/resolv.conf";

struct resolver_query {
	struct resolver_query *next; /* of those that have ended */
	struct resolver *resolver;
	resolver_done *done; /* NULL: forgotten */
	void *owner;
	struct resolver_answer answer;
};

/* A socket of c-ares'. */
struct watched {
	uv_poll_t poll;
	struct resolver *resolver;
	struct watched *next;
	ares_socket_t socket;
	int events;
};

struct resolver {
	uv_loop_t *loop;
	ares_channel channel; /* NULL: none yet */
	struct stat servers;  /* as the channel has read them */
	uv_timer_t timer;
	unsigned asked; /* queries that c-ares has */
	struct watched *watched;
	struct resolver_query *ended; /* to be told */
};

/* ------------------------------------------------------------------------------------------------ c-ares on the loop */

static void on_timer(uv_timer_t *timer);

static void arm(struct resolver *resolver)
{
	struct timeval left;
	if (resolver->ended)
		clock_start_timer(&resolver->timer, on_timer, 0);
	else if (resolver->asked && ares_timeout(resolver->channel, NULL, &left))
		clock_start_timer(&resolver->timer, on_timer,
		                  (uint64_t)left.tv_sec * 1000 + (uint64_t)left.tv_usec / 1000 + 1);
	else
		uv_timer_stop(&resolver->timer);
}

/* Not from within c-ares, which cannot be asked there. */
static void tell_ended(struct resolver *resolver)
{
	struct resolver_query *query = resolver->ended;
	resolver->ended = NULL;
	while (query) {
		struct resolver_query *next = query->next;
		if (query->done)
			query->done(query->owner, &query->answer);
		free(query);
		query = next;
	}
	arm(resolver);
}

static void process(struct resolver *resolver, ares_socket_t readable, ares_socket_t writable)
{
	if (resolver->channel)
		ares_process_fd(resolver->channel, readable, writable);
	tell_ended(resolver);
}

static void on_timer(uv_timer_t *timer)
{
	process(timer->data, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct watched *watched = poll->data; /* it may go in process() */
	if (status < 0) {                     /* libuv gives up on a socket that had an error; c-ares shall see it */
		events = watched->events;
		uv_poll_start(poll, events, on_poll);
	}
	process(watched->resolver, events & UV_READABLE ? watched->socket : ARES_SOCKET_BAD,
	        events & UV_WRITABLE ? watched->socket : ARES_SOCKET_BAD);
}

static void free_watched(uv_handle_t *poll)
{
	free(poll->data);
}

static struct watched **find_watched(struct resolver *resolver, ares_socket_t socket)
{
	struct watched **at = &resolver->watched;
	while (*at && (*at)->socket != socket)
		at = &(*at)->next;
	return at;
}

static void unwatch(struct watched **at)
{
	struct watched *watched = *at;
	*at = watched->next;
	uv_close((uv_handle_t *)&watched->poll, free_watched);
}

/* Without the memory for it the query ends by its time. */
static void watch(struct resolver *resolver, struct watched **at, ares_socket_t socket)
{
	struct watched *watched = calloc(1, sizeof *watched);
	if (!watched || uv_poll_init(resolver->loop, &watched->poll, socket) < 0) {
		free(watched);
		return;
	}
	watched->poll.data = watched;
	watched->resolver = resolver;
	watched->socket = socket;
	*at = watched;
}

static void on_socket_wish(void *data, ares_socket_t socket, int readable, int writable)
{
	struct resolver *resolver = data;
	struct watched **at = find_watched(resolver, socket);
	if (!readable && !writable) {
		if (*at)
			unwatch(at);
		return;
	}
	if (!*at)
		watch(resolver, at, socket);
	if (!*at)
		return;
	(*at)->events = (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0);
	uv_poll_start(&(*at)->poll, (*at)->events, on_poll);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* A channel reads the list of servers when it is made, so it is made again when that has changed and nothing is under way. */
static void renew_channel(struct resolver *resolver)
{
	char dns_only[] = "b";
	struct ares_options options = { .flags = ARES_FLAG_NOSEARCH,
		                        .timeout = TRY_MS,
		                        .tries = TRIES,
		                        .lookups = dns_only,
		                        .sock_state_cb = on_socket_wish,
		                        .sock_state_cb_data = resolver };
	struct stat now = { 0 };
	if (stat(servers, &now) < 0)
		now = (struct stat){ 0 };
	if (resolver->asked || (resolver->channel && same_file(&now, &resolver->servers)))
		return;
	if (resolver->channel)
		ares_destroy(resolver->channel);
	resolver->channel = NULL;
	resolver->servers = now;
	if (ares_init_options(&resolver->channel, &options,
	                      ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS |
	                              ARES_OPT_SOCK_STATE_CB) != ARES_SUCCESS)
		resolver->channel = NULL;
}

/* ------------------------------------------------------------------------------------------------------- the answers */

static void lessen(uint32_t *ttl_s, int seconds)
{
	if (seconds < 0)
		seconds = 0;
	if ((uint32_t)seconds < *ttl_s)
		*ttl_s = (uint32_t)seconds;
}

static void read_answer(struct resolver_answer *answer, const struct ares_addrinfo *found)
{
	answer->ttl_s = UINT32_MAX;
	for (const struct ares_addrinfo_cname *name = found->cnames; name; name = name->next)
		lessen(&answer->ttl_s, name->ttl);
	for (const struct ares_addrinfo_node *node = found->nodes; node; node = node->ai_next) {
		struct endpoint endpoint;
		lessen(&answer->ttl_s, node->ai_ttl);
		if (answer->count == RESOLVER_MOST ||
		    !endpoint_from_sockaddr(&endpoint, node->ai_addr, (socklen_t)node->ai_addrlen))
			continue;
		memcpy(answer->address[answer->count++], endpoint.address, sizeof endpoint.address);
	}
}

static void end(struct resolver_query *query, int status)
{
	struct resolver_answer *answer = &query->answer;
	if (status == ARES_SUCCESS && !answer->count)
		status = ARES_ENODATA;
	answer->is_empty = status == ARES_ENODATA;
	answer->error = status == ARES_SUCCESS ? NULL : ares_strerror(status);
	query->next = query->resolver->ended;
	query->resolver->ended = query;
}

static void on_answer(void *data, int status, int timeouts, struct ares_addrinfo *found)
{
	struct resolver_query *query = data;
	(void)timeouts;
	query->resolver->asked--;
	if (status == ARES_SUCCESS)
		read_answer(&query->answer, found);
	ares_freeaddrinfo(found);
	end(query, status);
}

struct resolver_query *resolver_ask(struct resolver *resolver, const char *host, int family, resolver_done *done,
                                    void *owner)
{
	const struct ares_addrinfo_hints hints = { .ai_family = family, .ai_flags = ARES_AI_NOSORT };
	struct resolver_query *query = calloc(1, sizeof *query);
	if (!query)
		return NULL;
	query->resolver = resolver;
	query->done = done;
	query->owner = owner;
	renew_channel(resolver);
	if (resolver->channel) {
		resolver->asked++;
		ares_getaddrinfo(resolver->channel, host, NULL, &hints, on_answer, query);
	} else {
		end(query, ARES_ENOMEM);
	}
	arm(resolver);
	return query;
}

void resolver_forget(struct resolver_query *query)
{
	query->done = NULL;
}

/* --------------------------------------------------------------------------------------------------------- its life */

int resolver_open(struct resolver **out, uv_loop_t *loop)
{
	struct resolver *resolver = calloc(1, sizeof *resolver);
	if (!resolver || ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS) {
		free(resolver);
		return -ENOMEM;
	}
	resolver->loop = loop;
	uv_timer_init(loop, &resolver->timer);
	resolver->timer.data = resolver;
	*out = resolver;
	return 0;
}

static void on_closed(uv_handle_t *timer)
{
	free(timer->data);
}

void resolver_close(struct resolver *resolver)
{
	if (!resolver)
		return;
	if (resolver->channel)
		ares_destroy(resolver->channel);
	resolver->channel = NULL;
	tell_ended(resolver);
	ares_library_cleanup();
	uv_close((uv_handle_t *)&resolver->timer, on_closed);
}
