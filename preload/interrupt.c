/* SPDX-License-Identifier: MIT */
#include "preload/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* 32 to 34 are the C library's own (cancellation, setuid of all threads), invisible to the client. */
enum { KERNEL_SIGNALS = 64, FIRST_OF_LIBC = 32, LAST_OF_LIBC = 34, LONGEST_WAIT_S = 3600 };

/* Straight to the kernel: libc's sigprocmask() leaves out the signals by which it cancels threads. */
static void set_mask(const uint64_t *mask, uint64_t *old)
{
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, mask, old, sizeof *mask);
}

void interrupt_hold(struct interrupt *hold)
{
	static const uint64_t all = UINT64_MAX;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &hold->cancel);
	set_mask(&all, &hold->mask);
}

void interrupt_release(const struct interrupt *hold)
{
	const int error = errno;
	set_mask(&hold->mask, NULL);
	pthread_setcancelstate(hold->cancel, NULL);
	errno = error;
}

int interrupt_wait(const struct interrupt *hold, int fd, uint64_t wait_us, bool cancellable)
{
	struct pollfd poll = { .fd = fd, .events = POLLOUT };
	int ready;
	if (wait_us > LONGEST_WAIT_S * 1000000ull)
		wait_us = LONGEST_WAIT_S * 1000000ull;
	if (cancellable) {
		struct timespec wait = { .tv_sec = (time_t)(wait_us / 1000000),
			                 .tv_nsec = (long)(wait_us % 1000000 * 1000) };
		sigset_t mask;
		sigemptyset(&mask);
		__builtin_memcpy(&mask, &hold->mask, sizeof hold->mask);
		pthread_setcancelstate(hold->cancel, NULL);
		ready = ppoll(&poll, 1, &wait, &mask);
		const int error = errno;
		pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
		errno = error;
	} else {
		struct {
			long s, ns;
		} wait = { (long)(wait_us / 1000000), (long)(wait_us % 1000000 * 1000) };
		ready = (int)syscall(SYS_ppoll, &poll, 1, &wait, &hold->mask, sizeof hold->mask);
	}
	return ready > 0 ? poll.revents : ready;
}

/* The kernel's own struct sigaction, of which only the flags matter here: on x86 the handler, then the flags. */
bool interrupt_restarts(void)
{
	for (int number = 1; number <= KERNEL_SIGNALS; number++) {
		struct {
			void *handler;
			unsigned long flags;
			void *restorer;
			uint64_t mask;
			uint64_t room[4];
		} action = { .handler = NULL };
		if (number >= FIRST_OF_LIBC && number <= LAST_OF_LIBC)
			continue;
		if (syscall(SYS_rt_sigaction, number, NULL, &action, sizeof action.mask) < 0)
			continue;
		const bool handled = action.handler != (void *)SIG_DFL && action.handler != (void *)SIG_IGN;
		if (handled && !(action.flags & SA_RESTART))
			return false;
	}
	return true;
}
