/* SPDX-License-Identifier: MIT */
#include "probe/ctl/ctl_client.h"

#include <errno.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "probe/control/control.h"
#include "probe/ctl/ctl_table.h"

enum { PATIENCE_S = 10 };

struct ctl_client {
	int socket;
	char path[MPF_PATH_SIZE];
	size_t used;
	char text[CONTROL_WAITING_BYTES]; /* no line is longer than what the daemon keeps for us */
};

/* ------------------------------------------------------------------------------------------------------- which socket */

static bool put_path(char out[MPF_PATH_SIZE], const char *path)
{
	if (strlen(path) < MPF_PATH_SIZE) {
		strcpy(out, path);
		return true;
	}
	fprintf(stderr, "mpfailoverctl: %s: too long for a socket's name\n", path);
	return false;
}

/* What the table says, or, where there is none, what it would say. */
static enum ctl_exit find_socket(char out[MPF_PATH_SIZE], const struct ctl *ctl)
{
	char path[PATH_MAX + 16], error[CTL_ERROR_SIZE];
	enum ctl_exit result = CTL_OK;
	if (ctl->socket)
		return put_path(out, ctl->socket) ? CTL_OK : CTL_USAGE;
	struct ctl_table *table = calloc(1, sizeof *table);
	if (!table)
		return CTL_FAILED;
	if (!ctl_table_read(table, ctl->table, error)) {
		char directory[PATH_MAX];
		snprintf(directory, sizeof directory, "%s", ctl->table);
		snprintf(path, sizeof path, "%s/control", dirname(directory));
		result = put_path(out, path) ? CTL_OK : CTL_USAGE;
	} else if (table->header.control[0]) {
		strcpy(out, (const char *)table->header.control);
	} else {
		fprintf(stderr, "mpfailoverctl: the daemon of %s could not open a control socket; its log says why\n",
		        ctl->table);
		result = CTL_NO_DAEMON;
	}
	free(table);
	return result;
}

/* ---------------------------------------------------------------------------------------------------------- connecting */

static enum ctl_exit say_denied(const char *path)
{
	struct stat status;
	if (stat(path, &status) < 0) {
		fprintf(stderr, "mpfailoverctl: %s: %s\n", path, strerror(errno));
		return CTL_DENIED;
	}
	const struct passwd *user = getpwuid(status.st_uid);
	const struct group *group = getgrgid(status.st_gid);
	fprintf(stderr, "mpfailoverctl: %s is for the user %s and the group %s; be one of them, or root\n", path,
	        user ? user->pw_name : "?", group ? group->gr_name : "?");
	return CTL_DENIED;
}

static enum ctl_exit say_unconnected(const char *path, int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
		return say_denied(path);
	case ENOENT:
	case ENOTDIR:
	case ECONNREFUSED:
		fprintf(stderr,
		        "mpfailoverctl: %s: nobody is there: mpfailoverd is not running, or listens elsewhere (-s SOCKET)\n",
		        path);
		return CTL_NO_DAEMON;
	case EAGAIN:
		fprintf(stderr,
		        "mpfailoverctl: %s: the daemon does not answer: it hangs or is stopped, and may do it later\n",
		        path);
		return CTL_NO_DAEMON;
	default:
		fprintf(stderr, "mpfailoverctl: %s: %s\n", path, strerror(error));
		return CTL_FAILED;
	}
}

static enum ctl_exit connect_to(struct ctl_client *client)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	struct timeval limit = { .tv_sec = PATIENCE_S };
	strcpy(name.sun_path, client->path);
	client->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client->socket >= 0)
		setsockopt(client->socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	if (client->socket >= 0 && connect(client->socket, (struct sockaddr *)&name, sizeof name) == 0)
		return CTL_OK;
	return say_unconnected(client->path, errno);
}

enum ctl_exit ctl_client_open(struct ctl_client **out, const struct ctl *ctl)
{
	struct ctl_client *client = calloc(1, sizeof *client);
	enum ctl_exit result = CTL_FAILED;
	*out = client;
	if (!client) {
		perror("mpfailoverctl");
		return result;
	}
	client->socket = -1;
	result = find_socket(client->path, ctl);
	if (result == CTL_OK)
		result = connect_to(client);
	if (result == CTL_OK)
		return CTL_OK;
	ctl_client_close(client);
	*out = NULL;
	return result;
}

void ctl_client_close(struct ctl_client *client)
{
	if (!client)
		return;
	if (client->socket >= 0)
		close(client->socket);
	free(client);
}

/* ------------------------------------------------------------------------------------------------- asking and hearing */

enum ctl_exit ctl_client_ask(struct ctl_client *client, json_t *request)
{
	json_object_set_new(request, "version", json_integer(CONTROL_VERSION));
	char *text = json_dumps(request, JSON_COMPACT);
	json_decref(request);
	if (!text) {
		fprintf(stderr, "mpfailoverctl: names are UTF-8, and this is none\n");
		return CTL_REFUSED;
	}
	size_t size = strlen(text);
	text[size] = '\n'; /* in place of its end */
	ssize_t sent = send(client->socket, text, size + 1, MSG_NOSIGNAL);
	free(text);
	if (sent == (ssize_t)size + 1 || (sent < 0 && errno == EPIPE)) /* one that hangs up may have said why */
		return CTL_OK;
	return say_unconnected(client->path, errno);
}

/* Takes a line out of what has arrived.  NULL: none is complete. */
static json_t *take_line(struct ctl_client *client)
{
	const char *end = memchr(client->text, '\n', client->used);
	if (!end)
		return NULL;
	size_t size = (size_t)(end - client->text);
	json_t *line = json_loadb(client->text, size, 0, NULL);
	client->used -= size + 1;
	memmove(client->text, end + 1, client->used);
	return line ? line : json_object();
}

static enum ctl_exit say_ended(const struct ctl_client *client)
{
	fprintf(stderr, "mpfailoverctl: %s: the daemon has closed the connection\n", client->path);
	return CTL_NO_DAEMON;
}

enum ctl_exit ctl_client_read(struct ctl_client *client, json_t **out, int limit_ms)
{
	struct pollfd wait[] = {
		{ .fd = client->socket, .events = POLLIN },
		{ .fd = limit_ms < 0 ? STDOUT_FILENO : -1 }, /* POLLERR: the pipe's reader is gone */
	};
	while (!(*out = take_line(client))) {
		int ready = poll(wait, 2, limit_ms);
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready == 0)
			return say_unconnected(client->path, EAGAIN);
		if (wait[1].revents)
			return CTL_OK;
		ssize_t size = client->used < sizeof client->text ? read(client->socket, client->text + client->used,
		                                                         sizeof client->text - client->used)
		                                                  : 0;
		if (size <= 0)
			return say_ended(client);
		client->used += (size_t)size;
	}
	return CTL_OK;
}
