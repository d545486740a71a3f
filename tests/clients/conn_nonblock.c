/* SPDX-License-Identifier: MIT */
/*
 * connect() on a non-blocking socket: how long it holds the caller, and what the caller is told when it asks again.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

#include "tests/clients/conn_world.h"

/* connect() to PLACE on a new socket: what it says, 0 or an errno, after LOW to HIGH milliseconds. */
static int starts(unsigned place, int *fd, int low, int high)
{
	*fd = world_socket(place, SOCK_NONBLOCK);
	const uint64_t began_us = world_now_us();
	const int error = world_connect(*fd, place) == 0 ? 0 : errno;
	expect_ms(began_us, low, high);
	expect(fcntl(*fd, F_GETFL) & O_NONBLOCK, "blocks now");
	return error;
}

static int again(int fd, unsigned place)
{
	return world_connect(fd, place) == 0 ? 0 : errno;
}

static void says(const char *when, int wanted, int said)
{
	expect(said == wanted, "%s: %s, not %s", when, strerror(said), strerror(wanted));
}

static void connected_at(int fd, unsigned place)
{
	expect(world_poll(fd, POLLOUT, 0) == POLLOUT, "poll: %x", world_poll(fd, POLLOUT, 0));
	expect(world_error(fd) == 0, "SO_ERROR");
	expect(world_where(fd) == (int)place, "is at %d", world_where(fd));
}

/* ----------------------------------------------------------------------------------------------------- how long it holds */

static void test_moved_by_error(void)
{
	int fd;

	world_paint(NEAR, "rrl");
	says("connect()", 0, starts(NEAR, &fd, 0, 5));
	connected_at(fd, NEAR + 2);
}

static void test_moved_by_deadline(void)
{
	int fd;

	world_paint(NEAR, "ssl");
	says("connect()", 0, starts(NEAR, &fd, 50, 65));
	connected_at(fd, NEAR + 2);
}

/* Whoever is not measured yet does not get all of the time. */
static void test_first_gets_half(void)
{
	int fd;

	world_paint(NEAR, "sl");
	world_candidate(NEAR)->handshake_us = 0;
	says("connect()", 0, starts(NEAR, &fd, 100, 110));
	connected_at(fd, NEAR + 1);
}

static void test_all_silent(void)
{
	int fd;

	world_paint(NEAR, "sss");
	says("connect()", EINPROGRESS, starts(NEAR, &fd, 195, 210));
	expect(world_poll(fd, POLLOUT, 20) == 0, "poll: %x", world_poll(fd, POLLOUT, 0));
	/* And from then on nobody is held in this second. */
	says("connect()", EINPROGRESS, starts(NEAR, &fd, 0, 3));
	says("connect()", EINPROGRESS, starts(NEAR + 2, &fd, 0, 3));
}

static void test_short_wait(void)
{
	int fd;

	world_paint(NEAR, "ssss");
	world_service(NEAR)->nonblocking_wait_ms = 60;
	says("connect()", EINPROGRESS, starts(NEAR, &fd, 58, 68));
}

static void test_off(void)
{
	int fd;

	world_paint(NEAR, "sl");
	world_service(NEAR)->nonblocking_wait_ms = 0;
	says("connect()", EINPROGRESS, starts(NEAR, &fd, 0, 3));
	expect(world_poll(fd, POLLOUT, 50) == 0, "poll: %x", world_poll(fd, POLLOUT, 0));
}

static void test_off_moved_by_verdict(void)
{
	int fd;

	world_paint(NEAR, "Sl");
	world_service(NEAR)->nonblocking_wait_ms = 0;
	says("connect()", EINPROGRESS, starts(NEAR, &fd, 0, 3));
	world_poll(fd, POLLOUT, 1000);
	connected_at(fd, NEAR + 1);
}

static void test_all_refuse(void)
{
	int fd;

	world_paint(NEAR, "rrr");
	says("connect()", ECONNREFUSED, starts(NEAR, &fd, 0, 5));
	expect(world_error(fd) == 0, "SO_ERROR");
}

static void test_asked_refuses(void)
{
	int fd;

	world_paint(NEAR, "rss");
	says("connect()", ECONNREFUSED, starts(NEAR, &fd, 45, 210));
	expect(world_error(fd) == 0, "SO_ERROR");
}

/* ------------------------------------------------------------------------------------- asking again, as perl and ruby do */

static void test_ask_after_success(void)
{
	int fd;

	world_paint(NEAR, "sl");
	says("connect()", 0, starts(NEAR, &fd, 25, 35));
	says("again", EISCONN, again(fd, NEAR));
	says("and again", EISCONN, again(fd, NEAR));
	connected_at(fd, NEAR + 1);
}

static void test_ask_after_failure(void)
{
	int fd;

	world_paint(NEAR, "rr");
	says("connect()", ECONNREFUSED, starts(NEAR, &fd, 0, 5));
	says("again", ECONNREFUSED, again(fd, NEAR));
	world_paint(NEAR, "rl");
	says("with a living one", 0, again(fd, NEAR));
	connected_at(fd, NEAR + 1);
}

/* A connection that is left under way to a far place, on a socket that is asked again and again. */
static int left_under_way(uint32_t wait_ms)
{
	int fd;

	world_service(FAR)->nonblocking_wait_ms = wait_ms;
	says("connect()", EINPROGRESS, starts(FAR, &fd, 0, 40));
	says("at once", EALREADY, again(fd, FAR));
	expect(world_poll(fd, POLLOUT, 10) == 0, "poll: %x", world_poll(fd, POLLOUT, 0));
	says("a little later", EALREADY, again(fd, FAR));
	return fd;
}

static void test_ask_under_way(void)
{
	world_paint(FAR, "lr");
	world.far[0].delay_us = 100000;
	world_candidate(FAR)->handshake_us = 100000;
	const int fd = left_under_way(30);
	expect(world_poll(fd, POLLOUT, 1000) == POLLOUT, "poll: %x", world_poll(fd, POLLOUT, 0));
	says("connected", 0, again(fd, FAR));
	says("and again", EISCONN, again(fd, FAR));
	connected_at(fd, FAR);
}

static void test_ask_refused(void)
{
	world_paint(FAR, "rr");
	world.far[0].delay_us = 100000;
	world_candidate(FAR)->handshake_us = 100000;
	const int fd = left_under_way(30);
	expect(world_poll(fd, POLLOUT, 1000) == (POLLOUT | POLLERR | POLLHUP), "poll: %x", world_poll(fd, POLLOUT, 0));
	says("refused", ECONNREFUSED, again(fd, FAR));
	expect(world_error(fd) == 0, "SO_ERROR");
}

static void test_ask_refused_by_so_error(void)
{
	world_paint(FAR, "rr");
	world.far[0].delay_us = 100000;
	world_candidate(FAR)->handshake_us = 100000;
	const int fd = left_under_way(30);
	expect(world_poll(fd, POLLOUT, 1000) == (POLLOUT | POLLERR | POLLHUP), "poll: %x", world_poll(fd, POLLOUT, 0));
	says("SO_ERROR", ECONNREFUSED, world_error(fd));
	expect(world_where(fd) == -1, "is at %d", world_where(fd));
}

/* The client's own attempt fails with what could also be said of a new one. */
static void test_ask_unreachable(void)
{
	world_paint(FAR, "ll");
	world.far[0].fate = FAR_ICMP;
	world.far[0].icmp = 3 << 8 | 1; /* host unreachable */
	world.far[0].delay_us = 100000;
	world_candidate(FAR)->handshake_us = 100000;
	const int fd = left_under_way(0);
	expect(world_poll(fd, POLLOUT, 1000) & POLLERR, "poll: %x", world_poll(fd, POLLOUT, 0));
	world_service(FAR)->nonblocking_wait_ms = 30;
	says("unreachable", EHOSTUNREACH, again(fd, FAR));
}

/* ---------------------------------------------------------------------------------------------------- select(), poll() */

static void test_select(void)
{
	struct timeval limit = { .tv_sec = 1 };
	fd_set writable;
	int fd;

	world_paint(FAR, "sl");
	world.far[1].delay_us = 250000;
	world_candidate(FAR + 1)->handshake_us = 250000;
	world_service(FAR)->nonblocking_wait_ms = 100;
	/* What is left is less than the handshake of the last one takes: no use waiting for that. */
	says("connect()", EINPROGRESS, starts(FAR, &fd, 25, 40));
	FD_ZERO(&writable);
	FD_SET(fd, &writable);
	expect(select(fd + 1, NULL, &writable, NULL, &limit) == 1 && FD_ISSET(fd, &writable), "not writable");
	connected_at(fd, FAR + 1);
}

/* Data can be sent at once after a connect() that said 0. */
static void test_send_at_once(void)
{
	char byte = 0;
	int fd;

	world_paint(NEAR, "sl");
	says("connect()", 0, starts(NEAR, &fd, 25, 35));
	expect(write(fd, "x", 1) == 1, "%s", strerror(errno));
	const int server = world_accept(NEAR + 1);
	expect(read(server, &byte, 1) == 1 && byte == 'x', "%s", strerror(errno));
	expect(write(server, "y", 1) == 1 && world_poll(fd, POLLIN, 1000) == POLLIN, "nothing comes back");
}

static const struct world_test tests[] = {
	{ "moved by an error", test_moved_by_error, ONLY_WITH, 0 },
	{ "moved by a deadline", test_moved_by_deadline, ONLY_WITH, 0 },
	{ "the first gets half of the time", test_first_gets_half, ONLY_WITH, 0 },
	{ "all silent: in progress when the time is up", test_all_silent, ONLY_WITH, 0 },
	{ "a shorter wait", test_short_wait, ONLY_WITH, 0 },
	{ "no wait: nothing is watched", test_off, 0, 0 },
	{ "no wait: still moved by a verdict", test_off_moved_by_verdict, ONLY_WITH, 0 },
	{ "all refuse", test_all_refuse, ONLY_WITH, 0 },
	{ "the one asked for refuses, the others are silent", test_asked_refuses, ONLY_WITH, 0 },
	{ "asked again after success", test_ask_after_success, ONLY_WITH, 0 },
	{ "asked again after failure", test_ask_after_failure, ONLY_WITH, 0 },
	{ "asked again until it is connected", test_ask_under_way, NEEDS_FAR, 0 },
	{ "asked again until it is refused", test_ask_refused, NEEDS_FAR, 0 },
	{ "SO_ERROR of what was left under way", test_ask_refused_by_so_error, NEEDS_FAR, 0 },
	{ "asked again when it is unreachable", test_ask_unreachable, NEEDS_FAR, 0 },
	{ "select()", test_select, ONLY_WITH | NEEDS_FAR, 0 },
	{ "data at once", test_send_at_once, ONLY_WITH, 0 },
};

int main(int argc, char **argv)
{
	return world_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
