/* SPDX-License-Identifier: MIT */
#include "probe/engine/watch.h"

#include <stdlib.h>

#include "probe/engine/candidate.h"
#include "probe/engine/clock.h"
#include "probe/judge/watch_pause.h"
#include "probe/news/log.h"

enum { TOO_MUCH = 65536 }; /* who sends more into an idle connection is not watched for free */

/* One connection.  It outlives its watch until libuv has closed it. */
struct line {
	uv_tcp_t tcp;
	uv_connect_t request;
	struct watch *watch; /* NULL: nobody listens any more */
	uint64_t since_ms;
	size_t heard;
};

struct watch {
	struct candidate *candidate;
	struct line *line; /* NULL: between two */
	uv_timer_t timer;  /* until the next one */
	struct watch_history history;
};

static void on_timer(uv_timer_t *timer);

static void on_line_closed(uv_handle_t *tcp)
{
	free(tcp->data);
}

static void drop_line(struct watch *watch)
{
	if (!watch->line)
		return;
	watch->line->watch = NULL;
	uv_close((uv_handle_t *)&watch->line->tcp, on_line_closed);
	watch->line = NULL;
}

/* Ended: ask the check, and be back later. */
static void ended(struct watch *watch, uint64_t age_ms)
{
	struct candidate *candidate = watch->candidate;
	uint32_t interval_ms = candidate->service->timing->interval_ms;
	drop_line(watch);
	clock_start_timer(&watch->timer, on_timer,
	                  watch_pause_ms(&watch->history, age_ms, interval_ms, (uint32_t)random() * 2));
	candidate_check_soon(candidate, 0);
}

static void give_room(uv_handle_t *tcp, size_t wanted, uv_buf_t *buffer)
{
	static char room[4096];
	(void)tcp, (void)wanted;
	*buffer = uv_buf_init(room, sizeof room);
}

static void on_read(uv_stream_t *tcp, ssize_t size, const uv_buf_t *buffer)
{
	struct line *line = tcp->data;
	(void)buffer;
	if (size > 0)
		line->heard += (size_t)size;
	if (line->heard > TOO_MUCH)
		ended(line->watch, 0);
	else if (size < 0)
		ended(line->watch, clock_ms() - line->since_ms);
}

static void on_connect(uv_connect_t *request, int status)
{
	struct line *line = request->data;
	if (!line->watch) /* we are closing it */
		return;
	line->since_ms = clock_ms();
	if (status == 0)
		status = uv_read_start((uv_stream_t *)&line->tcp, give_room, on_read);
	if (status < 0)
		ended(line->watch, 0);
}

static int connect_line(struct line *line, const struct dial *dial)
{
	uv_os_fd_t socket;
	union endpoint_sockaddr to;
	int result = uv_fileno((uv_handle_t *)&line->tcp, &socket);
	if (result == 0)
		result = dial_bind(dial, socket);
	if (result < 0)
		return result;
	dial_sockaddr(dial, &to);
	line->request.data = line;
	return uv_tcp_connect(&line->request, &line->tcp, &to.any, on_connect);
}

static void open_line(struct watch *watch)
{
	struct check_target target = candidate_target(watch->candidate);
	uv_loop_t *loop = watch->candidate->world->checks.loop;
	struct line *line = calloc(1, sizeof *line);
	if (!line || uv_tcp_init_ex(loop, &line->tcp, (unsigned)dial_family(&target.dial)) < 0) {
		free(line);
		clock_start_timer(&watch->timer, on_timer, WATCH_BRIEF_MS);
		return;
	}
	line->tcp.data = line;
	line->watch = watch;
	watch->line = line;
	if (connect_line(line, &target.dial) < 0)
		ended(watch, 0);
}

static void on_timer(uv_timer_t *timer)
{
	open_line(timer->data);
}

static void on_timer_closed(uv_handle_t *timer)
{
	free(timer->data);
}

void watch_cancel(struct candidate *candidate)
{
	struct watch *watch = candidate->watch;
	if (!watch)
		return;
	candidate->watch = NULL;
	drop_line(watch);
	uv_close((uv_handle_t *)&watch->timer, on_timer_closed);
}

void watch_follow(struct candidate *candidate)
{
	bool wanted = candidate->service->watch && candidate->verdict.verdict == MPF_UP;
	if (!wanted)
		watch_cancel(candidate);
	if (!wanted || candidate->watch)
		return;
	struct watch *watch = calloc(1, sizeof *watch);
	if (!watch)
		return;
	candidate->watch = watch;
	watch->candidate = candidate;
	uv_timer_init(candidate->world->checks.loop, &watch->timer);
	watch->timer.data = watch;
	clock_start_timer(&watch->timer, on_timer, 0);
}
