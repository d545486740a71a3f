/* SPDX-License-Identifier: MIT */
/* A TCP handshake, and no more. */
#include "probe/check/check_kind.h"

#include <errno.h>
#include <stdlib.h>

#include "probe/engine/clock.h"

struct tcp_check {
	struct check base;
	uv_tcp_t tcp;
	uv_timer_t deadline;
	uv_connect_t request;
	struct outcome early; /* known before the loop has turned */
	unsigned open;        /* handles */
};

static void on_closed(uv_handle_t *handle)
{
	struct tcp_check *check = handle->data;
	if (--check->open == 0)
		free(check);
}

static void close_handles(struct check *base)
{
	struct tcp_check *check = (struct tcp_check *)base;
	uv_close((uv_handle_t *)&check->deadline, on_closed);
	if (check->open == 2)
		uv_close((uv_handle_t *)&check->tcp, on_closed);
}

static void finish(struct tcp_check *check, const struct outcome *outcome)
{
	close_handles(&check->base);
	check->base.done(check->base.owner, outcome);
}

static uint32_t handshake_us(const struct tcp_check *check)
{
	uv_os_fd_t socket;
	return uv_fileno((const uv_handle_t *)&check->tcp, &socket) == 0 ? dial_handshake_us(socket) : 0;
}

static void on_connect(uv_connect_t *request, int status)
{
	struct tcp_check *check = request->data;
	if (status == UV_ECANCELED) /* we are closing it */
		return;
	struct outcome outcome = { .kind = OUTCOME_SUCCESS, .reason = MPF_REASON_CONNECTED };
	/* Reset after the handshake: whether we see that is a matter of chance, so it must not count. */
	if (status < 0 && status != UV_ECONNRESET)
		outcome = outcome_from_errno(-status);
	else
		outcome.handshake_us = handshake_us(check);
	finish(check, &outcome);
}

static void on_early(uv_timer_t *deadline)
{
	struct tcp_check *check = deadline->data;
	finish(check, &check->early);
}

static void on_deadline(uv_timer_t *deadline)
{
	struct outcome silence = outcome_from_errno(ETIMEDOUT);
	silence.unanswered = true;
	finish(deadline->data, &silence);
}

/* An uplink that is not there is the candidate's failure, not this machine's. */
static struct outcome outcome_of_bind(int error)
{
	if (error == EADDRNOTAVAIL || error == ENODEV)
		return (struct outcome){ OUTCOME_FAILURE, MPF_REASON_UNREACHABLE, .detail = (uint32_t)error };
	return outcome_from_errno(error);
}

/* False: *OUTCOME is known already. */
static bool begin(struct tcp_check *check, uv_loop_t *loop, const struct dial *dial, struct outcome *outcome)
{
	int result = uv_tcp_init_ex(loop, &check->tcp, (unsigned)dial_family(dial));
	if (result < 0) {
		*outcome = outcome_from_errno(-result);
		return false;
	}
	check->tcp.data = check;
	check->open++;
	uv_os_fd_t socket;
	uv_fileno((uv_handle_t *)&check->tcp, &socket);
	result = dial_bind(dial, socket);
	if (result < 0) {
		*outcome = outcome_of_bind(-result);
		return false;
	}
	union endpoint_sockaddr to;
	dial_sockaddr(dial, &to);
	check->request.data = check;
	result = uv_tcp_connect(&check->request, &check->tcp, &to.any, on_connect);
	if (result < 0)
		*outcome = outcome_from_errno(-result);
	return result == 0;
}

struct check *check_tcp_start(struct check_world *world, const struct check_target *target, uint32_t timeout_ms)
{
	struct tcp_check *check = calloc(1, sizeof *check);
	if (!check)
		return NULL;
	check->base.cancel = close_handles;
	uv_timer_init(world->loop, &check->deadline);
	check->deadline.data = check;
	check->open = 1;
	if (begin(check, world->loop, &target->dial, &check->early))
		clock_start_timer(&check->deadline, on_deadline, timeout_ms);
	else
		clock_start_timer(&check->deadline, on_early, 0);
	return &check->base;
}
