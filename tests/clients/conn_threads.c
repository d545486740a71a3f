/* SPDX-License-Identifier: MIT */
/*
 * What other threads do to the descriptor while connect() waits, and processes that are made meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/clients/conn_world.h"

/* --------------------------------------------------------------------------------------- another thing in its place */

/* Things that may take the number of a socket, and how they can be seen to have been touched. */
static int make_tcp(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static int make_udp(void)
{
	return socket(AF_INET, SOCK_DGRAM, 0);
}

static int make_file(void)
{
	return open("/dev/null", O_WRONLY | O_APPEND);
}

static int make_listener(void)
{
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	expect(listen(fd, 4) == 0, "%s", strerror(errno));
	return fd;
}

static int make_connected(void)
{
	const int fd = world_socket(NEAR + 3, 0);

	expect(world_connect_natively(fd, NEAR + 3) == 0, "%s", strerror(errno));
	close(world_accept(NEAR + 3));
	return fd;
}

static const struct kind {
	const char *name;
	int (*make)(void);
} kinds[] = {
	{ "a new TCP socket", make_tcp },
	{ "a UDP socket", make_udp },
	{ "a file", make_file },
	{ "a listening socket", make_listener },
	{ "a connected socket", make_connected },
};
enum { KINDS = sizeof kinds / sizeof *kinds };

struct look {
	int flags, peer_error;
	ino_t inode;
	struct sockaddr_storage own, peer;
};

static void look_at(int fd, struct look *look)
{
	socklen_t own = sizeof look->own, peer = sizeof look->peer;
	struct stat st;

	memset(look, 0, sizeof *look);
	look->flags = fcntl(fd, F_GETFL);
	fstat(fd, &st);
	look->inode = st.st_ino;
	getsockname(fd, (struct sockaddr *)&look->own, &own);
	look->peer_error = getpeername(fd, (struct sockaddr *)&look->peer, &peer) == 0 ? 0 : errno;
}

/* Puts a thing in the place of descriptor FD, AFTER_US from when thread TID waits in connect() (before that there is no telling which
 * of the two the caller means). */
static struct replacement {
	int fd, thing, after_us;
	bool close_first;
	pid_t tid;
	atomic_bool over; /* it has returned already */
	struct look look;
} replacement;

/* Puts the thing in FD's place; where FD was closed before, as the kernel gives its number to what is opened next.  dup2() to a number that
 * is free would race with whatever another thread opens meanwhile, the library's descriptor for a report too. */
static bool take_place(const struct replacement *r)
{
	if (!r->close_first)
		return dup2(r->thing, r->fd) == r->fd;
	close(r->fd);
	const int got = fcntl(r->thing, F_DUPFD, r->fd);
	if (got != r->fd)
		close(got);
	return got == r->fd;
}

/* Returns NULL: it was too late, or the number was given to another one. */
static void *replace(void *argument)
{
	struct replacement *r = &replacement;

	while (!world_is_waiting(r->tid))
		if (r->over)
			return NULL;
	for (const uint64_t until_us = world_now_us() + (uint64_t)r->after_us; world_now_us() < until_us;)
		;
	if (!take_place(r))
		return NULL;
	look_at(r->fd, &r->look);
	return argument;
}

/* False: it was too late for that. */
static bool replaced(const struct kind *kind, int type, int after_us, bool close_first)
{
	pthread_t thread;
	void *in_time;
	struct look look;
	const int fd = world_socket(NEAR, type), kept = dup(fd);

	replacement = (struct replacement){
		.fd = fd, .thing = kind->make(), .after_us = after_us, .close_first = close_first, .tid = gettid()
	};
	expect(pthread_create(&thread, NULL, replace, &replacement) == 0, "pthread_create");
	const int said = world_connect(fd, NEAR) == 0 ? 0 : errno;
	replacement.over = true;
	pthread_join(thread, &in_time);
	look_at(fd, &look);
	expect(!in_time || !memcmp(&look, &replacement.look, sizeof look),
	       "%s, after %d us, type %x: flags %x, were %x; peer %d, was %d; connect() said %s", kind->name, after_us,
	       type, look.flags, replacement.look.flags, look.peer_error, replacement.look.peer_error, strerror(said));
	close(fd);
	close(kept);
	close(replacement.thing);
	return in_time;
}

/* While it waits for the first candidate, or for the second; or somewhere between. */
static void all_replaced(const char *letters, bool close_first)
{
	world_paint(NEAR, letters);
	world_service(NEAR)->attempt_floor_ms = 2;
	world_service(NEAR)->nonblocking_wait_ms = 60000;
	const unsigned times = world_times(40);
	unsigned in_time = 0;
	for (unsigned i = 0; i < times; i++)
		for (size_t kind = 0; kind < KINDS; kind++)
			in_time +=
				replaced(&kinds[kind], i & 1 ? SOCK_NONBLOCK : 0, (int)(i * 397 % 4000), close_first);
	expect(in_time > times * KINDS / 2, "%u of %u in time", in_time, times * KINDS);
}

static void test_replaced(void)
{
	all_replaced("sSSL", false);
}

static void test_closed(void)
{
	all_replaced("sSSL", true);
}

/* ---------------------------------------------------------------------------------------------------------- shutdown() */

static int shut_fd;
static pid_t shut_from;
static atomic_int shut_result;

static void *shut_down(void *how)
{
	while (!world_is_waiting(shut_from))
		;
	usleep(5000); /* somewhere in the first attempt */
	shut_result = shutdown(shut_fd, *(int *)how);
	return NULL;
}

/* So another thread ends a connect(): it is not begun anew. */
static void test_shutdown(void)
{
	pthread_t thread;

	world_paint(NEAR, "ss");
	shut_from = (pid_t)syscall(SYS_gettid);
	for (int how = SHUT_RD; how <= SHUT_RDWR; how++) {
		shut_fd = world_socket(NEAR, 0);
		const uint64_t began_us = world_now_us();
		expect(pthread_create(&thread, NULL, shut_down, &how) == 0, "pthread_create");
		expect(world_connect(shut_fd, NEAR) == -1 && errno == ECONNRESET, "%d: %s", how, strerror(errno));
		expect_ms(began_us, 5, 25);
		pthread_join(thread, NULL);
		expect(shut_result == 0, "shutdown() failed");
		expect(world_error(shut_fd) == 0 && world_where(shut_fd) == -1, "%d: at %d", how, world_where(shut_fd));
		close(shut_fd);
	}
}

/* ----------------------------------------------------------------------------------------------------------- processes */

static void ended_well(pid_t pid)
{
	int status = -1;

	expect(pid > 0 && waitpid(pid, &status, 0) == pid, "%s", strerror(errno));
	expect(status == 0, "the child ended with %x", (unsigned)status);
}

static void *forks(void *unused)
{
	for (unsigned i = 0; i < 20; i++) {
		usleep(1000);
		const pid_t pid = fork();
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			const int fd = world_socket(NEAR, 0);
			_exit(world_connect(fd, NEAR) == 0 && world_where(fd) == NEAR + 1 ? 0 : 1);
		}
		ended_well(pid);
	}
	return unused;
}

/* Other threads fork meanwhile, and the child does the same. */
static void test_fork(void)
{
	pthread_t thread;

	world_paint(NEAR, "sL");
	expect(pthread_create(&thread, NULL, forks, NULL) == 0, "pthread_create");
	for (unsigned i = 0; i < 20; i++) {
		const int fd = world_socket(NEAR, 0);
		expect(world_connect(fd, NEAR) == 0, "%s", strerror(errno));
		expect(world_where(fd) == NEAR + 1, "is at %d", world_where(fd));
		close(fd);
	}
	pthread_join(thread, NULL);
}

/* A child that has the parent's memory and nothing of its own, and connects in that. */
static void vfork_connects(const char *letters, unsigned place)
{
	world_paint(NEAR, letters);
	for (unsigned i = 0; i < 5; i++) {
		const int fd = world_socket(NEAR, 0);
		const pid_t pid = vfork();
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			_exit(world_connect(fd, NEAR) == 0 ? 0 : 1);
		}
		ended_well(pid);
		expect(world_where(fd) == (int)place, "is at %d", world_where(fd)); /* the descriptor is shared */
		close(fd);
	}
	const int fd = world_socket(NEAR, 0);
	expect(world_connect(fd, NEAR) == 0, "afterwards: %s", strerror(errno));
	expect(world_where(fd) == (int)place, "afterwards: is at %d", world_where(fd));
}

static void test_vfork(void)
{
	vfork_connects("rL", NEAR + 1);
	vfork_connects("sL", NEAR + 1);
}

static void test_vfork_live(void)
{
	vfork_connects("ll", NEAR);
}

static const struct world_test tests[] = {
	{ "another thing takes its place", test_replaced, ONLY_WITH, 30 },
	{ "it is closed, and another thing takes its place", test_closed, ONLY_WITH, 30 },
	{ "another thread ends it by shutdown()", test_shutdown, 0, 0 },
	{ "fork()", test_fork, ONLY_WITH, 0 },
	{ "vfork()", test_vfork, ONLY_WITH, 0 },
	{ "vfork(), living", test_vfork_live, 0, 0 },
};

int main(int argc, char **argv)
{
	return world_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
