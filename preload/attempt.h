/* SPDX-License-Identifier: MIT */
/*
 * attempt.h - one attempt at one address, on the client's own socket, with a deadline.
 */
#ifndef MPFAILOVER_ATTEMPT_H
#define MPFAILOVER_ATTEMPT_H

#include "preload/interrupt.h"
#include "preload/socket.h"

enum attempt_end {
	ATTEMPT_CONNECTED,
	ATTEMPT_FAILED,      /* errno says that this candidate cannot be reached: report it, try the next */
	ATTEMPT_LOCAL,       /* errno says that this machine will not let us there: try the next */
	ATTEMPT_CLIENTS,     /* errno is about the call, not about the candidate: the client's at once */
	ATTEMPT_SILENT,      /* the deadline passed; the attempt is still under way */
	ATTEMPT_NATIVE,      /* one of the client's own is under way: connect() once more, as the client called it, has the answer */
	ATTEMPT_OTHER,       /* not TCP after all; errno 0: connected, EINPROGRESS: under way */
	ATTEMPT_UNWATCHED,   /* it is under way, and this process may not wait for it (RLIMIT_NOFILE, a sandbox) */
	ATTEMPT_INTERRUPTED, /* a handler ran that does not let a call go on: EINTR; still under way */
};

/* What a connect() that failed with ERROR says: FAILED, LOCAL or CLIENTS. */
enum attempt_end attempt_meaning(int error);

/* Both with signals held, on a socket that is fresh or was reset; or, the first time and at the address that the client asked for, on one
 * that has not been checked: two system calls that a connect to a living server can do without. */

/* Sends the first packet, and looks whether the answer is there already (loopback).  SILENT: under way. */
enum attempt_end attempt_start(struct client_socket *socket, const struct endpoint *to);

/* Waits for one that is under way. */
enum attempt_end attempt_wait(struct client_socket *socket, const struct interrupt *hold, const struct endpoint *to,
			      uint64_t wait_us);

#endif
