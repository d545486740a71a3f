/* SPDX-License-Identifier: MIT */
/*
 * feet HABIT ADDRESS PORT WANTED: a client that pulls away what it stands on, and then connects.  Ends with 0 if that led to
 * WANTED and left every descriptor as it was, else with an errno, or with EBADFD.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/clients/dial.h"

enum { LOOKED_AT = 16, NOBODY = 65534 };

static char **arguments;

static void none(void) {}

static void close_all(void)
{
	closefrom(0);
}

static void close_rest(void)
{
	closefrom(STDERR_FILENO + 1);
}

/* One descriptor, the socket's own, and no more. */
static void few(void)
{
	const struct rlimit limit = { STDERR_FILENO + 2, STDERR_FILENO + 2 };
	close_rest();
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		err(2, "setrlimit");
}

/* Into the current directory, which is best an empty one. */
static void change_root(void)
{
	if (chroot(".") < 0 || chdir("/") < 0)
		err(2, "chroot");
}

static void drop_rights(void)
{
	if (setgroups(0, NULL) < 0 || setgid(NOBODY) < 0 || setuid(NOBODY) < 0)
		err(2, "setuid");
}

/* Starts itself again, with the environment or without. */
static void execute(char **environment)
{
	static char habit[] = "none";
	char *again[] = { arguments[0], habit, arguments[2], arguments[3], arguments[4], NULL };
	execve("/proc/self/exe", again, environment);
	err(2, "execve");
}

static void execute_kept(void)
{
	execute(environ);
}

static void execute_bare(void)
{
	char *nothing[] = { NULL };
	execute(nothing);
}

static const struct {
	const char *name;
	void (*begin)(void);
} habits[] = {
	{ "none", none },           { "closefrom-0", close_all },  { "closefrom-3", close_rest },
	{ "few-descriptors", few }, { "chroot", change_root },     { "drop", drop_rights },
	{ "exec", execute_kept },   { "exec-bare", execute_bare },
};

struct descriptors {
	dev_t device[LOOKED_AT];
	ino_t inode[LOOKED_AT]; /* 0: closed */
	int flags[LOOKED_AT];
};

static void note(struct descriptors *out)
{
	memset(out, 0, sizeof *out);
	for (int fd = 0; fd < LOOKED_AT; fd++) {
		struct stat st;
		if (fstat(fd, &st) < 0)
			continue;
		out->device[fd] = st.st_dev;
		out->inode[fd] = st.st_ino;
		out->flags[fd] = fcntl(fd, F_GETFL) << 1 | fcntl(fd, F_GETFD);
	}
}

int main(int argc, char **argv)
{
	static struct descriptors before, after;
	struct dial dial;
	arguments = argv;
	if (argc != 5)
		return 2;
	dial_parse(&dial, argv + 2);
	for (unsigned i = 0; i < sizeof habits / sizeof habits[0]; i++)
		if (!strcmp(habits[i].name, argv[1])) {
			habits[i].begin();
			note(&before);
			/* Twice, since the first one may teach the library something. */
			int error = dial_once(&dial);
			error = error ? error : dial_once(&dial);
			note(&after);
			return error ? error : memcmp(&before, &after, sizeof before) ? EBADFD : 0;
		}
	errx(2, "%s: no such habit", argv[1]);
}
