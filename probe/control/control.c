/* SPDX-License-Identifier: MIT */
#include "probe/control/control.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "probe/engine/clock.h"

enum { BACKLOG = 8, RIGHTS = 0660 };

struct control {
	uv_loop_t *loop;
	uv_pipe_t pipe;
	control_asked *asked;
	void *owner;
	struct control_client *clients;
	unsigned client_count;
	bool waiting; /* someone has connected, and is not a client yet */
	char *path;
};

struct control_client {
	struct control *control; /* NULL: dropped, and only its handles are still open */
	struct control_client *next;
	uv_pipe_t pipe;
	uv_timer_t limit; /* until it has asked */
	unsigned open;    /* handles */
	bool busy;        /* its request is not answered yet, */
	bool asking;      /* and may be answered at once */
	bool done;        /* it will ask nothing more */
	bool when_silent; /* it goes when it will ask nothing more */
	void (*ended)(void *state);
	void *state;
	size_t size;
	char request[CONTROL_REQUEST_BYTES];
};

/* ----------------------------------------------------------------------------------------------------- one client */

static void on_client_closed(uv_handle_t *handle)
{
	struct control_client *client = handle->data;
	if (--client->open == 0)
		free(client);
}

static void take_waiting(struct control *control);

static void drop(struct control_client *client)
{
	struct control *control = client->control;
	struct control_client **at = &control->clients;
	while (*at != client)
		at = &(*at)->next;
	*at = client->next;
	control->client_count--;
	client->control = NULL;
	uv_close((uv_handle_t *)&client->pipe, on_client_closed);
	uv_close((uv_handle_t *)&client->limit, on_client_closed);
	if (client->busy && client->ended)
		client->ended(client->state);
	take_waiting(control);
}

static bool has_request(const struct control_client *client)
{
	return memchr(client->request, '\n', client->size) != NULL;
}

/* One line on its way. */
struct line {
	uv_write_t write;
	struct control_client *client;
	char text[];
};

static void on_written(uv_write_t *write, int status)
{
	struct line *line = (struct line *)write;
	struct control_client *client = line->client;
	bool is_last =
		client->done && !client->busy && !has_request(client) && !uv_stream_get_write_queue_size(write->handle);
	free(line);
	if (client->control && (status < 0 || is_last))
		drop(client);
}

bool control_send_text(struct control_client *client, const char *text)
{
	size_t size = strlen(text);
	if (!client->control)
		return false;
	uv_stream_t *stream = (uv_stream_t *)&client->pipe;
	struct line *line = malloc(sizeof *line + size + 1);
	if (line && uv_stream_get_write_queue_size(stream) + size < CONTROL_WAITING_BYTES) {
		memcpy(line->text, text, size);
		line->text[size] = '\n';
		line->client = client;
		uv_buf_t buffer = uv_buf_init(line->text, (unsigned)size + 1);
		if (uv_write(&line->write, stream, &buffer, 1, on_written) == 0)
			return true;
	}
	free(line);
	drop(client);
	return false;
}

bool control_send(struct control_client *client, json_t *line)
{
	char *text = line ? json_dumps(line, JSON_COMPACT) : NULL;
	json_decref(line);
	bool sent = control_send_text(client, text ? text : "{\"ok\":false}");
	free(text);
	return sent;
}

void control_on_end(struct control_client *client, void (*ended)(void *state), void *state, bool when_silent)
{
	client->when_silent = when_silent;
	client->ended = ended;
	client->state = state;
}

struct control_peer control_peer(const struct control_client *client)
{
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t size = sizeof peer;
	uv_os_fd_t socket;
	if (uv_fileno((const uv_handle_t *)&client->pipe, &socket) == 0)
		getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size);
	return (struct control_peer){ peer.uid, peer.pid };
}

/* ------------------------------------------------------------------------------------------------------- requests */

static json_t *refusal(const char *code, const char *text)
{
	return json_pack("{s:i, s:b, s:{s:s, s:s}}", "version", CONTROL_VERSION, "ok", 0, "error", "code", code, "text",
	                 text);
}

static void refuse(struct control_client *client, const char *text)
{
	client->done = true;
	uv_read_stop((uv_stream_t *)&client->pipe);
	control_send(client, refusal("request", text));
}

static void ask(struct control_client *client, const char *line, size_t size)
{
	json_t *request = json_loadb(line, size, 0, NULL);
	json_int_t version = json_integer_value(json_object_get(request, "version"));
	if (!json_is_object(request)) {
		refuse(client, "not a JSON object in one line");
	} else if (version != CONTROL_VERSION) {
		refuse(client, "the daemon knows version 1 of this protocol, and no other; use its own mpfailoverctl");
	} else {
		client->busy = true;
		uv_timer_stop(&client->limit);
		client->control->asked(client->control->owner, client, request);
	}
	json_decref(request);
}

/* As many requests as are there and are answered at once. */
static void ask_on(struct control_client *client)
{
	char *end;
	client->asking = true;
	while (client->control && !client->busy && (end = memchr(client->request, '\n', client->size))) {
		char line[CONTROL_REQUEST_BYTES];
		size_t size = (size_t)(end - client->request);
		memcpy(line, client->request, size);
		client->size -= size + 1;
		memmove(client->request, end + 1, client->size);
		ask(client, line, size);
	}
	client->asking = false;
	if (client->control && !client->busy && client->size == sizeof client->request)
		refuse(client, "a request is longer than 4096 bytes");
}

static void on_limit(uv_timer_t *limit)
{
	drop(limit->data);
}

/* One turn later: whoever has answered may still be at work with what the next request takes away. */
static void on_next_turn(uv_timer_t *limit)
{
	clock_start_timer(limit, on_limit, CONTROL_REQUEST_MS);
	ask_on(limit->data);
}

void control_answer(struct control_client *client, json_t *answer)
{
	client->busy = false;
	client->ended = NULL;
	client->when_silent = false;
	json_object_set_new(answer, "version", json_integer(CONTROL_VERSION));
	if (!control_send(client, answer))
		return;
	if (!client->asking && has_request(client))
		clock_start_timer(&client->limit, on_next_turn, 0);
	else if (!client->done)
		clock_start_timer(&client->limit, on_limit, CONTROL_REQUEST_MS);
}

/* Who asks on and on without waiting for answers makes it full, which is an error to libuv, and to us. */
static void give_room(uv_handle_t *pipe, size_t wanted, uv_buf_t *buffer)
{
	struct control_client *client = pipe->data;
	(void)wanted;
	*buffer = uv_buf_init(client->request + client->size, (unsigned)(sizeof client->request - client->size));
}

/* One that has asked and then says that it will ask nothing more gets its answer. */
static void on_read(uv_stream_t *pipe, ssize_t size, const uv_buf_t *buffer)
{
	struct control_client *client = pipe->data;
	(void)buffer;
	if (size > 0) {
		client->size += (size_t)size;
		ask_on(client);
		return;
	}
	if (size == 0)
		return;
	client->done = true;
	uv_read_stop(pipe);
	if (size != UV_EOF || client->when_silent || (!client->busy && !uv_stream_get_write_queue_size(pipe)))
		drop(client);
}

/* --------------------------------------------------------------------------------------------------- the listener */

static struct control_client *new_client(struct control *control)
{
	struct control_client *client = calloc(1, sizeof *client);
	if (!client)
		return NULL;
	uv_pipe_init(control->loop, &client->pipe, 0);
	uv_timer_init(control->loop, &client->limit);
	client->pipe.data = client->limit.data = client;
	client->open = 2;
	client->control = control;
	client->next = control->clients;
	control->clients = client;
	control->client_count++;
	return client;
}

/* One at a time is told that it is one too many: libuv takes connections as long as any come, so whoever makes them quickly would keep the loop
 * at it, and have it open descriptor after descriptor.  Until that one has gone the next has to wait. */
static void take_waiting(struct control *control)
{
	if (!control->waiting || control->client_count > CONTROL_CLIENTS)
		return;
	struct control_client *client = new_client(control);
	if (!client)
		return;
	control->waiting = false;
	uv_stream_t *stream = (uv_stream_t *)&client->pipe;
	if (uv_accept((uv_stream_t *)&control->pipe, stream) < 0 || uv_read_start(stream, give_room, on_read) < 0)
		drop(client);
	else if (control->client_count > CONTROL_CLIENTS)
		refuse(client, "too many clients at once; try again later");
	else
		clock_start_timer(&client->limit, on_limit, CONTROL_REQUEST_MS);
}

static void on_connection(uv_stream_t *pipe, int status)
{
	struct control *control = pipe->data;
	control->waiting |= status == 0;
	take_waiting(control);
}

/* Does someone listen at NAME? */
static bool is_alive(const struct sockaddr_un *name)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool alive = fd >= 0 && (connect(fd, (const struct sockaddr *)name, sizeof *name) == 0 || errno == EAGAIN);
	if (fd >= 0)
		close(fd);
	return alive;
}

static int clear_way(const struct sockaddr_un *name)
{
	struct stat status;
	if (lstat(name->sun_path, &status) < 0)
		return 0; /* bind() knows what is wrong, if anything is */
	if (!S_ISSOCK(status.st_mode))
		return -EEXIST;
	if (is_alive(name))
		return -EADDRINUSE;
	return unlink(name->sun_path) < 0 ? -errno : 0;
}

/* Not by libuv, which takes a missing directory for a missing permission.  A descriptor or -errno. */
static int bind_to(const char *path)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof name.sun_path)
		return -ENAMETOOLONG;
	strcpy(name.sun_path, path);
	int result = clear_way(&name);
	if (result < 0)
		return result;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t mask = umask(0777 & ~RIGHTS);
	if (fd < 0 || bind(fd, (struct sockaddr *)&name, sizeof name) < 0)
		result = -errno;
	umask(mask);
	if (result == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return result;
}

/* Before anyone can connect. */
static int give_to(const char *path, const char *group)
{
	const struct group *entry = group[0] ? getgrnam(group) : NULL;
	if (!group[0])
		return 0;
	if (!entry)
		return -ENOENT;
	return lchown(path, (uid_t)-1, entry->gr_gid) < 0 ? -errno : 0;
}

static int listen_at(struct control *control, const char *path, const char *group)
{
	int fd = bind_to(path);
	if (fd < 0)
		return fd;
	control->path = strdup(path);
	int result = uv_pipe_open(&control->pipe, fd);
	if (result < 0) {
		close(fd);
		return result;
	}
	result = control->path ? give_to(path, group) : -ENOMEM;
	return result < 0 ? result : uv_listen((uv_stream_t *)&control->pipe, BACKLOG, on_connection);
}

int control_open(struct control **out, uv_loop_t *loop, const char *path, const char *group, control_asked *asked,
                 void *owner)
{
	struct control *control = calloc(1, sizeof *control);
	*out = NULL;
	if (!control)
		return -ENOMEM;
	*control = (struct control){ .loop = loop, .asked = asked, .owner = owner };
	uv_pipe_init(loop, &control->pipe, 0);
	control->pipe.data = control;
	int result = listen_at(control, path, group);
	if (result < 0)
		control_close(control);
	else
		*out = control;
	return result;
}

static void on_closed(uv_handle_t *pipe)
{
	free(pipe->data);
}

void control_close(struct control *control)
{
	if (!control)
		return;
	control->waiting = false;
	while (control->clients)
		drop(control->clients);
	if (control->path)
		unlink(control->path);
	free(control->path);
	uv_close((uv_handle_t *)&control->pipe, on_closed);
}
