/* SPDX-License-Identifier: MIT */
/*
 * Threads that are cancelled in connect().
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/clients/conn_world.h"

enum { WAITING_US = 10000 }; /* so long after its start a connect() to a silent server waits, and does nothing else */

/* One thread that connects, and what it leaves behind. */
struct victim {
	int fd, type;
	pid_t tid;
	atomic_int ready, cancelled;
	bool cleaned_up;
	uint64_t mask; /* as the cleanup handler finds it */
	int flags;     /* likewise */
	int result;
};

static uint64_t kernel_mask(void)
{
	uint64_t mask = 0;

	syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, sizeof mask);
	return mask;
}

static void clean_up(void *argument)
{
	struct victim *victim = argument;

	victim->cleaned_up = true;
	victim->mask = kernel_mask();
	victim->flags = fcntl(victim->fd, F_GETFL);
}

static void *connects(void *argument)
{
	struct victim *victim = argument;

	pthread_setcanceltype(victim->type, NULL);
	pthread_cleanup_push(clean_up, victim);
	victim->tid = (pid_t)syscall(SYS_gettid);
	victim->ready = 1;
	victim->result = world_connect(victim->fd, NEAR) == 0 ? 0 : errno;
	pthread_cleanup_pop(0);
	return NULL;
}

/* Those that a program may block: not the C library's own. */
static uint64_t visible(uint64_t mask)
{
	return mask & ~(7ull << 31);
}

/* Cancels a thread AFTER_US into its connect().  True: that ended it.
 * (What is cancelled in the few microseconds in which signals are held off cleans up with these blocked, and ends so.) */
static bool cancel(struct victim *victim, int type, int flags, int after_us)
{
	const uint64_t mask = kernel_mask();
	pthread_t thread;
	void *result;

	*victim = (struct victim){ .fd = world_socket(NEAR, flags), .type = type };
	const int before = fcntl(victim->fd, F_GETFL);
	expect(pthread_create(&thread, NULL, connects, victim) == 0, "pthread_create");
	while (!victim->ready)
		;
	for (const uint64_t until_us = world_now_us() + (uint64_t)after_us; world_now_us() < until_us;)
		;
	pthread_cancel(thread);
	const uint64_t began_us = world_now_us();
	expect(pthread_join(thread, &result) == 0, "pthread_join");
	expect_ms(began_us, 0, 300);
	expect(kernel_mask() == mask, "the other thread's mask is %lx", (unsigned long)kernel_mask());
	expect(fcntl(victim->fd, F_GETFL) == before, "flags %x", fcntl(victim->fd, F_GETFL));
	if (result == PTHREAD_CANCELED) {
		expect(victim->cleaned_up, "not cleaned up");
		expect(victim->flags == before, "flags %x when cleaning up", victim->flags);
		expect(after_us < WAITING_US || visible(victim->mask) == visible(mask), "mask %lx when cleaning up",
		       (unsigned long)victim->mask);
	}
	close(victim->fd);
	return result == PTHREAD_CANCELED;
}

static void test_deferred(void)
{
	struct victim victim;

	world_paint(NEAR, "ss");
	expect(cancel(&victim, PTHREAD_CANCEL_DEFERRED, 0, WAITING_US), "not cancelled: %s", strerror(victim.result));
}

static void test_asynchronous(void)
{
	struct victim victim;

	world_paint(NEAR, "ss");
	expect(cancel(&victim, PTHREAD_CANCEL_ASYNCHRONOUS, 0, WAITING_US), "not cancelled: %s",
	       strerror(victim.result));
}

static void any_moment(int type)
{
	world_paint(NEAR, "ss");
	for (unsigned i = 0; i < world_times(300); i++) {
		struct victim victim;
		expect(cancel(&victim, type, 0, (int)i % 60), "not cancelled: %s", strerror(victim.result));
	}
}

static void test_deferred_any_moment(void)
{
	any_moment(PTHREAD_CANCEL_DEFERRED);
}

static void test_asynchronous_any_moment(void)
{
	any_moment(PTHREAD_CANCEL_ASYNCHRONOUS);
}

/* What was sent before the call ends the thread at the call, which is a cancellation point. */
static void *connects_cancelled(void *argument)
{
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	pthread_cancel(pthread_self());
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	return connects(argument);
}

static void pending(const char *letters, int flags)
{
	struct victim victim = { .type = PTHREAD_CANCEL_DEFERRED };
	pthread_t thread;
	void *result;

	world_paint(NEAR, letters);
	victim.fd = world_socket(NEAR, flags);
	expect(pthread_create(&thread, NULL, connects_cancelled, &victim) == 0, "pthread_create");
	pthread_join(thread, &result);
	expect(result == PTHREAD_CANCELED, "not cancelled: %d", victim.result);
	expect(visible(victim.mask) == 0, "mask %lx when cleaning up", (unsigned long)victim.mask);
}

static void test_pending(void)
{
	pending("ll", 0);
}

static void test_pending_silent(void)
{
	pending("ss", 0);
}

static void test_pending_nonblocking(void)
{
	pending("ll", SOCK_NONBLOCK);
}

/* A thread that does not want to be cancelled is not, and is when it wants to be again. */
static void *connects_immune(void *argument)
{
	struct victim *victim = argument;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	connects(victim);
	while (!victim->cancelled)
		;
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	pthread_testcancel();
	return NULL;
}

static void test_disabled(void)
{
	struct victim victim = { .type = PTHREAD_CANCEL_DEFERRED, .result = -1 };
	pthread_t thread;
	void *result;

	world_paint(NEAR, "sl");
	victim.fd = world_socket(NEAR, 0);
	expect(pthread_create(&thread, NULL, connects_immune, &victim) == 0, "pthread_create");
	while (!victim.ready || (!world_is_waiting(victim.tid) && victim.result < 0))
		;
	pthread_cancel(thread);
	victim.cancelled = 1;
	pthread_join(thread, &result);
	expect(victim.result == 0, "%s", strerror(victim.result));
	expect(world_where(victim.fd) == NEAR + 1, "is at %d", world_where(victim.fd));
	expect(result == PTHREAD_CANCELED, "not cancelled afterwards");
}

/* Threads that connect again and again and are cancelled somewhere in that: no descriptor is lost. */
static void *connects_on(void *argument)
{
	for (;;) {
		pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
		const int fd = world_socket(NEAR, 0);
		*(atomic_int *)argument = fd;
		pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
		world_connect(fd, NEAR);
		pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
		close(fd);
		*(atomic_int *)argument = -1;
	}
	return NULL;
}

static int lowest_free(void)
{
	const int fd = dup(0);

	close(fd);
	return fd;
}

static void test_descriptors(void)
{
	world_paint(NEAR, "rL"); /* each of them is moved, and reported */
	const int lowest = lowest_free();
	for (unsigned i = 0; i < world_times(200); i++) {
		atomic_int fd = -1;
		pthread_t thread;
		expect(pthread_create(&thread, NULL, connects_on, &fd) == 0, "pthread_create");
		usleep(i * 7 % 400);
		pthread_cancel(thread);
		pthread_join(thread, NULL);
		if (fd >= 0)
			close(fd);
		expect(lowest_free() == lowest, "%d is left open", lowest);
	}
}

static const struct world_test tests[] = {
	{ "deferred", test_deferred, 0, 0 },
	{ "asynchronous", test_asynchronous, 0, 0 },
	{ "deferred, at any moment", test_deferred_any_moment, 0, 30 },
	{ "asynchronous, at any moment", test_asynchronous_any_moment, 0, 30 },
	{ "cancelled before the call", test_pending, 0, 0 },
	{ "cancelled before the call, silent", test_pending_silent, 0, 0 },
	{ "cancelled before the call, non-blocking", test_pending_nonblocking, 0, 0 },
	{ "disabled", test_disabled, ONLY_WITH, 0 },
	{ "no descriptor is lost", test_descriptors, 0, 30 },
};

int main(int argc, char **argv)
{
	return world_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
