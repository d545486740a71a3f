/* SPDX-License-Identifier: MIT */
#include "preload/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* From 32 up to SIGRTMIN, which glibc and musl put in different places, they are the C library's own (cancellation, setuid of all
 * threads), invisible to the client. */
enum { KERNEL_SIGNALS = 64, FIRST_OF_LIBC = 32, LONGEST_WAIT_S = 3600 };

/* What a thread does to itself.  The kernel kills for one of these that is held off; SIGSYS is how some sandboxes get to see a call. */
static const int synchronous[] = { SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV, SIGSYS };

/* Straight to the kernel: libc's sigprocmask() leaves out the signals by which it cancels threads. */
static void set_mask(const uint64_t *mask, uint64_t *old)
{
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, mask, old, sizeof *mask);
}

#ifdef __GLIBC__
/* Before 2.34 it is libpthread's, which is there if there are threads to cancel; its oldest version exists in all. */
#if defined(__x86_64__)
__asm__(".symver pthread_testcancel, pthread_testcancel@GLIBC_2.2.5");
#elif defined(__i386__)
__asm__(".symver pthread_testcancel, pthread_testcancel@GLIBC_2.0");
#endif
#endif
#pragma weak pthread_testcancel

void interrupt_hold(struct interrupt *hold)
{
	uint64_t held = UINT64_MAX;
	for (unsigned i = 0; i < sizeof synchronous / sizeof synchronous[0]; i++)
		held &= ~(1ull << (synchronous[i] - 1));
	if (pthread_testcancel)
		pthread_testcancel();
	/* In this order, and back in the other: a handler that jumps out finds the thread as it was. */
	set_mask(&held, &hold->mask);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &hold->cancel);
}

void interrupt_release(const struct interrupt *hold)
{
	const int error = errno;
	pthread_setcancelstate(hold->cancel, NULL);
	set_mask(&hold->mask, NULL);
	errno = error;
}

/* With libc's ppoll(), which is a cancellation point. */
static int wait_cancellable(const struct interrupt *hold, struct pollfd *poll, uint64_t wait_us)
{
	const struct timespec wait = { .tv_sec = (time_t)(wait_us / 1000000),
		                       .tv_nsec = (long)(wait_us % 1000000 * 1000) };
	sigset_t mask;
	sigemptyset(&mask);
	__builtin_memcpy(&mask, &hold->mask, sizeof hold->mask);
	return ppoll(poll, 1, &wait, &mask);
}

static int wait_plain(const struct interrupt *hold, struct pollfd *poll, uint64_t wait_us)
{
	struct {
		long s, ns;
	} wait = { (long)(wait_us / 1000000), (long)(wait_us % 1000000 * 1000) };
	return (int)syscall(SYS_ppoll, poll, 1, &wait, &hold->mask, sizeof hold->mask);
}

int interrupt_wait(const struct interrupt *hold, int fd, uint64_t wait_us, bool cancellable)
{
	struct pollfd poll = { .fd = fd, .events = POLLOUT };
	if (wait_us > LONGEST_WAIT_S * 1000000ull)
		wait_us = LONGEST_WAIT_S * 1000000ull;
	pthread_setcancelstate(hold->cancel, NULL);
	const int ready = cancellable ? wait_cancellable(hold, &poll, wait_us) : wait_plain(hold, &poll, wait_us);
	const int error = errno;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	errno = error;
	return ready > 0 ? poll.revents : ready;
}

/* The kernel's own struct sigaction, of which only the flags matter here: on x86 the handler, then the flags. */
bool interrupt_restarts(const struct interrupt *hold)
{
	for (int number = 1; number <= KERNEL_SIGNALS; number++) {
		struct {
			void *handler;
			unsigned long flags;
			void *restorer;
			uint64_t mask;
			uint64_t room[4];
		} action = { .handler = NULL };
		const bool blocked = hold->mask >> (number - 1) & 1;
		if (blocked || (number >= FIRST_OF_LIBC && number < SIGRTMIN))
			continue;
		if (syscall(SYS_rt_sigaction, number, NULL, &action, sizeof action.mask) < 0)
			continue;
		const bool handled = action.handler != (void *)SIG_DFL && action.handler != (void *)SIG_IGN;
		if (handled && !(action.flags & SA_RESTART))
			return false;
	}
	return true;
}
