/* SPDX-License-Identifier: MIT */
#include "tests/clients/conn_test.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	LIMIT_MS = 10000,
	NATIVE_LIMIT_MS = 400, /* what must fail may as well hang */
	TRIES = 3,             /* of what is late */
	LATE = 3,              /* its exit status */
};

int test_wait_status(pid_t pid, int limit_ms)
{
	struct pollfd ended = { .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
	int status, ready;

	while ((ready = poll(&ended, 1, limit_ms)) < 0 && errno == EINTR)
		;
	close(ended.fd);
	return ready == 1 && waitpid(pid, &status, 0) == pid ? status : -1;
}

static _Noreturn void fail(int status, const char *file, int line, const char *text)
{
	snprintf(shared->why, sizeof shared->why, "%s:%d: %s", strrchr(file, '/') + 1, line, text);
	_exit(status);
}

void world_expect(bool so, const char *file, int line, const char *format, ...)
{
	char text[400];
	va_list list;

	if (so)
		return;
	va_start(list, format);
	vsnprintf(text, sizeof text, format, list);
	va_end(list);
	fail(1, file, line, text);
}

void world_expect_ms(uint64_t since_us, int low, int high, const char *file, int line)
{
	const double took_ms = (double)(world_now_us() - since_us) / 1000;
	char text[80];

	snprintf(text, sizeof text, "took %.1f ms, not %d to %d", took_ms, low, high);
	if (took_ms < low)
		fail(1, file, line, text);
	if (took_ms > high)
		fail(LATE, file, line, text);
}

/* Runs TEST in a process of its own.  Returns its exit status; if that is not 0, shared->why says more. */
static int try_once(const struct world_test *test)
{
	const int limit_ms = world.native && test->flags & ONLY_WITH
	                             ? NATIVE_LIMIT_MS
	                             : (test->limit_s ? (int)test->limit_s * 1000 : LIMIT_MS) * (int)world_times(1);
	const pid_t parent = getpid();

	shared->why[0] = '\0';
	fflush(stdout);
	const pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		test->run();
		_exit(0);
	}
	int status = test_wait_status(pid, limit_ms);
	if (status < 0) {
		snprintf(shared->why, sizeof shared->why, "hangs for %d ms", limit_ms);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	} else if (status != 0 && !shared->why[0]) {
		snprintf(shared->why, sizeof shared->why, WIFSIGNALED(status) ? "signal %d" : "exit status %d",
		         WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static bool holds(const struct world_test *test)
{
	int status = try_once(test);

	for (int tries = 1; tries < TRIES && status == LATE && !(world.native && test->flags & ONLY_WITH); tries++) {
		printf("# late, once more: %s: %s\n", test->name, shared->why);
		status = try_once(test);
	}
	return status == 0;
}

bool test_try(const struct world_test *test)
{
	if ((test->flags & NEEDS_FAR && !shared->has_far) || (test->flags & NEEDS_NETWORK && !shared->has_network)) {
		printf("skip %s: no network of its own, or no tun device\n", test->name);
		return true;
	}
	const bool right = holds(test);
	if (world.native && test->flags & ONLY_WITH)
		printf(right ? "not ok without the library, not: %s: it does not need it\n"
		             : "ok without the library, not: %s (%s)\n",
		       test->name, shared->why);
	else if (right)
		printf("ok %s%s\n", world.native ? "natively, too: " : "", test->name);
	else
		printf("not ok %s%s: %s\n", world.native ? "natively, too: " : "", test->name, shared->why);
	return right != (world.native && test->flags & ONLY_WITH);
}
