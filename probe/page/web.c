/* SPDX-License-Identifier: MIT */
#include "probe/page/web.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conf/conf.h"
#include "probe/engine/clock.h"
#include "probe/engine/engine.h"
#include "probe/news/log.h"
#include "probe/news/news.h"
#include "probe/page/handover.h"
#include "probe/page/history_file.h"
#include "probe/page/web_answers.h"
#include "probe/page/web_server.h"
#include "probe/page/web_socket.h"
#include "probe/table/table_writer.h"

enum { SAMPLE_MS = 1000, NICE = 5 };

struct web {
	struct engine *engine;
	const char *table;
	uint32_t started_s;
	uv_timer_t sampler;

	/* From when it was first wanted. */
	bool open;
	struct events_follower follower;
	struct handover handover;
	struct history_file *history;
	struct web_answers *answers; /* the thread's */
	uv_thread_t thread;
	int order_fd[2]; /* struct web_server *: to serve from now on, NULL: nothing; the end of the pipe: to end */

	char *where; /* what is in force, NULL: nothing */
	int listen_fd;
	bool changes; /* what is prepared */
	char *next_where;
	int next_fd;
	struct web_server *next;
};

/* ---------------------------------------------------------------------------------------------------------- the thread */

/* False: there will be no more. */
static bool obey(const struct web *web, struct web_server **server)
{
	struct web_server *next;
	const ssize_t size = read(web->order_fd[0], &next, sizeof next);
	if (size < 0)
		return true;
	web_server_close(*server);
	*server = NULL;
	if (size != sizeof next)
		return false;
	*server = next;
	return true;
}

static void serve(void *argument)
{
	const struct web *web = argument;
	struct web_server *server = NULL;
	bool more = true;
	prctl(PR_SET_NAME, "mpfailover-web");
	setpriority(PRIO_PROCESS, (id_t)gettid(), NICE); /* of this thread: Linux has them so */
	while (more) {
		struct pollfd fds[] = { { web->order_fd[0], POLLIN, 0 },
			                { server ? web_server_fd(server) : -1, POLLIN, 0 } };
		poll(fds, 2, server ? web_server_turn(server) : -1);
		if (fds[0].revents)
			more = obey(web, &server);
	}
}

/* ------------------------------------------------------------------------------------------------------------ the loop */

static void on_news(struct events_follower *follower, const char *line)
{
	struct web *web = (struct web *)((char *)follower - offsetof(struct web, follower));
	handover_tell(&web->handover, line);
}

static void on_sample(uv_timer_t *timer)
{
	struct web *web = timer->data;
	const struct mpf_slot *slot = table_writer_active(engine_table(web->engine));
	if (slot && web->history)
		history_file_sample(web->history, slot);
}

/* Signals are the loop's. */
static int start_thread(struct web *web)
{
	sigset_t all, before;
	if (pipe2(web->order_fd, O_CLOEXEC) < 0)
		return -errno;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	const int result = uv_thread_create(&web->thread, serve, web);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (result == 0)
		return 0;
	close(web->order_fd[0]);
	close(web->order_fd[1]);
	return result;
}

static int open_all(struct web *web)
{
	struct events *events = &engine_news(web->engine)->events;
	char *path = NULL;
	if (web->open)
		return 0;
	if (asprintf(&path, "%s.history", web->table) < 0)
		return -ENOMEM;
	if (!web->history)
		web->history = history_file_open(path);
	free(path);
	const struct web_sources sources = {
		.table = web->table,
		.history = web->history ? history_file_history(web->history) : NULL,
		.handover = &web->handover,
		.punctuality = engine_punctuality(web->engine),
		.started_s = web->started_s,
	};
	if (!web->answers)
		web->answers = web_answers_new(&sources);
	int result = web->answers ? start_thread(web) : -ENOMEM;
	if (result < 0)
		return result;
	for (size_t i = 0; i < events->count; i++)
		handover_tell(&web->handover, events_line(events, i));
	web->follower.told = on_news;
	events_follow(events, &web->follower);
	web->open = true;
	return 0;
}

/* The write is of a pointer into an empty pipe: it does not wait. */
static void order(struct web *web, struct web_server *server)
{
	if (write(web->order_fd[1], &server, sizeof server) < 0)
		log_say(LEVEL_ERROR, "metrics", "cannot reach the thread that serves: %s", strerror(errno));
}

/* ---------------------------------------------------------------------------------------------------------- its life */

struct web *web_new(uv_loop_t *loop, struct engine *engine, const char *table)
{
	struct web *web = calloc(1, sizeof *web);
	if (!web)
		return NULL;
	web->engine = engine;
	web->table = table;
	web->started_s = clock_wall_s();
	web->listen_fd = web->next_fd = -1;
	uv_timer_init(loop, &web->sampler);
	web->sampler.data = web;
	return web;
}

static int listen_there(struct web *web, const char *where)
{
	web->next_where = strdup(where);
	int result = web->next_where ? web_socket_open(where, web->listen_fd) : -ENOMEM;
	if (result < 0)
		return result;
	web->next_fd = result;
	result = open_all(web);
	if (result < 0)
		close(web->next_fd);
	return result < 0 ? result : web_server_open(&web->next, web->next_fd, web->answers);
}

bool web_prepare(struct web *web, const struct conf *conf, char **error)
{
	const char *where = conf->metrics_listen;
	*error = NULL;
	web->changes = strcmp(where, web->where ? web->where : "") != 0;
	const int result = web->changes && where[0] ? listen_there(web, where) : 0;
	if (result == 0)
		return true;
	if (asprintf(error, "%s:%u: metrics: cannot listen on %s: %s; %s", conf->metrics_file, conf->metrics_line,
	             where, strerror(-result), web_socket_advice(-result)) < 0)
		*error = NULL;
	web_cancel(web);
	return false;
}

void web_commit(struct web *web)
{
	if (!web->changes)
		return;
	if (web->listen_fd >= 0)
		shutdown(web->listen_fd, SHUT_RDWR); /* at once, whenever the thread gets to close it */
	if (web->open)
		order(web, web->next); /* which is now its own, with its descriptor */
	if (web->next)
		uv_timer_start(&web->sampler, on_sample, SAMPLE_MS, SAMPLE_MS);
	else
		uv_timer_stop(&web->sampler);
	if (web->next_where)
		news_say(engine_news(web->engine), LEVEL_INFO, "metrics", "http://%s/", web->next_where);
	else
		news_say(engine_news(web->engine), LEVEL_INFO, "metrics", "no longer served");
	free(web->where);
	web->where = web->next_where;
	web->listen_fd = web->next_fd;
	web->next_where = NULL;
	web->next = NULL;
	web->next_fd = -1;
	web->changes = false;
}

void web_cancel(struct web *web)
{
	web_server_close(web->next);
	free(web->next_where);
	web->next_where = NULL;
	web->next = NULL;
	web->next_fd = -1;
	web->changes = false;
}

void web_note_reload(struct web *web, bool accepted)
{
	__atomic_store_n(&web->handover.reload_failed, !accepted, __ATOMIC_RELAXED);
}

void web_stop(struct web *web)
{
	if (!web)
		return;
	if (web->open) {
		events_leave(&engine_news(web->engine)->events, &web->follower);
		close(web->order_fd[1]);
		web->order_fd[1] = -1;
	}
	uv_close((uv_handle_t *)&web->sampler, NULL);
}

void web_free(struct web *web)
{
	if (!web)
		return;
	if (web->open) {
		if (web->order_fd[1] >= 0)
			close(web->order_fd[1]);
		uv_thread_join(&web->thread);
		close(web->order_fd[0]);
	}
	web_cancel(web);
	web_answers_free(web->answers);
	history_file_close(web->history);
	free(web->where);
	free(web);
}
