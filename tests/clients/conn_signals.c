/* SPDX-License-Identifier: MIT */
/*
 * Signals that arrive while a blocking connect() waits.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/clients/conn_world.h"

static volatile sig_atomic_t handled;
static sigjmp_buf way_out;
static timer_t timer;

static void on_signal(int number)
{
	(void)number;
	handled++;
}

static void jump_out(int number)
{
	(void)number;
	handled++;
	siglongjmp(way_out, 1);
}

static void install(int number, void (*handler)(int), int flags)
{
	const struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	sigaction(number, &action, NULL);
}

/* The signal NUMBER after AFTER_US, then every EVERY_US (0: not again). */
static void fire(int number, long after_us, long every_us)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = number };
	const struct itimerspec when = { { 0, every_us * 1000 }, { after_us / 1000000, after_us % 1000000 * 1000 } };

	if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 || timer_settime(timer, 0, &when, NULL) != 0)
		expect(false, "timer: %s", strerror(errno));
}

static void fire_no_more(void)
{
	timer_delete(timer);
}

static bool under_way(int fd)
{
	struct tcp_info info = { .tcpi_state = 0 };
	socklen_t length = sizeof info;

	getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length);
	return info.tcpi_state == TCP_SYN_SENT;
}

static uint64_t kernel_mask(void)
{
	uint64_t mask = 0;

	syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, sizeof mask);
	return mask;
}

static bool cancellable(void)
{
	int state;

	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state);
	return state == PTHREAD_CANCEL_ENABLE;
}

/* The kernel's patience with a socket, cut to what a test can wait for. */
static int impatient_socket(void)
{
	const int limit_ms = 1200, fd = world_socket(NEAR, 0);

	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit_ms, sizeof limit_ms);
	return fd;
}

/* A silent server that answers again from the next first packet on. */
static void revive(unsigned place)
{
	while (world_poll(world_server(place), POLLIN, 0))
		close(world_accept(place));
}

/* ------------------------------------------------------------------------------------------------- handled or ignored */

static void moved_while(int number)
{
	world_paint(NEAR, "sl");
	const int fd = world_socket(NEAR, 0);
	fire(number, 3000, 3000);
	const uint64_t began_us = world_now_us();
	expect(world_connect(fd, NEAR) == 0, "%s", strerror(errno));
	expect_ms(began_us, 25, 45);
	expect(world_where(fd) == NEAR + 1, "is at %d", world_where(fd));
}

static void test_ignored(void)
{
	install(SIGALRM, SIG_IGN, 0);
	moved_while(SIGALRM);
}

static void test_default(void)
{
	moved_while(SIGWINCH);
}

static void test_restart(void)
{
	install(SIGALRM, on_signal, SA_RESTART);
	moved_while(SIGALRM);
	expect(handled >= 5, "handled %d", (int)handled);
}

static void test_restart_silent(void)
{
	world_paint(NEAR, "ss");
	const int fd = impatient_socket();
	install(SIGALRM, on_signal, SA_RESTART);
	fire(SIGALRM, 10000, 10000);
	const uint64_t began_us = world_now_us();
	expect(world_connect(fd, NEAR) == -1 && errno == ETIMEDOUT, "%s", strerror(errno));
	expect_ms(began_us, 1150, 1600);
	expect(handled >= 90, "handled %d", (int)handled);
}

static void test_stopped(void)
{
	world_paint(NEAR, "ss");
	const int fd = impatient_socket();
	install(SIGALRM, on_signal, 0); /* never sent */
	const pid_t self = getpid(), stopper = fork();
	if (stopper == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		usleep(20000); /* somewhere in the attempts */
		kill(self, SIGSTOP);
		usleep(20000); /* that is how long it is away */
		kill(self, SIGCONT);
		_exit(0);
	}
	expect(world_connect(fd, NEAR) == -1 && errno == ETIMEDOUT, "%s", strerror(errno));
	int status;
	expect(waitpid(stopper, &status, WNOHANG) == stopper, "was not stopped");
}

/* --------------------------------------------------------------------------------------------------------- interrupted */

static void interrupted_after_ms(int fd, int ms)
{
	const uint64_t began_us = world_now_us();
	fire(SIGALRM, ms * 1000, 0);
	expect(world_connect(fd, NEAR) == -1 && errno == EINTR, "%s", strerror(errno));
	expect_ms(began_us, ms, ms + 25);
	expect(handled == 1, "handled %d", (int)handled);
	expect(under_way(fd), "is not under way");
}

/* What the client may do then, until it is connected to PLACE, which was silent. */
static void goes_on_by_itself(int fd, unsigned place)
{
	fcntl(fd, F_SETFL, O_NONBLOCK);
	expect(world_connect(fd, NEAR) == -1 && errno == EALREADY, "%s", strerror(errno));
	expect(world_poll(fd, POLLOUT, 30) == 0, "is not silent");
	revive(place);
	expect(world_poll(fd, POLLOUT, 5000) == POLLOUT, "poll: %x", world_poll(fd, POLLOUT, 0));
	expect(world_error(fd) == 0, "SO_ERROR");
	expect(world_where(fd) == (int)place, "is at %d", world_where(fd));
	expect(world_connect(fd, NEAR) == 0, "%s", strerror(errno));
	expect(world_connect(fd, NEAR) == -1 && errno == EISCONN, "%s", strerror(errno));
}

static void test_interrupt(void)
{
	world_paint(NEAR, "ss");
	const int fd = world_socket(NEAR, 0);
	install(SIGALRM, on_signal, 0);
	interrupted_after_ms(fd, 10);
	goes_on_by_itself(fd, NEAR);
}

static void test_interrupt_second(void)
{
	world_paint(NEAR, "ssl");
	const int fd = world_socket(NEAR, 0);
	install(SIGALRM, on_signal, 0);
	interrupted_after_ms(fd, 35);
	goes_on_by_itself(fd, NEAR + 1);
}

/* connect() once more, blocking: waits for the same attempt. */
static void test_interrupt_again(void)
{
	world_paint(NEAR, "ss");
	const int fd = world_socket(NEAR, 0);
	install(SIGALRM, on_signal, 0);
	interrupted_after_ms(fd, 10);
	revive(NEAR);
	expect(world_connect(fd, NEAR) == 0, "%s", strerror(errno));
	expect(world_where(fd) == NEAR, "is at %d", world_where(fd));
}

/* There is no telling which of the two it was. */
static void test_both_kinds(void)
{
	world_paint(NEAR, "ss");
	const int fd = world_socket(NEAR, 0);
	install(SIGALRM, on_signal, SA_RESTART);
	install(SIGUSR1, on_signal, 0);
	interrupted_after_ms(fd, 10);
}

/* With SO_SNDTIMEO the kernel restarts nothing. */
static void test_send_timeout(void)
{
	const struct timeval limit = { .tv_usec = 500000 };

	world_paint(NEAR, "ss");
	const int fd = world_socket(NEAR, 0);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	install(SIGALRM, on_signal, SA_RESTART);
	interrupted_after_ms(fd, 10);
}

/* -------------------------------------------------------------------------------------------- jumping out of a handler */

static void jump_after_ms(int fd, int ms, bool save_mask)
{
	const uint64_t mask = kernel_mask(), alarm = 1ull << (SIGALRM - 1);
	const int flags = fcntl(fd, F_GETFL);

	install(SIGALRM, jump_out, 0);
	fire(SIGALRM, ms * 1000, 0);
	if (sigsetjmp(way_out, save_mask) == 0) {
		world_connect(fd, NEAR);
		expect(false, "connect() returned");
	}
	expect(kernel_mask() == (save_mask ? mask : mask | alarm), "mask %lx", (unsigned long)kernel_mask());
	expect(fcntl(fd, F_GETFL) == flags, "flags %x, were %x", fcntl(fd, F_GETFL), flags);
	expect(cancellable(), "cannot be cancelled any more");
	expect(under_way(fd), "is not under way");
}

static void test_jump(void)
{
	world_paint(NEAR, "ss");
	jump_after_ms(world_socket(NEAR, 0), 10, true);
}

static void test_jump_without_mask(void)
{
	world_paint(NEAR, "ss");
	jump_after_ms(world_socket(NEAR, 0), 10, false);
}

static void test_jump_then_same(void)
{
	world_paint(NEAR, "ss");
	const int fd = world_socket(NEAR, 0);
	jump_after_ms(fd, 10, true);
	fire_no_more();
	jump_after_ms(fd, 10, true);
	revive(NEAR);
	expect(world_connect(fd, NEAR) == 0, "%s", strerror(errno));
	expect(world_where(fd) == NEAR, "is at %d", world_where(fd));
}

static void test_jump_then_moved(void)
{
	const struct sockaddr none = { .sa_family = AF_UNSPEC };

	world_paint(NEAR, "sl");
	const int fd = world_socket(NEAR, 0), other = world_socket(NEAR, 0);
	jump_after_ms(fd, 10, true);
	expect(world_connect(other, NEAR) == 0, "%s", strerror(errno));
	expect(world_where(other) == NEAR + 1, "is at %d", world_where(other));
	expect(connect(fd, &none, sizeof none) == 0, "%s", strerror(errno));
	expect(world_connect(fd, NEAR) == 0, "%s", strerror(errno));
	expect(world_where(fd) == NEAR + 1, "is at %d", world_where(fd));
}

/* At each moment of the call, so that it is also hit before it waits. */
static void jump_at_any_moment(int type)
{
	world_paint(NEAR, "ss");
	const uint64_t mask = kernel_mask();
	install(SIGALRM, jump_out, 0);
	for (volatile unsigned i = 0; i < world_times(3000); i++) {
		const int fd = world_socket(NEAR, type), flags = fcntl(fd, F_GETFL);
		if (sigsetjmp(way_out, 1) == 0) {
			fire(SIGALRM, 1 + i % 60, 0);
			world_connect(fd, NEAR);
			for (;;)
				pause();
		}
		fire_no_more();
		expect(cancellable(), "cannot be cancelled any more, after %u", i);
		expect(kernel_mask() == mask, "mask %lx, after %u", (unsigned long)kernel_mask(), i);
		expect(fcntl(fd, F_GETFL) == flags, "flags %x, were %x, after %u", fcntl(fd, F_GETFL), flags, i);
		close(fd);
	}
}

static void test_jump_any_moment(void)
{
	jump_at_any_moment(0);
}

static void test_jump_nonblocking(void)
{
	jump_at_any_moment(SOCK_NONBLOCK);
}

/* ---------------------------------------------------------------------------------------------------------------- masks */

static void mask_stays(const char *letters, uint64_t blocked)
{
	world_paint(NEAR, letters);
	const int fd = world_socket(NEAR, 0);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &blocked, NULL, sizeof blocked);
	world_connect(fd, NEAR);
	expect(kernel_mask() == blocked, "%s: mask %lx, was %lx", letters, (unsigned long)kernel_mask(),
	       (unsigned long)blocked);
	expect(cancellable(), "%s: cannot be cancelled any more", letters);
	close(fd);
}

static void test_masks(void)
{
	/* The last: all that can be blocked and are not libc's own. */
	static const uint64_t masks[] = { 0, 1ull << (SIGUSR1 - 1),
		                          ~(1ull << (SIGKILL - 1) | 1ull << (SIGSTOP - 1) | 7ull << 31) };

	for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
		mask_stays("ll", masks[i]);
		mask_stays("rr", masks[i]);
		mask_stays("rl", masks[i]);
	}
}

static void test_mask_moved(void)
{
	mask_stays("sL", 1ull << (SIGUSR1 - 1));
	const int fd = world_socket(NEAR, 0);
	expect(world_connect(fd, NEAR) == 0, "%s", strerror(errno));
}

static void test_pending(void)
{
	sigset_t set, pending;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	install(SIGUSR1, on_signal, 0);
	raise(SIGUSR1);
	world_paint(NEAR, "sl");
	const int fd = world_socket(NEAR, 0);
	expect(world_connect(fd, NEAR) == 0, "%s", strerror(errno));
	sigpending(&pending);
	expect(sigismember(&pending, SIGUSR1) && handled == 0, "handled %d", (int)handled);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	expect(handled == 1, "handled %d", (int)handled);
}

/* --------------------------------------------------------------------------------------------------------------- storms */

/* Connections while a signal comes every 100 us.  Returns how many were interrupted; each of those goes on by itself. */
static int storm(int (*how)(int, unsigned), int flags)
{
	const struct linger reset = { .l_onoff = 1 };
	int interrupted = 0;

	install(SIGALRM, on_signal, flags);
	fire(SIGALRM, 100, 100);
	for (unsigned i = 0; i < world_times(4000); i++) {
		const int fd = world_socket(NEAR, 0);
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
		if (how(fd, NEAR) != 0) {
			expect(errno == EINTR, "after %u: %s", i, strerror(errno));
			interrupted++;
			while (world_poll(fd, POLLOUT, 1000) == -1)
				;
		}
		expect(world_where(fd) == NEAR, "after %u: is at %d", i, world_where(fd));
		close(fd);
		close(world_accept(NEAR));
	}
	fire_no_more();
	return interrupted;
}

static void test_storm_restart(void)
{
	world_paint(NEAR, "ll");
	const int interrupted = storm(world_connect, SA_RESTART);
	expect(interrupted == 0, "%d interrupted", interrupted);
	expect(handled > 200, "handled %d", (int)handled);
}

static void test_storm_interrupt(void)
{
	world_paint(NEAR, "ll");
	const int natively = storm(world_connect_natively, 0), interrupted = storm(world_connect, 0);
	expect(interrupted <= natively * 2 + 20, "%d interrupted, natively %d", interrupted, natively);
	expect(handled > 400, "handled %d", (int)handled);
}

static void test_storm_moved(void)
{
	world_paint(NEAR, "sL");
	install(SIGALRM, on_signal, SA_RESTART);
	fire(SIGALRM, 100, 100);
	for (int i = 0; i < 20; i++) {
		const int fd = world_socket(NEAR, 0);
		const uint64_t began_us = world_now_us();
		expect(world_connect(fd, NEAR) == 0, "%s", strerror(errno));
		expect_ms(began_us, 25, 45);
		expect(world_where(fd) == NEAR + 1, "is at %d", world_where(fd));
		close(fd);
	}
	expect(handled > 2000, "handled %d", (int)handled);
}

static void connects_too(int number)
{
	const int fd = world_socket(NEAR, 0);

	(void)number;
	if (world_connect(fd, NEAR) == 0 && world_where(fd) == NEAR + 1)
		handled++;
	close(fd);
}

static void test_nested(void)
{
	world_paint(NEAR, "sL");
	install(SIGALRM, connects_too, SA_RESTART);
	const int fd = world_socket(NEAR, 0);
	fire(SIGALRM, 10000, 0);
	expect(world_connect(fd, NEAR) == 0, "%s", strerror(errno));
	expect(world_where(fd) == NEAR + 1 && handled == 1, "is at %d, handled %d", world_where(fd), (int)handled);
}

static const struct world_test tests[] = {
	{ "an ignored signal", test_ignored, ONLY_WITH, 0 },
	{ "a signal whose default is to do nothing", test_default, ONLY_WITH, 0 },
	{ "SA_RESTART goes on", test_restart, ONLY_WITH, 0 },
	{ "SA_RESTART, all silent: the patience is the kernel's", test_restart_silent, 0, 0 },
	{ "stopped and continued", test_stopped, 0, 0 },
	{ "without SA_RESTART: EINTR, and the client goes on by itself", test_interrupt, 0, 0 },
	{ "EINTR at the second candidate", test_interrupt_second, ONLY_WITH, 0 },
	{ "EINTR, then connect() again", test_interrupt_again, 0, 0 },
	{ "both kinds of handlers: EINTR", test_both_kinds, ONLY_WITH, 0 },
	{ "SO_SNDTIMEO and SA_RESTART: EINTR", test_send_timeout, 0, 0 },
	{ "siglongjmp", test_jump, 0, 0 },
	{ "siglongjmp that leaves the mask", test_jump_without_mask, 0, 0 },
	{ "siglongjmp, then connect() on that descriptor", test_jump_then_same, 0, 0 },
	{ "siglongjmp, then moved", test_jump_then_moved, ONLY_WITH, 0 },
	{ "siglongjmp at any moment", test_jump_any_moment, 0, 30 },
	{ "siglongjmp at any moment, non-blocking", test_jump_nonblocking, 0, 30 },
	{ "masks stay", test_masks, 0, 0 },
	{ "the mask stays when moved", test_mask_moved, ONLY_WITH, 0 },
	{ "a blocked signal stays pending", test_pending, ONLY_WITH, 0 },
	{ "connections under fire, SA_RESTART", test_storm_restart, 0, 30 },
	{ "connections under fire, without", test_storm_interrupt, 0, 30 },
	{ "20 fail-overs under fire", test_storm_moved, ONLY_WITH, 0 },
	{ "a handler that is moved, too", test_nested, ONLY_WITH, 0 },
};

int main(int argc, char **argv)
{
	return world_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
