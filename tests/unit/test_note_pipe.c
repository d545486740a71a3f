/* SPDX-License-Identifier: MIT */
/* MPFAILOVER_LOG=stderr where stderr is a pipe: one that nobody reads any more must not end the client, a full one not hold it. */
#include "preload/note.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/fixture.h"

static void note(void)
{
	const struct snapshot snapshot = { .count = 1 };
	const struct endpoint endpoint = { .port = 443 };
	note_init("stderr");
	note_moved(&snapshot, &endpoint, &endpoint, "verdict", 0);
	_exit(0);
}

static int run(bool readable)
{
	int ends[2], status;
	char bytes[4096];
	assert_int_equal(pipe(ends), 0);
	memset(bytes, 'x', sizeof bytes);
	const pid_t child = fork();
	if (child == 0) {
		signal(SIGPIPE, SIG_DFL);
		fcntl(ends[1], F_SETFL, O_NONBLOCK);
		while (readable && write(ends[1], bytes, sizeof bytes) > 0)
			;
		fcntl(ends[1], F_SETFL, 0);
		if (!readable)
			close(ends[0]);
		dup2(ends[1], STDERR_FILENO);
		alarm(3);
		note();
	}
	close(ends[1]);
	if (!readable)
		close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (readable)
		close(ends[0]);
	return status;
}

static void test_nobody_reads(void **state)
{
	(void)state;
	assert_int_equal(run(false), 0);
}

static void test_full(void **state)
{
	(void)state;
	assert_int_equal(run(true), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_nobody_reads), cmocka_unit_test(test_full) };
	return cmocka_run_group_tests_name("note_pipe", tests, NULL, NULL);
}
