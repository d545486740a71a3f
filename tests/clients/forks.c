/* SPDX-License-Identifier: MIT */
/*
 * forks ADDRESS PORT WANTED: connects before and after fork(), in a child of a child, between vfork() and _exit(), after vfork() and
 * exec, by posix_spawn(), and in children that are forked while other threads connect.  One line for each.
 */
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/clients/dial.h"

enum { THREADS = 3, FORKS_BESIDE_THREADS = 50 };

static struct dial target;
static char **own_arguments;
static bool all_well = true;
static bool ended;

static void say(const char *what, int error)
{
	printf("%s: %s\n", what, error ? strerror(error) : "well");
	all_well = all_well && !error;
}

/* What the child's dial gave; a child that a signal ended counts as ECHILD. */
static int outcome(pid_t pid)
{
	int status;

	if (pid < 0)
		return errno;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : ECHILD;
}

static int in_child(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(dial_once(&target));
	return outcome(pid);
}

static int in_grandchild(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(in_child());
	return outcome(pid);
}

static int in_vforked(void)
{
	pid_t pid = vfork();

	if (pid == 0)
		_exit(dial_once(&target));
	return outcome(pid);
}

static int in_vforked_and_executed(void)
{
	pid_t pid = vfork();

	if (pid == 0) {
		execv("/proc/self/exe", own_arguments);
		_exit(127);
	}
	return outcome(pid);
}

static int in_spawned(void)
{
	pid_t pid;
	int error = posix_spawn(&pid, "/proc/self/exe", NULL, NULL, own_arguments, environ);

	return error ? error : outcome(pid);
}

static void *keep_dialling(void *unused)
{
	intptr_t error = 0;

	while (!__atomic_load_n(&ended, __ATOMIC_RELAXED) && !error)
		error = dial_once(&target);
	return unused ? unused : (void *)error;
}

static int beside_threads(void)
{
	pthread_t thread[THREADS];
	void *theirs;
	int error = 0;

	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&thread[i], NULL, keep_dialling, NULL) != 0)
			errx(2, "no thread");
	for (int i = 0; i < FORKS_BESIDE_THREADS && !error; i++)
		error = i & 1 ? in_vforked() : in_child();
	__atomic_store_n(&ended, true, __ATOMIC_RELAXED);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(thread[i], &theirs);
		if (!error)
			error = (int)(intptr_t)theirs;
	}
	return error;
}

int main(int argc, char **argv)
{
	static char child[] = "child";

	if (argc == 5 && strcmp(argv[4], "child") == 0) {
		dial_parse(&target, argv + 1);
		return dial_once(&target);
	}
	dial_parse(&target, argv + 1);
	own_arguments = (char *[]){ argv[0], argv[1], argv[2], argv[3], child, NULL };
	say("fork, nothing connected before", in_child());
	say("vfork, nothing connected before", in_vforked());
	say("the process itself", dial_once(&target));
	say("fork", in_child());
	say("fork in a fork", in_grandchild());
	say("vfork", in_vforked());
	say("vfork and exec", in_vforked_and_executed());
	say("posix_spawn", in_spawned());
	say("forks beside threads", beside_threads());
	say("the process itself, at the end", dial_once(&target));
	return all_well ? 0 : 1;
}
