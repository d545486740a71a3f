/* SPDX-License-Identifier: MIT */
#include "probe/check/curl_loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "probe/engine/clock.h"

struct curl_loop {
	struct curl_loop *next;
	char *ca_file;
	CURLM *multi;
	uv_loop_t *loop;
	uv_timer_t timer;
	curl_loop_done *done;
};

/* A socket that libcurl wants to be told about. */
struct watched {
	uv_poll_t poll;
	struct curl_loop *owner;
	curl_socket_t socket;
	int events;
};

int curl_loop_setup(void)
{
	return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 0 : -ENOMEM;
}

static void tell_ended(struct curl_loop *loop)
{
	CURLMsg *message;
	int left;
	while ((message = curl_multi_info_read(loop->multi, &left))) {
		if (message->msg != CURLMSG_DONE)
			continue;
		CURL *easy = message->easy_handle;
		CURLcode result = message->data.result; /* the message goes with the handle */
		void *owner = NULL;
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, &owner);
		curl_multi_remove_handle(loop->multi, easy);
		loop->done(owner, result);
	}
}

static void on_timer(uv_timer_t *timer)
{
	struct curl_loop *loop = timer->data;
	int running;
	curl_multi_socket_action(loop->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	tell_ended(loop);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct watched *watched = poll->data;
	struct curl_loop *loop = watched->owner; /* WATCHED may go in the next call */
	int running, what = status < 0 ? CURL_CSELECT_ERR : 0;
	if (status < 0) /* libuv gives up on a socket that had an error; libcurl may go on with it */
		uv_poll_start(poll, watched->events, on_poll);
	what |= events & UV_READABLE ? CURL_CSELECT_IN : 0;
	what |= events & UV_WRITABLE ? CURL_CSELECT_OUT : 0;
	curl_multi_socket_action(loop->multi, watched->socket, what, &running);
	tell_ended(loop);
}

static void free_watched(uv_handle_t *poll)
{
	free(poll->data);
}

static struct watched *watch(struct curl_loop *loop, curl_socket_t socket)
{
	struct watched *watched = calloc(1, sizeof *watched);
	if (!watched || uv_poll_init(loop->loop, &watched->poll, socket) < 0) {
		free(watched);
		return NULL;
	}
	watched->poll.data = watched;
	watched->owner = loop;
	watched->socket = socket;
	curl_multi_assign(loop->multi, socket, watched);
	return watched;
}

static int on_socket_wish(CURL *easy, curl_socket_t socket, int what, void *context, void *socket_context)
{
	struct curl_loop *loop = context;
	struct watched *watched = socket_context;
	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (watched)
			uv_close((uv_handle_t *)&watched->poll, free_watched);
		curl_multi_assign(loop->multi, socket, NULL);
		return 0;
	}
	if (!watched && !(watched = watch(loop, socket)))
		return -1;
	watched->events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
	return uv_poll_start(&watched->poll, watched->events, on_poll) < 0 ? -1 : 0;
}

static int on_timer_wish(CURLM *multi, long timeout_ms, void *context)
{
	struct curl_loop *loop = context;
	(void)multi;
	if (timeout_ms < 0)
		uv_timer_stop(&loop->timer);
	else
		clock_start_timer(&loop->timer, on_timer, (uint64_t)timeout_ms);
	return 0;
}

static struct curl_loop *new_loop(uv_loop_t *loop, const char *ca_file)
{
	struct curl_loop *new = calloc(1, sizeof *new);
	if (!new)
		return NULL;
	new->ca_file = strdup(ca_file);
	new->multi = curl_multi_init();
	if (!new->ca_file || !new->multi) {
		curl_multi_cleanup(new->multi);
		free(new->ca_file);
		free(new);
		return NULL;
	}
	new->loop = loop;
	uv_timer_init(loop, &new->timer);
	new->timer.data = new;
	curl_multi_setopt(new->multi, CURLMOPT_SOCKETFUNCTION, on_socket_wish);
	curl_multi_setopt(new->multi, CURLMOPT_SOCKETDATA, new);
	curl_multi_setopt(new->multi, CURLMOPT_TIMERFUNCTION, on_timer_wish);
	curl_multi_setopt(new->multi, CURLMOPT_TIMERDATA, new);
	curl_multi_setopt(new->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
	return new;
}

struct curl_loop *curl_loop_for(struct curl_loop **list, uv_loop_t *loop, const char *ca_file)
{
	while (*list && strcmp((*list)->ca_file, ca_file) != 0)
		list = &(*list)->next;
	if (!*list)
		*list = new_loop(loop, ca_file);
	return *list;
}

CURLMcode curl_loop_add(struct curl_loop *loop, CURL *easy, curl_loop_done *done)
{
	loop->done = done;
	return curl_multi_add_handle(loop->multi, easy);
}

void curl_loop_remove(struct curl_loop *loop, CURL *easy)
{
	curl_multi_remove_handle(loop->multi, easy);
}

static void free_loop(uv_handle_t *timer)
{
	struct curl_loop *loop = timer->data;
	free(loop->ca_file);
	free(loop);
}

void curl_loop_close_all(struct curl_loop *list)
{
	while (list) {
		struct curl_loop *next = list->next;
		curl_multi_cleanup(list->multi);
		uv_close((uv_handle_t *)&list->timer, free_loop);
		list = next;
	}
}
