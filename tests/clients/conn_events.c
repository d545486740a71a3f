/* SPDX-License-Identifier: MIT */
/*
 * What others see of the socket while connect() works on it: O_NONBLOCK, SO_SNDTIMEO, epoll, SIGIO.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/time.h>
#include <unistd.h>

#include "tests/clients/conn_world.h"

/* ------------------------------------------------------------------------------------------------------------- O_NONBLOCK */

static struct watch {
	int fd;
	atomic_bool end;
	unsigned looks, nonblocking;
} watch;

static void *watch_flags(void *unused)
{
	for (; !watch.end; watch.looks++)
		watch.nonblocking += (fcntl(watch.fd, F_GETFL) & O_NONBLOCK) != 0;
	return unused;
}

/* Another thread sees the flag for an instant at most, and that the wait is without it. */
static void watched_connect(const char *letters, int result)
{
	pthread_t thread;

	world_paint(NEAR, letters);
	watch = (struct watch){ .fd = world_socket(NEAR, 0) };
	const int flags = fcntl(watch.fd, F_GETFL);
	expect(pthread_create(&thread, NULL, watch_flags, NULL) == 0, "pthread_create");
	const struct timeval limit = { .tv_usec = 200000 };
	setsockopt(watch.fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	const int said = world_connect(watch.fd, NEAR) == 0 ? 0 : errno;
	expect(fcntl(watch.fd, F_GETFL) == flags, "%s: flags %x, were %x", letters, fcntl(watch.fd, F_GETFL), flags);
	watch.end = true;
	pthread_join(thread, NULL);
	expect(said == result, "%s: %s", letters, strerror(said));
	expect(watch.looks > 1000 && watch.nonblocking < watch.looks / 20, "%s: non-blocking in %u of %u looks",
	       letters, watch.nonblocking, watch.looks);
	close(watch.fd);
}

static void test_flag(void)
{
	watched_connect("sssL", 0);
	watched_connect("sss", EINPROGRESS);
}

static void test_flag_kept(void)
{
	for (int flags = 0; flags <= O_NONBLOCK; flags += O_NONBLOCK) {
		static const char *const worlds[] = { "l", "ll", "rl", "rr", "sL", "ss" };
		for (size_t i = 0; i < sizeof worlds / sizeof *worlds; i++) {
			world_paint(NEAR, worlds[i]);
			const int fd = world_socket(NEAR, 0), limit_ms = 50;
			const struct timeval limit = { .tv_usec = limit_ms * 1000 };
			setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
			fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | flags | O_APPEND);
			const int before = fcntl(fd, F_GETFL);
			world_connect(fd, NEAR);
			expect(fcntl(fd, F_GETFL) == before, "%s: flags %x, were %x", worlds[i], fcntl(fd, F_GETFL),
			       before);
			expect(fcntl(fd, F_GETFD) == FD_CLOEXEC, "%s: not close-on-exec any more", worlds[i]);
			close(fd);
		}
	}
}

/* ------------------------------------------------------------------------------------------------------------ SO_SNDTIMEO */

static void test_send_timeout(void)
{
	static const int limits_ms[] = { 5, 12, 40, 200 };
	static const char *const worlds[] = { "ss", "sss", "ssss" };

	for (size_t i = 0; i < sizeof limits_ms / sizeof *limits_ms; i++)
		for (size_t j = 0; j < sizeof worlds / sizeof *worlds; j++) {
			const struct timeval limit = { .tv_usec = limits_ms[i] * 1000 };
			struct timeval after;
			socklen_t length = sizeof after;
			world_paint(NEAR, worlds[j]);
			const int fd = world_socket(NEAR, 0);
			setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
			const uint64_t began_us = world_now_us();
			expect(world_connect(fd, NEAR) == -1 && errno == EINPROGRESS, "%s", strerror(errno));
			expect_ms(began_us, limits_ms[i] * 9 / 10,
			          limits_ms[i] * 11 / 10 + 20); /* natively in jiffies */
			expect(world_poll(fd, POLLOUT, 0) == 0, "poll: %x", world_poll(fd, POLLOUT, 0));
			getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &after, &length);
			expect(after.tv_usec / 10000 == limit.tv_usec / 10000, "is now %ld us", (long)after.tv_usec);
			close(fd);
		}
}

static void test_send_timeout_moved(void)
{
	const struct timeval limit = { .tv_usec = 150000 };

	world_paint(NEAR, "ssl");
	const int fd = world_socket(NEAR, 0);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	const uint64_t began_us = world_now_us();
	expect(world_connect(fd, NEAR) == 0, "%s", strerror(errno));
	expect_ms(began_us, 50, 65);
	expect(world_where(fd) == NEAR + 2, "is at %d", world_where(fd));
}

/* The kernel looks at it when a first packet has to be sent again: after a second, and then when it is over. */
static void test_user_timeout(void)
{
	const int limit_ms = 1200;

	world_paint(NEAR, "ss");
	const int fd = world_socket(NEAR, 0);
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit_ms, sizeof limit_ms);
	const uint64_t began_us = world_now_us();
	expect(world_connect(fd, NEAR) == -1 && errno == ETIMEDOUT, "%s", strerror(errno));
	expect_ms(began_us, 1150, 1600);
}

/* -------------------------------------------------------------------------------------------------------------- epoll */

/* Registered before connect(), asked afterwards: EPOLLOUT and nothing else, and as often as it should be. */
static void epoll_sees(const char *letters, int type, unsigned how, unsigned place)
{
	const int poller = epoll_create1(EPOLL_CLOEXEC), fd = world_socket(NEAR, type);
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | how, .data.fd = fd };

	world_paint(NEAR, letters);
	epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
	if (world_connect(fd, NEAR) != 0)
		expect(errno == EINPROGRESS, "%s, %x: %s", letters, how, strerror(errno));
	expect(epoll_wait(poller, &event, 1, 2000) == 1, "%s, %x: no event", letters, how);
	expect(event.events == EPOLLOUT && event.data.fd == fd, "%s, %x: events %x", letters, how, event.events);
	expect(world_where(fd) == (int)place, "%s, %x: is at %d", letters, how, world_where(fd));
	expect(epoll_wait(poller, &event, 1, 0) == (how ? 0 : 1), "%s, %x: seen again", letters, how);
	const int server = world_accept(place);
	expect(write(server, "x", 1) == 1, "write");
	if (how & EPOLLONESHOT) {
		event = (struct epoll_event){ .events = EPOLLIN | how, .data.fd = fd };
		epoll_ctl(poller, EPOLL_CTL_MOD, fd, &event);
	}
	expect(epoll_wait(poller, &event, 1, 1000) == 1 && event.events & EPOLLIN, "%s, %x: no data", letters, how);
	expect(!(event.events & (EPOLLERR | EPOLLHUP)), "%s, %x: events %x", letters, how, event.events);
	close(server);
	close(fd);
	close(poller);
}

static void epoll_all(const char *letters, unsigned place)
{
	static const unsigned hows[] = { 0, EPOLLET, EPOLLONESHOT, EPOLLET | EPOLLONESHOT };

	for (size_t i = 0; i < sizeof hows / sizeof *hows; i++) {
		epoll_sees(letters, 0, hows[i], place);
		epoll_sees(letters, SOCK_NONBLOCK, hows[i], place);
	}
}

static void test_epoll_live(void)
{
	epoll_all("ll", NEAR);
}

static void test_epoll_error(void)
{
	epoll_all("rL", NEAR + 1);
}

static void test_epoll_deadline(void)
{
	epoll_all("sL", NEAR + 1);
}

/* The connection comes when connect() has returned long ago. */
static void test_epoll_later(void)
{
	static const unsigned hows[] = { 0, EPOLLET, EPOLLONESHOT };

	for (size_t i = 0; i < sizeof hows / sizeof *hows; i++) {
		world_paint(FAR, "Sl");
		world.far[1].delay_us = 300000;
		world_candidate(FAR + 1)->handshake_us = 300000;
		world_service(FAR)->nonblocking_wait_ms = 30;
		const int poller = epoll_create1(EPOLL_CLOEXEC), fd = world_socket(FAR, SOCK_NONBLOCK);
		struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | hows[i], .data.fd = fd };
		epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
		expect(world_connect(fd, FAR) == -1 && errno == EINPROGRESS, "%s", strerror(errno));
		expect(epoll_wait(poller, &event, 1, 20) == 0, "events %x", event.events);
		expect(epoll_wait(poller, &event, 1, 2000) == 1 && event.events == EPOLLOUT, "%u: events %x at %d %s",
		       (unsigned)i, event.events, world_where(fd), strerror(world_error(fd)));
		expect(world_where(fd) == FAR + 1, "is at %d", world_where(fd));
		close(fd);
		close(poller);
	}
}

/* All have failed: as after a native connect() that failed, another one can be made. */
static void test_epoll_failed(void)
{
	const int poller = epoll_create1(EPOLL_CLOEXEC), fd = world_socket(NEAR, 0);
	struct epoll_event event = { .events = EPOLLOUT | EPOLLRDHUP, .data.fd = fd };

	world_paint(NEAR, "rr");
	epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
	expect(world_connect(fd, NEAR) == -1 && errno == ECONNREFUSED, "%s", strerror(errno));
	expect(epoll_wait(poller, &event, 1, 0) == 1 && event.events == (EPOLLOUT | EPOLLHUP), "events %x",
	       event.events);
	world_paint(NEAR, "ll");
	expect(world_connect(fd, NEAR) == 0, "%s", strerror(errno));
	expect(epoll_wait(poller, &event, 1, 0) == 1 && event.events == EPOLLOUT, "events %x", event.events);
}

/* ---------------------------------------------------------------------------------------------------------------- SIGIO */

static volatile sig_atomic_t signals;

static void count(int number)
{
	(void)number;
	signals++;
}

static void test_sigio(void)
{
	const struct sigaction action = { .sa_handler = count, .sa_flags = SA_RESTART };

	world_paint(NEAR, "sL");
	sigaction(SIGIO, &action, NULL);
	const int fd = world_socket(NEAR, 0);
	fcntl(fd, F_SETOWN, getpid());
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC);
	const int flags = fcntl(fd, F_GETFL);
	expect(world_connect(fd, NEAR) == 0, "%s", strerror(errno));
	expect(fcntl(fd, F_GETFL) == flags, "flags %x, were %x", fcntl(fd, F_GETFL), flags);
	expect(signals > 0, "no signal");
	signals = 0;
	expect(write(world_accept(NEAR + 1), "x", 1) == 1, "write");
	expect(world_poll(fd, POLLIN, 1000) == POLLIN && signals == 1, "%d signals for data", (int)signals);
}

static const struct world_test tests[] = {
	{ "O_NONBLOCK is not seen in the wait", test_flag, ONLY_WITH, 0 },
	{ "flags are kept", test_flag_kept, 0, 0 },
	{ "SO_SNDTIMEO", test_send_timeout, 0, 0 },
	{ "SO_SNDTIMEO leaves time for the next", test_send_timeout_moved, ONLY_WITH, 0 },
	{ "TCP_USER_TIMEOUT", test_user_timeout, 0, 0 },
	{ "epoll, living", test_epoll_live, 0, 0 },
	{ "epoll, moved by an error", test_epoll_error, ONLY_WITH, 0 },
	{ "epoll, moved by a deadline", test_epoll_deadline, ONLY_WITH, 0 },
	{ "epoll, connected later", test_epoll_later, ONLY_WITH | NEEDS_FAR, 0 },
	{ "epoll, all refuse", test_epoll_failed, 0, 0 },
	{ "SIGIO", test_sigio, ONLY_WITH, 0 },
};

int main(int argc, char **argv)
{
	return world_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
