/* SPDX-License-Identifier: MIT */
#include "probe/engine/reports.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "probe/engine/clock.h"

enum {
	TURN_LIMIT = 64,    /* datagrams in one turn of the loop, */
	WINDOW_LIMIT = 256, /* and in */
	WINDOW_MS = 100,
};

struct reports {
	int socket;
	uv_poll_t poll;
	uv_timer_t window;
	unsigned heard_in_window;
	reports_heard *heard;
	void *owner;
	unsigned open; /* handles */
	char path[MPF_PATH_SIZE];
};

static void on_readable(uv_poll_t *poll, int status, int events);

static void on_window(uv_timer_t *window)
{
	struct reports *reports = window->data;
	reports->heard_in_window = 0;
	uv_poll_start(&reports->poll, UV_READABLE, on_readable);
}

/* False: there is no more. */
static bool read_one(struct reports *reports)
{
	struct mpf_report report;
	ssize_t size = recv(reports->socket, &report, sizeof report, MSG_DONTWAIT | MSG_TRUNC);
	if (size < 0)
		return errno == EINTR;
	if ((size_t)size >= sizeof report && report.magic == MPF_MAGIC) /* a longer one is a newer client's */
		reports->heard(reports->owner, &report);
	return true;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct reports *reports = poll->data;
	(void)status, (void)events;
	if (!uv_is_active((uv_handle_t *)&reports->window)) {
		reports->heard_in_window = 0;
		clock_start_timer(&reports->window, on_window, WINDOW_MS);
	}
	for (unsigned i = 0; i < TURN_LIMIT && reports->heard_in_window < WINDOW_LIMIT; i++) {
		if (!read_one(reports))
			return;
		reports->heard_in_window++;
	}
	if (reports->heard_in_window == WINDOW_LIMIT)
		uv_poll_stop(&reports->poll); /* until the window ends */
}

/* Is it another daemon's? */
static bool is_alive(const struct sockaddr_un *name)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool alive = fd >= 0 && connect(fd, (const struct sockaddr *)name, sizeof *name) == 0;
	if (fd >= 0)
		close(fd);
	return alive;
}

/* Anyone may send to it, nobody else may read. */
static int bind_at(int socket, const char *path)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	struct stat status;
	strncpy(name.sun_path, path, sizeof name.sun_path - 1);
	if (lstat(path, &status) == 0 && S_ISSOCK(status.st_mode) && !is_alive(&name))
		unlink(path);
	mode_t mask = umask(0155);
	int result = bind(socket, (struct sockaddr *)&name, sizeof name) < 0 ? -errno : 0;
	umask(mask);
	return result;
}

int reports_open(struct reports **out, uv_loop_t *loop, const char *path, reports_heard *heard, void *owner)
{
	struct reports *reports = calloc(1, sizeof *reports);
	int result = -ENOMEM;
	if (!reports)
		return result;
	reports->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	result = reports->socket < 0 ? -errno : bind_at(reports->socket, path);
	if (result == 0)
		result = uv_poll_init(loop, &reports->poll, reports->socket);
	if (result < 0) {
		if (reports->socket >= 0)
			close(reports->socket);
		free(reports);
		return result;
	}
	uv_timer_init(loop, &reports->window);
	reports->poll.data = reports->window.data = reports;
	reports->open = 2;
	reports->heard = heard;
	reports->owner = owner;
	strncpy(reports->path, path, sizeof reports->path - 1);
	uv_poll_start(&reports->poll, UV_READABLE, on_readable);
	*out = reports;
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	struct reports *reports = handle->data;
	if (--reports->open)
		return;
	close(reports->socket);
	free(reports);
}

void reports_close(struct reports *reports)
{
	if (!reports)
		return;
	unlink(reports->path);
	uv_close((uv_handle_t *)&reports->poll, on_closed);
	uv_close((uv_handle_t *)&reports->window, on_closed);
}
