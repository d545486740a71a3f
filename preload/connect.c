/* SPDX-License-Identifier: MIT */
#include "preload/connect.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "preload/attempt.h"
#include "preload/budget.h"
#include "preload/choose.h"
#include "preload/memo.h"
#include "preload/next.h"
#include "preload/note.h"
#include "preload/plan.h"
#include "preload/report.h"
#include "preload/setup.h"
#include "preload/system.h"
#include "preload/view.h"

/* If the asked address answered with an error of its own, the client is not kept from it for longer than this. */
enum { KNOWN_ERROR_US = 1000000 };

/* One attempt of a watched connect. */
struct trial {
	int position; /* in the list */
	bool last;    /* what is left of the call's time is no use to another */
	struct endpoint to;
	enum attempt_end end;
	int error;    /* errno, unless it connected */
	bool put_off; /* its source is not to be had: not tried yet, but it will be, without */
	uint64_t began_us;
};

/* One connect() of the client's. */
struct call {
	const struct mpf_header *table;
	struct snapshot snapshot;
	struct choose_list list;
	struct endpoint asked;
	enum choose_reach reach;
	int sticky;
	uint32_t now_ms;
	uint64_t began_us;
	struct client_socket socket;
	struct trial trial; /* the present one */
	const char *why;    /* for people: what the next one is tried for */
	int asked_error;    /* the asked address's own, 0: it gave none */
	int first_error;    /* of the best candidate that gave one */
	uint64_t limit_us;  /* from began_us: when the call ends; 0: not yet looked up */
	bool native;        /* one of the client's own is under way */
	bool other;         /* not a socket for us after all */
	bool may_go_on;     /* at the limit the attempt stays under way (EINPROGRESS) */
};

/* Where an attempt at CANDIDATE goes. */
static struct endpoint endpoint_of(const struct mpf_candidate *candidate, const struct endpoint *asked)
{
	struct endpoint endpoint = { .scope = candidate->scope,
		                     .port = candidate->port ? (uint16_t)candidate->port : asked->port };
	memcpy(endpoint.address, candidate->address, sizeof endpoint.address);
	return endpoint;
}

static bool is_asked(const struct endpoint *endpoint, const struct endpoint *asked)
{
	return endpoint->port == asked->port && (!endpoint->scope || endpoint->scope == asked->scope) &&
	       !memcmp(endpoint->address, asked->address, sizeof asked->address);
}

static const struct mpf_candidate *candidate_at(const struct call *call, int position)
{
	return &call->snapshot.candidate[call->list.candidate[position]];
}

/* The source address that an attempt at CANDIDATE has to have, NULL: any. */
static const uint8_t *source_of(const struct mpf_candidate *candidate)
{
	return candidate->has_source ? candidate->source : NULL;
}

static bool goes_to_asked(const struct call *call, int position)
{
	const struct endpoint to = endpoint_of(candidate_at(call, position), &call->asked);
	return is_asked(&to, &call->asked);
}

/* The connection goes to list position POSITION, established or under way: tell who wants to know if that is not what was asked. */
static void settle(const struct call *call, int position, const char *why)
{
	const unsigned index = call->list.candidate[position];
	const struct mpf_candidate *candidate = &call->snapshot.candidate[index];
	const struct endpoint used = endpoint_of(candidate, &call->asked);
	if (goes_to_asked(call, position)) {
		memo_note_stayed(&call->asked);
		return;
	}
	const uint64_t elapsed_us = system_now_us() - call->began_us;
	if ((int)index != call->sticky)
		memo_note_moved(&call->asked, candidate, call->now_ms);
	report_send(call->table, &call->snapshot, MPF_REPORT_MOVED, index, 0, elapsed_us);
	note_moved(&call->snapshot, &call->asked, &used, why, elapsed_us);
}

/* The attempt at POSITION failed with ERROR, or let its deadline pass (ETIMEDOUT). */
static void blame(struct call *call, int position, int error, uint64_t elapsed_us)
{
	const unsigned index = call->list.candidate[position];
	const bool told = report_send(call->table, &call->snapshot, MPF_REPORT_FAILED, index, error, elapsed_us);
	memo_note_failed(&call->snapshot.candidate[index], call->asked.port, system_clock_ms(CLOCK_MONOTONIC_COARSE),
	                 told);
}

/* The best candidate and nothing else, as the client would have called it. */
static int connect_unwatched(struct call *call, const struct sockaddr *address, socklen_t length)
{
	const uint8_t *source = source_of(candidate_at(call, 0));
	if (goes_to_asked(call, 0) && !source)
		return next_functions()->connect(call->socket.fd, address, length);
	const struct endpoint to = endpoint_of(candidate_at(call, 0), &call->asked);
	union endpoint_sockaddr moved;
	call->began_us = system_now_us();
	const socklen_t moved_length = endpoint_to_sockaddr(&to, call->socket.family, &moved);
	socket_clear_fastopen(call->socket.fd);
	socket_bind_source(&call->socket, source); /* if that is not to be had, better from anywhere than not at all */
	const int result = next_functions()->connect(call->socket.fd, &moved.any, moved_length);
	const int error = errno;
	struct interrupt hold;
	interrupt_hold(&hold); /* a handler that jumps out must not leave a descriptor behind */
	if (result < 0 && attempt_meaning(error) == ATTEMPT_FAILED)
		blame(call, 0, error, 0);
	if (result == 0 || error == EINPROGRESS)
		settle(call, 0, "verdict");
	else
		socket_bind_source(&call->socket, NULL);
	interrupt_release(&hold);
	errno = error;
	return result;
}

/* ------------------------------------------------------------------------------------------------ the watched connect */

/* What is left of the time that this call may take, in microseconds. */
static uint64_t time_left(struct call *call, uint64_t now_us)
{
	if (!call->limit_us) {
		const uint64_t send_timeout_us = socket_send_timeout_us(call->socket.fd);
		call->socket.timed = call->may_go_on = send_timeout_us != 0;
		call->limit_us = send_timeout_us ? send_timeout_us : socket_patience_us(call->socket.fd);
	}
	const uint64_t limit_us =
		call->asked_error && call->limit_us > KNOWN_ERROR_US ? KNOWN_ERROR_US : call->limit_us;
	const uint64_t elapsed_us = now_us - call->began_us;
	return elapsed_us < limit_us ? limit_us - elapsed_us : 0;
}

static int client_error(int error)
{
	errno = error;
	return -1;
}

/* The present trial has a connection. */
static int connected(const struct call *call)
{
	memo_note_worked(candidate_at(call, call->trial.position), call->asked.port);
	settle(call, call->trial.position, call->why);
	return 0;
}

/* The present trial is under way, and is left so: EINPROGRESS or EINTR. */
static int under_way(const struct call *call, const char *why, int error)
{
	settle(call, call->trial.position, why);
	return client_error(error);
}

/* Ends the present trial, for another one or for good.  SOCKET_CONNECTED: it has succeeded after all. */
static enum socket_state end_trial(struct call *call)
{
	const enum socket_state state = socket_reset(&call->socket);
	return state == SOCKET_CONNECTED && socket_finish(&call->socket, &call->trial.to) < 0 ? SOCKET_STRANGE : state;
}

/* All have failed: ERROR for the client, on a socket that can be used again. */
static int give_up(struct call *call, int error)
{
	int pending;
	socklen_t length = sizeof pending;
	const enum socket_state state = end_trial(call);
	if (state == SOCKET_CONNECTED)
		return connected(call);
	if (state == SOCKET_CLOSED) { /* which leaves an error of its own behind */
		getsockopt(call->socket.fd, SOL_SOCKET, SO_ERROR, &pending, &length);
		socket_bind_source(&call->socket, NULL);
	}
	return client_error(error);
}

/* The time is over, with the present trial under way. */
static int time_is_up(struct call *call, const struct plan *plan)
{
	if (call->asked_error && (plan_round_done(plan) || !call->may_go_on))
		return give_up(call, call->asked_error);
	return call->may_go_on ? under_way(call, "last-tried", EINPROGRESS) : give_up(call, ETIMEDOUT);
}

/* How long to wait for the present trial: its deadline DUE_US, or what the call's own limit leaves of it.
 * The next in this round wants to be tried too; but less than a handshake is known to take is not worth waiting, so then this is the last
 * one. */
static uint64_t share_us(struct call *call, const struct plan *plan, uint64_t due_us, uint64_t left_us)
{
	const uint64_t handshake_us = candidate_at(call, call->trial.position)->handshake_us;
	const uint64_t most_us = plan_round_done(plan) ? left_us : left_us / 2;
	if (due_us <= most_us)
		return due_us;
	if (most_us >= handshake_us || !call->may_go_on)
		return most_us;
	call->trial.last = true;
	return socket_is_blocking(&call->socket) ? left_us : 0;
}

/* Waits for the attempt that was started. */
static enum attempt_end wait_for(struct call *call, const struct interrupt *hold, const struct plan *plan,
                                 uint64_t due_us)
{
	const uint64_t now_us = system_now_us();
	const uint64_t wait_us = share_us(call, plan, due_us, time_left(call, now_us));
	if (!wait_us)
		return ATTEMPT_SILENT;
	const enum attempt_end end = attempt_wait(&call->socket, hold, &call->trial.to, wait_us);
	const int error = errno;
	if (!socket_is_blocking(&call->socket))
		budget_spend(now_us, system_now_us() - now_us);
	errno = error;
	return end;
}

static void try_one(struct call *call, const struct interrupt *hold, const struct plan *plan, uint64_t due_us)
{
	struct trial *trial = &call->trial;
	trial->to = endpoint_of(candidate_at(call, trial->position), &call->asked);
	trial->last = false;
	/* Where an uplink's address is gone with its link, better by another one, and better from anywhere than not at all. */
	const bool bound = socket_bind_source(&call->socket, source_of(candidate_at(call, trial->position))) == 0;
	trial->put_off = !bound && plan->round == 0;
	if (!bound)
		socket_bind_source(&call->socket, NULL);
	trial->end = trial->put_off ? ATTEMPT_LOCAL : attempt_start(&call->socket, &trial->to);
	if (trial->end == ATTEMPT_SILENT)
		trial->end = wait_for(call, hold, plan, due_us);
	trial->error = trial->end == ATTEMPT_SILENT ? ETIMEDOUT : errno;
}

/* The candidate gave an error, or nothing within DUE_US: remember it, and tell the daemon what is about the candidate. */
static void note_failure(struct call *call, struct plan *plan, uint64_t due_us)
{
	const struct trial *trial = &call->trial;
	const uint64_t took_us = system_now_us() - trial->began_us;
	if (trial->end == ATTEMPT_SILENT) {
		plan_note_silent(plan, trial->position);
		/* Cut short by the call's own limit it proves nothing of one that may be far away; in a later round it is no news. */
		const bool measured = candidate_at(call, trial->position)->handshake_us != 0;
		const uint64_t proof_us = measured ? due_us : (uint64_t)call->snapshot.service.attempt_floor_ms * 1000;
		if (plan->round == 0 && took_us >= proof_us)
			blame(call, trial->position, trial->error, took_us);
		call->why = "deadline";
		return;
	}
	call->why = "error";
	if (trial->put_off) {
		plan_note_silent(plan, trial->position);
		return;
	}
	plan_note_failed(plan, trial->position);
	if (trial->end == ATTEMPT_FAILED)
		blame(call, trial->position, trial->error, took_us);
	if (is_asked(&trial->to, &call->asked))
		call->asked_error = trial->error;
	if (!call->first_error)
		call->first_error = trial->error;
}

/* Tries one after the other on the same descriptor until one answers or the time is up. */
static int try_all(struct call *call, const struct interrupt *hold)
{
	struct plan plan;
	uint64_t due_us;
	int position;
	plan_start(&plan, &call->snapshot, &call->list, call->reach);
	for (bool first = true; (position = plan_next(&plan, &due_us)) >= 0; first = false) {
		const enum socket_state before = first ? SOCKET_CLOSED : end_trial(call);
		if (before != SOCKET_CLOSED)
			return before == SOCKET_CONNECTED ? connected(call) : client_error(EBADF);
		call->trial.position = position;
		call->trial.began_us = first ? call->began_us : system_now_us();
		try_one(call, hold, &plan, due_us);
		switch (call->trial.end) {
		case ATTEMPT_CONNECTED:
			return connected(call);
		case ATTEMPT_UNWATCHED:
			call->native = socket_is_blocking(&call->socket);
			return under_way(call, "last-tried", EINPROGRESS);
		case ATTEMPT_INTERRUPTED:
			return under_way(call, "interrupted", EINTR);
		case ATTEMPT_NATIVE:
			call->native = true;
			return -1;
		case ATTEMPT_OTHER:
			call->other = true;
			return call->trial.error ? client_error(call->trial.error) : 0;
		case ATTEMPT_CLIENTS:
			return client_error(call->trial.error);
		case ATTEMPT_SILENT:
			note_failure(call, &plan, due_us);
			if (call->trial.last || !time_left(call, system_now_us()))
				return time_is_up(call, &plan);
			break;
		case ATTEMPT_FAILED:
		case ATTEMPT_LOCAL:
			note_failure(call, &plan, due_us);
			break;
		}
	}
	return give_up(call, call->asked_error ? call->asked_error : call->first_error);
}

/* What was begun on a socket that is not TCP's: waits for it, as the client's call would have done. */
static int wait_as_other(int fd, const struct sockaddr *address, socklen_t length)
{
	const int result = next_functions()->connect(fd, address, length);
	if (result == 0 || errno != EALREADY) /* MPTCP waits when it is asked again, SCTP does not */
		return result;
	const uint64_t limit_us = socket_send_timeout_us(fd);
	struct pollfd wait = { .fd = fd, .events = POLLOUT };
	int error = EINPROGRESS;
	socklen_t size = sizeof error;
	const int ready = poll(&wait, 1, limit_us ? (int)(limit_us / 1000) : -1);
	if (ready < 0 || (ready > 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0))
		return -1;
	return error ? client_error(error) : 0;
}

static int connect_watched(struct call *call, const struct sockaddr *address, socklen_t length)
{
	struct interrupt hold;
	const int error = errno;
	call->began_us = system_now_us();
	call->asked_error = call->first_error = 0;
	call->native = call->other = false;
	call->why = "verdict";
	call->limit_us = 0;
	if (!socket_is_blocking(&call->socket)) {
		call->limit_us = budget_left_us(call->snapshot.service.nonblocking_wait_ms, call->began_us);
		call->may_go_on = true;
		if (!call->limit_us)
			return connect_unwatched(call, address, length);
	}
	interrupt_hold(&hold);
	const int result = try_all(call, &hold);
	socket_unpin(&call->socket);
	interrupt_release(&hold);
	if (call->native)
		return next_functions()->connect(call->socket.fd, address, length);
	if (call->other && result < 0)
		return wait_as_other(call->socket.fd, address, length);
	if (result == 0)
		errno = error;
	return result;
}

static bool find_service(struct call *call)
{
	const struct endpoint *asked = &call->asked;
	call->table = setup_table(&call->now_ms);
	return call->table && lookup_address(call->table, asked->address, asked->scope, asked->port, &call->snapshot);
}

/* Finds what there is to be tried; false: nothing, pass through.  No system call but for native IPv6. */
static bool prepare(struct call *call, int fd, const struct sockaddr *address, socklen_t length)
{
	if (!endpoint_from_sockaddr(&call->asked, address, length))
		return false;
	if (!find_service(call) || (view_renew(call->now_ms) && !find_service(call)) ||
	    !setup_service_in_force(call->table, &call->snapshot.service, call->now_ms))
		return false;
	const int error = errno;
	call->reach = socket_reach(fd, &call->asked);
	call->sticky = memo_sticky(&call->snapshot, &call->asked, call->now_ms);
	const struct choose_request request = { .reach = call->reach,
		                                .failed = memo_failed(&call->snapshot, call->asked.port, call->now_ms),
		                                .sticky = call->sticky,
		                                .address = call->asked.address };
	choose_order(&call->snapshot, &request, &call->list);
	errno = error;
	return call->list.count > 0;
}

/* ADDRESS is one of ours. */
__attribute__((noinline)) static int connect_ours(int fd, const struct sockaddr *address, socklen_t length)
{
	struct call call;
	if (!prepare(&call, fd, address, length))
		return next_functions()->connect(fd, address, length);
	const int error = errno;
	const bool moves = !goes_to_asked(&call, 0) || source_of(candidate_at(&call, 0));
	/* The only one, and it is what was asked for: there is nothing to add. */
	bool ours = (moves || call.list.count > 1) && socket_begin(&call.socket, fd, address->sa_family);
	/* Moving needs to know first that the socket is fresh, and a client that does not block may be asking how it went.  Else
	 * an attempt at the asked address tells, and a connect to a living server does without two system calls. */
	if (ours && (moves || !socket_is_blocking(&call.socket)))
		ours = call.socket.checked = socket_is_fresh(fd);
	errno = error;
	if (!ours)
		return next_functions()->connect(fd, address, length);
	return call.list.count > 1 ? connect_watched(&call, address, length)
	                           : connect_unwatched(&call, address, length);
}

__attribute__((noinline)) static bool is_ours(const struct sockaddr *address, socklen_t length)
{
	struct endpoint asked;
	if (!endpoint_from_sockaddr(&asked, address, length))
		return false;
	const struct mpf_header *table = setup_table(NULL);
	return table && lookup_address(table, asked.address, asked.scope, asked.port, NULL);
}

/* What is not ours goes on by a jump, past no frame of ours: that is most calls, and the cost that matters. */
int connect_moved(int fd, const struct sockaddr *address, socklen_t length)
{
	return is_ours(address, length) ? connect_ours(fd, address, length)
	                                : next_functions()->connect(fd, address, length);
}
