/* SPDX-License-Identifier: MIT */
/*
 * interrupt.h - signals and cancellation, held off while the client's socket is not as the client left it.
 *
 * They are let in only while a call waits, when the socket is as in a native connect(): a handler may then siglongjmp() out, and a
 * cancelled thread may end.
 */
#ifndef MPFAILOVER_INTERRUPT_H
#define MPFAILOVER_INTERRUPT_H

#include <stdbool.h>
#include <stdint.h>

struct interrupt {
	uint64_t mask; /* the client's, in the kernel's form */
	int cancel;
};

/* First ends the thread if it has been cancelled: connect() is a cancellation point. */
void interrupt_hold(struct interrupt *hold);
void interrupt_release(const struct interrupt *hold);

/* Waits until FD can be written or has failed, at most WAIT_US, with the client's mask in force.
 * Returns poll()'s revents, 0 when the time is up, -1 and errno EINTR when a handler ran, -1 and another when there is no
 * waiting.  CANCELLABLE: may end the thread, as a native blocking
 * connect() may. */
int interrupt_wait(const struct interrupt *hold, int fd, uint64_t wait_us, bool cancellable);

/* Would a native call have gone on after the handler that just ran?  Only if every handler that could have run has
 * SA_RESTART, since there is no telling which one it was.  (About 9 us.) */
bool interrupt_restarts(const struct interrupt *hold);

#endif
