/* SPDX-License-Identifier: MIT */
#include "probe/page/web_server.h"

#include <errno.h>
#include <limits.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe/engine/clock.h"
#include "probe/page/web_answers.h"
#include "probe/page/web_host.h"

enum {
	CROWD = 224, /* of so many connections, or of a sixteenth of what descriptors there are, */
	SPARE = 32,  /* and so many that are about to go */
	CONNECTION_MEMORY = 8192,
	PATIENCE_MS = 10000,
	SILENT_MS = 50, /* in a crowd, */
	SLOW_MS = 1000, /* likewise */
	SWEEP_MS = 250,
};

struct connection {
	struct connection *previous, *next; /* oldest first */
	int fd;
	bool ended;                /* shut down by us; it is libmicrohttpd's to notice */
	bool answering;            /* its request is complete */
	uint64_t since_ms;         /* when that, or its predecessor's end, was */
	struct web_answer *answer; /* to the request under way */
};

struct web_server {
	struct MHD_Daemon *daemon;
	struct web_answers *answers;
	struct connection list; /* its head */
	unsigned count;         /* not ended */
	unsigned crowd;         /* from here on, who waits makes place for who comes */
	char machine[HOST_NAME_MAX + 1];
};

/* ----------------------------------------------------------------------------------------------------- the connections */

static void unlink_connection(struct connection *connection)
{
	connection->previous->next = connection->next;
	connection->next->previous = connection->previous;
}

/* Begins to wait: the youngest of those that do. */
static void link_connection(struct web_server *server, struct connection *connection)
{
	connection->since_ms = clock_ms();
	connection->answering = false;
	connection->next = &server->list;
	connection->previous = server->list.previous;
	connection->previous->next = connection;
	server->list.previous = connection;
}

static void end(struct web_server *server, struct connection *connection)
{
	if (connection->ended)
		return;
	connection->ended = true;
	server->count--;
	shutdown(connection->fd, SHUT_RDWR);
}

/* Who has had time to ask, and has not; then who has had time to read, and has not; then whoever has been here for the longest. */
static void make_room(struct web_server *server)
{
	struct connection *silent = NULL, *slow = NULL, *oldest = NULL;
	const uint64_t now_ms = clock_ms();
	for (struct connection *it = server->list.next; it != &server->list && !silent; it = it->next) {
		const uint64_t age_ms = now_ms - it->since_ms;
		if (it->ended)
			continue;
		if (!it->answering && age_ms >= SILENT_MS)
			silent = it;
		if (!slow && it->answering && age_ms >= SLOW_MS)
			slow = it;
		if (!oldest)
			oldest = it;
	}
	struct connection *leaves = silent ? silent : slow ? slow : oldest;
	if (leaves)
		end(server, leaves);
}

static void sweep(struct web_server *server)
{
	const uint64_t now_ms = clock_ms();
	for (struct connection *it = server->list.next; it != &server->list; it = it->next)
		if (now_ms - it->since_ms > PATIENCE_MS)
			end(server, it);
}

static void on_connection(void *owner, struct MHD_Connection *handle, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
	struct web_server *server = owner;
	struct connection *connection = *socket_context;
	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (!connection)
			return;
		unlink_connection(connection);
		server->count -= !connection->ended;
		free(connection);
		return;
	}
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(handle, MHD_CONNECTION_INFO_CONNECTION_FD);
	connection = calloc(1, sizeof *connection);
	*socket_context = connection;
	if (!connection || !info)
		return;
	if (server->count >= server->crowd)
		make_room(server);
	connection->fd = info->connect_fd;
	link_connection(server, connection);
	server->count++;
}

static struct connection *connection_of(struct MHD_Connection *handle)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(handle, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return info ? info->socket_context : NULL;
}

static void on_completed(void *owner, struct MHD_Connection *handle, void **request_context,
                         enum MHD_RequestTerminationCode code)
{
	struct connection *connection = connection_of(handle);
	(void)request_context;
	(void)code;
	if (!connection)
		return;
	web_answer_release(connection->answer);
	connection->answer = NULL;
	if (!connection->ended) {
		unlink_connection(connection);
		link_connection(owner, connection);
	}
}

/* --------------------------------------------------------------------------------------------------------- the requests */

static void put_headers(struct MHD_Response *response, const char *type, const char *policy)
{
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(response, "Content-Security-Policy", policy ? policy : "default-src 'none'");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(response, "X-Frame-Options", "DENY");
	MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
	MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
}

/* RESPONSE may be NULL: then there was no memory, and the connection is closed. */
static enum MHD_Result queue(struct MHD_Connection *handle, unsigned status, struct MHD_Response *response)
{
	const enum MHD_Result result = response ? MHD_queue_response(handle, status, response) : MHD_NO;
	if (response)
		MHD_destroy_response(response);
	return result;
}

/* TEXT: one line for a person, static. */
static enum MHD_Result refuse(struct MHD_Connection *handle, unsigned status, const char *text)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_PERSISTENT);
	if (response)
		put_headers(response, "text/plain; charset=utf-8", NULL);
	if (response && status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	return queue(handle, status, response);
}

static bool has_tag(struct MHD_Connection *handle, const struct web_answer *answer)
{
	const char *known = MHD_lookup_connection_value(handle, MHD_HEADER_KIND, MHD_HTTP_HEADER_IF_NONE_MATCH);
	return known && answer->tag[0] && strstr(known, answer->tag);
}

static enum MHD_Result give(struct web_server *server, struct MHD_Connection *handle, const char *path)
{
	struct connection *connection = connection_of(handle);
	struct web_answer *answer = web_answers_take(server->answers, path, clock_ms());
	if (!answer)
		return refuse(
			handle, MHD_HTTP_NOT_FOUND,
			"There is no such thing here.  There are: / /metrics /status.json /history.json /events.json\n");
	const bool known = has_tag(handle, answer);
	struct MHD_Response *response =
		MHD_create_response_from_buffer(known ? 0 : answer->size, (void *)answer->data, MHD_RESPMEM_PERSISTENT);
	if (!response || !connection) {
		web_answer_release(answer);
		return queue(handle, answer->status, NULL);
	}
	web_answer_release(connection->answer);
	connection->answer = answer; /* until the request is completed */
	put_headers(response, answer->type, answer->policy);
	if (answer->tag[0])
		MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, answer->tag);
	return queue(handle, known ? MHD_HTTP_NOT_MODIFIED : answer->status, response);
}

static enum MHD_Result on_request(void *owner, struct MHD_Connection *handle, const char *path, const char *method,
                                  const char *version, const char *upload, size_t *upload_size, void **request_context)
{
	struct web_server *server = owner;
	struct connection *connection = connection_of(handle);
	const char *host = MHD_lookup_connection_value(handle, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
	(void)version;
	(void)upload;
	(void)upload_size;
	if (connection)
		connection->answering = true;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return refuse(handle, MHD_HTTP_METHOD_NOT_ALLOWED, "Nothing can be changed here: GET and HEAD only.\n");
	if (!web_host_allowed(host, server->machine))
		return refuse(handle, MHD_HTTP_MISDIRECTED_REQUEST,
		              "Ask for this machine by its address or by its own name: see mpfailoverd(8).\n");
	if (!*request_context) { /* an answer before the whole request has been read would end the connection */
		*request_context = server;
		return MHD_YES;
	}
	return give(server, handle, path);
}

/* ------------------------------------------------------------------------------------------------------------- its life */

/* Checks need descriptors, too. */
static unsigned crowd_for_limit(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur / 16 >= CROWD)
		return CROWD;
	return limit.rlim_cur / 16 ? (unsigned)(limit.rlim_cur / 16) : 1;
}

int web_server_open(struct web_server **out, int listen_fd, struct web_answers *answers)
{
	struct web_server *server = calloc(1, sizeof *server);
	if (!server) {
		close(listen_fd);
		return -ENOMEM;
	}
	server->answers = answers;
	server->crowd = crowd_for_limit();
	server->list.next = server->list.previous = &server->list;
	if (gethostname(server->machine, sizeof server->machine - 1) < 0)
		server->machine[0] = '\0';
	server->daemon = MHD_start_daemon(
		MHD_USE_EPOLL, 0, NULL, NULL, on_request, server, MHD_OPTION_LISTEN_SOCKET, listen_fd,
		MHD_OPTION_CONNECTION_LIMIT, server->crowd + SPARE, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)CONNECTION_MEMORY, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, server, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
	if (!server->daemon) {
		close(listen_fd);
		free(server);
		return -ENOMEM;
	}
	*out = server;
	return 0;
}

int web_server_fd(const struct web_server *server)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	return info ? info->epoll_fd : -1;
}

int web_server_turn(struct web_server *server)
{
	MHD_UNSIGNED_LONG_LONG wait_ms;
	MHD_run(server->daemon);
	sweep(server);
	if (MHD_get_timeout(server->daemon, &wait_ms) == MHD_YES && wait_ms < SWEEP_MS)
		return (int)wait_ms;
	return server->list.next == &server->list ? -1 : SWEEP_MS;
}

void web_server_close(struct web_server *server)
{
	if (!server)
		return;
	MHD_stop_daemon(server->daemon);
	free(server);
}
