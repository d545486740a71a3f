/* SPDX-License-Identifier: MIT */
/*
 * connect() in a process that may not do everything, and signals that libc or a sandbox has to do with.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "tests/clients/conn_world.h"

static volatile sig_atomic_t handled;

static void on_signal(int number)
{
	(void)number;
	handled++;
}

/* The signal NUMBER, whose handler has no SA_RESTART, after some milliseconds; AGAIN: every so many. */
static void fire(int number, long ms, bool again)
{
	const struct sigaction action = { .sa_handler = on_signal };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = number };
	const struct itimerspec when = { { 0, again ? ms * 1000000 : 0 }, { 0, ms * 1000000 } };
	timer_t timer;

	sigaction(number, &action, NULL);
	expect(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0 && timer_settime(timer, 0, &when, NULL) == 0,
	       "timer");
}

static void interrupted_by(int number, int fd)
{
	const uint64_t began_us = world_now_us();

	fire(number, 20, false);
	expect(world_connect(fd, NEAR) == -1 && errno == EINTR, "%s", strerror(errno));
	expect_ms(began_us, 20, 60);
	expect(handled == 1, "handled %d", (int)handled);
}

/* Which never happens to one that does not block. */
static void test_nonblocking(void)
{
	int disturbed = 0;

	world_paint(NEAR, "ss");
	fire(SIGALRM, 1, true);
	for (unsigned i = 0; i < world_times(20); i++) {
		const int fd = world_socket(NEAR, SOCK_NONBLOCK), before = handled;
		const int result = world_connect(fd, NEAR), error = errno;
		expect(result == -1 && error == EINPROGRESS, "%s", strerror(error));
		disturbed += handled > before;
		close(fd);
	}
	expect(disturbed > 0 || world.native, "was never disturbed");
}

/* The first of the client's own, and the last. */
static void test_realtime_first(void)
{
	world_paint(NEAR, "ss");
	interrupted_by(SIGRTMIN, world_socket(NEAR, 0));
}

static void test_realtime_last(void)
{
	world_paint(NEAR, "ss");
	interrupted_by(SIGRTMAX, world_socket(NEAR, 0));
}

/* -------------------------------------------------------------------------------------------------- no descriptor to wait for */

/* poll() and ppoll() say EINVAL from now on. */
static void forbid_waiting(void)
{
	struct pollfd nothing = { .fd = -1 };
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = 0;
	setrlimit(RLIMIT_NOFILE, &limit);
	expect(poll(&nothing, 1, 0) == -1 && errno == EINVAL, "poll: %s", strerror(errno));
}

static void test_no_waiting(void)
{
	world_paint(NEAR, "ss");
	const int fd = world_socket(NEAR, 0);
	forbid_waiting();
	interrupted_by(SIGALRM, fd);
}

static void test_no_waiting_limit(void)
{
	const int limit_ms = 1000;

	world_paint(NEAR, "ss");
	const int fd = world_socket(NEAR, 0);
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit_ms, sizeof limit_ms);
	forbid_waiting();
	const uint64_t began_us = world_now_us();
	expect(world_connect(fd, NEAR) == -1 && errno == ETIMEDOUT, "%s", strerror(errno));
	expect_ms(began_us, 900, 2000);
}

static void test_no_waiting_nonblocking(void)
{
	world_paint(NEAR, "ss");
	const int fd = world_socket(NEAR, SOCK_NONBLOCK);
	forbid_waiting();
	expect(world_connect(fd, NEAR) == -1 && errno == EINPROGRESS, "%s", strerror(errno));
	expect(world_connect(fd, NEAR) == -1 && errno == EALREADY, "%s", strerror(errno));
}

static void test_no_waiting_alive(void)
{
	world_paint(NEAR, "ll");
	const int fd = world_socket(NEAR, 0);
	forbid_waiting();
	expect(world_connect(fd, NEAR) == 0, "%s", strerror(errno));
}

/* ---------------------------------------------------------------------------------- a sandbox that makes the calls itself */

#ifdef __x86_64__
enum { OF_THE_SANDBOX = 0x5a };

/* Its connect(), told from the client's by an argument that nobody else gives. */
static void on_trap(int number, siginfo_t *info, void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)number;
	handled += info->si_syscall == SYS_connect;
	const long result =
		syscall(SYS_connect, registers[REG_RDI], registers[REG_RSI], registers[REG_RDX], OF_THE_SANDBOX);
	registers[REG_RAX] = result < 0 ? -errno : result;
}

static void shut_in(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_connect, 0, 2),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[3])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OF_THE_SANDBOX, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
	};
	const struct sock_fprog program = { .len = sizeof filter / sizeof *filter, .filter = filter };
	const struct sigaction action = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO };

	sigaction(SIGSYS, &action, NULL);
	expect(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0,
	       "seccomp: %s", strerror(errno));
}

static void trapped(const char *letters, unsigned place)
{
	world_paint(NEAR, letters);
	const int fd = world_socket(NEAR, 0);
	shut_in();
	expect(world_connect(fd, NEAR) == 0, "%s", strerror(errno));
	expect(world_where(fd) == (int)place && handled > 0, "is at %d, handled %d", world_where(fd), (int)handled);
}

static void test_trapped(void)
{
	trapped("ll", NEAR);
}

static void test_trapped_moved(void)
{
	trapped("rl", NEAR + 1);
}
#endif

static const struct world_test tests[] = {
	{ "non-blocking under fire, without SA_RESTART", test_nonblocking, 0, 0 },
	{ "SIGRTMIN without SA_RESTART: EINTR", test_realtime_first, 0, 0 },
	{ "SIGRTMAX without SA_RESTART: EINTR", test_realtime_last, 0, 0 },
	{ "where poll() fails: a signal interrupts", test_no_waiting, 0, 0 },
	{ "where poll() fails: the patience is the kernel's", test_no_waiting_limit, 0, 0 },
	{ "where poll() fails: non-blocking", test_no_waiting_nonblocking, 0, 0 },
	{ "where poll() fails: a living server", test_no_waiting_alive, 0, 0 },
#ifdef __x86_64__
	{ "a sandbox that connects for it", test_trapped, 0, 0 },
	{ "a sandbox that connects for it: moved", test_trapped_moved, ONLY_WITH, 0 },
#endif
};

int main(int argc, char **argv)
{
	return world_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
