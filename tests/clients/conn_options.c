/* SPDX-License-Identifier: MIT */
/*
 * Whatever the client has set on its socket is afterwards as a native connect() to the server that was reached leaves it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "tests/clients/conn_world.h"

enum { OPTIONS = 128, VALUE_SIZE = 64 };

static const int levels[] = { SOL_SOCKET, IPPROTO_IP, IPPROTO_TCP, IPPROTO_IPV6 };
enum { LEVELS = sizeof levels / sizeof *levels };

/* What getsockopt() says of a socket. */
struct view {
	struct {
		int result; /* its length, or -errno */
		unsigned char value[VALUE_SIZE];
	} option[LEVELS][OPTIONS];
};

/* Tell one connection from another, or one moment. */
static bool is_passing(int level, int option)
{
	static const int passing[][2] = {
		{ SOL_SOCKET, SO_INCOMING_CPU },
		{ SOL_SOCKET, SO_COOKIE },
		{ SOL_SOCKET, SO_MEMINFO },
		{ SOL_SOCKET, SO_PEERSEC },
		{ SOL_SOCKET, SO_INCOMING_NAPI_ID },
		{ IPPROTO_TCP, TCP_INFO },
		{ IPPROTO_TCP, TCP_CC_INFO },
		{ IPPROTO_TCP, TCP_TIMESTAMP },
		{ IPPROTO_TCP, TCP_ZEROCOPY_RECEIVE },
		{ IPPROTO_IP, 52 /* the local port */ },
	};

	for (size_t i = 0; i < sizeof passing / sizeof *passing; i++)
		if (passing[i][0] == level && passing[i][1] == option)
			return true;
	return false;
}

static void look(int fd, struct view *view)
{
	memset(view, 0, sizeof *view);
	for (size_t level = 0; level < LEVELS; level++)
		for (int option = 0; option < OPTIONS; option++) {
			socklen_t length = VALUE_SIZE;
			if (is_passing(levels[level], option))
				continue;
			const int result =
				getsockopt(fd, levels[level], option, view->option[level][option].value, &length);
			view->option[level][option].result = result == 0 ? (int)length : -errno;
		}
}

static void same(const char *what, const struct view *wanted, const struct view *seen)
{
	for (size_t level = 0; level < LEVELS; level++)
		for (int option = 0; option < OPTIONS; option++) {
			unsigned was[2], is[2];
			memcpy(was, wanted->option[level][option].value, sizeof was);
			memcpy(is, seen->option[level][option].value, sizeof is);
			expect(!memcmp(&wanted->option[level][option], &seen->option[level][option],
			               sizeof wanted->option[level][option]),
			       "%s: option %d of level %d is %d: %x %x, not %d: %x %x", what, option, levels[level],
			       seen->option[level][option].result, is[0], is[1], wanted->option[level][option].result,
			       was[0], was[1]);
		}
}

/* ------------------------------------------------------------------------------------------------ what clients may set */

static struct setting {
	const char *name;
	int level, option, value;
} settings[] = {
	{ "nothing", SOL_SOCKET, SO_TYPE, 0 }, /* which cannot be set */
	{ "SO_REUSEADDR", SOL_SOCKET, SO_REUSEADDR, 1 },
	{ "SO_REUSEPORT", SOL_SOCKET, SO_REUSEPORT, 1 },
	{ "SO_KEEPALIVE", SOL_SOCKET, SO_KEEPALIVE, 1 },
	{ "SO_RCVBUF small", SOL_SOCKET, SO_RCVBUF, 4000 },
	{ "SO_RCVBUF large", SOL_SOCKET, SO_RCVBUF, 200000 },
	{ "SO_SNDBUF", SOL_SOCKET, SO_SNDBUF, 20000 },
	{ "SO_RCVLOWAT", SOL_SOCKET, SO_RCVLOWAT, 100 },
	{ "SO_MARK", SOL_SOCKET, SO_MARK, 7 },
	{ "SO_PRIORITY", SOL_SOCKET, SO_PRIORITY, 5 },
	{ "SO_OOBINLINE", SOL_SOCKET, SO_OOBINLINE, 1 },
	{ "SO_DONTROUTE", SOL_SOCKET, SO_DONTROUTE, 1 },
	{ "IP_TOS", IPPROTO_IP, IP_TOS, 0x10 },
	{ "IP_TTL", IPPROTO_IP, IP_TTL, 33 },
	{ "IP_MTU_DISCOVER", IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT },
	{ "IP_RECVERR", IPPROTO_IP, IP_RECVERR, 1 },
	{ "IP_FREEBIND", IPPROTO_IP, IP_FREEBIND, 1 },
	{ "TCP_NODELAY", IPPROTO_TCP, TCP_NODELAY, 1 },
	{ "TCP_CORK", IPPROTO_TCP, TCP_CORK, 1 },
	{ "TCP_MAXSEG", IPPROTO_TCP, TCP_MAXSEG, 1000 },
	{ "TCP_MAXSEG of 536", IPPROTO_TCP, TCP_MAXSEG, 536 },
	{ "TCP_WINDOW_CLAMP", IPPROTO_TCP, TCP_WINDOW_CLAMP, 30000 },
	{ "TCP_WINDOW_CLAMP of 65535", IPPROTO_TCP, TCP_WINDOW_CLAMP, 65535 },
	{ "TCP_QUICKACK off", IPPROTO_TCP, TCP_QUICKACK, 0 },
	{ "TCP_QUICKACK on", IPPROTO_TCP, TCP_QUICKACK, 1 },
	{ "TCP_SYNCNT", IPPROTO_TCP, TCP_SYNCNT, 3 },
	{ "TCP_USER_TIMEOUT", IPPROTO_TCP, TCP_USER_TIMEOUT, 5000 },
	{ "TCP_KEEPIDLE", IPPROTO_TCP, TCP_KEEPIDLE, 100 },
	{ "TCP_KEEPINTVL", IPPROTO_TCP, TCP_KEEPINTVL, 10 },
	{ "TCP_KEEPCNT", IPPROTO_TCP, TCP_KEEPCNT, 3 },
	{ "TCP_LINGER2", IPPROTO_TCP, TCP_LINGER2, 20 },
	{ "TCP_DEFER_ACCEPT", IPPROTO_TCP, TCP_DEFER_ACCEPT, 4 },
	{ "TCP_NOTSENT_LOWAT", IPPROTO_TCP, TCP_NOTSENT_LOWAT, 9000 },
	{ "TCP_THIN_LINEAR_TIMEOUTS", IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, 1 },
	{ "TCP_SAVE_SYN", IPPROTO_TCP, TCP_SAVE_SYN, 1 },
	{ "IPV6_UNICAST_HOPS", IPPROTO_IPV6, IPV6_UNICAST_HOPS, 44 },
	{ "IPV6_TCLASS", IPPROTO_IPV6, IPV6_TCLASS, 0x20 },
	{ "IPV6_RECVERR", IPPROTO_IPV6, IPV6_RECVERR, 1 },
};
enum { SETTINGS = sizeof settings / sizeof *settings };

/* The others are no plain numbers. */
static void set_more(int fd)
{
	const struct linger linger = { .l_onoff = 1, .l_linger = 3 };
	const struct timeval limit = { .tv_sec = 20 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
}

static void set(int fd, size_t index)
{
	if (index < SETTINGS)
		setsockopt(fd, settings[index].level, settings[index].option, &settings[index].value, sizeof(int));
	else
		set_more(fd);
}

static const char *name_of(size_t index)
{
	return index < SETTINGS ? settings[index].name : "the others";
}

/* ------------------------------------------------------------------------------------------------------------- the tests */

/* How the attempt at the first place fails. */
enum failure { LATER, REFUSED_AT_ONCE, NO_ROUTE };

/* Lost (man page, CAVEATS): there is no telling what was set; or it makes no difference to what there is a route for. */
static bool is_left_out(size_t index, enum failure failure)
{
	if (index == SETTINGS || failure == LATER)
		return false;
	if (failure == REFUSED_AT_ONCE)
		return settings[index].level == IPPROTO_TCP && settings[index].option == TCP_WINDOW_CLAMP;
	return !strcmp(settings[index].name, "TCP_MAXSEG of 536") || !strcmp(settings[index].name, "SO_DONTROUTE");
}

/* For each setting: a connect() for place FIRST, which is moved to the next one, against a native one to that. */
static void compare(unsigned first, const char *letters, enum failure failure)
{
	static struct view native, moved;

	world_paint(first, letters);
	if (first == FAR)
		world.far[0].delay_us = world.far[1].delay_us = 1000;
	for (size_t i = 0; i <= SETTINGS; i++) {
		if (is_left_out(i, failure))
			continue;
		const int one = world_socket(first, 0), other = world_socket(first, 0);
		set(one, i);
		set(other, i);
		expect(world_connect_natively(one, first + 1) == 0, "%s: %s", name_of(i), strerror(errno));
		look(one, &native);
		expect(world_connect(other, first) == 0, "%s: %s", name_of(i), strerror(errno));
		expect(world_where(other) == (int)first + 1, "%s: is at %d", name_of(i), world_where(other));
		look(other, &moved);
		same(name_of(i), &native, &moved);
		close(one);
		close(other);
	}
}

static void test_after_error(void)
{
	compare(NEAR, "rL", REFUSED_AT_ONCE);
}

static void test_after_deadline(void)
{
	compare(NEAR, "sL", LATER);
}

static void test_far_after_error(void)
{
	compare(FAR, "rL", LATER);
}

/* The kernel says so before anything is sent. */
static void test_after_route(void)
{
	expect(system("ip route replace unreachable 10.99.0.1") == 0, "ip route");
	compare(FAR, "lL", NO_ROUTE);
	expect(system("ip route del 10.99.0.1") == 0, "ip route");
}

static void test_far_after_deadline(void)
{
	compare(FAR, "sL", LATER);
}

static void test_ipv6_after_deadline(void)
{
	compare(MIXED, "sL", LATER);
}

/* What a native connect() that failed has forgotten; ours may know it. */
static bool is_forgotten(size_t index)
{
	return index < SETTINGS &&
	       (settings[index].option == TCP_MAXSEG || settings[index].option == TCP_WINDOW_CLAMP ||
	        settings[index].option == TCP_QUICKACK) &&
	       settings[index].level == IPPROTO_TCP;
}

/* All are dead: as a native connect() that failed. */
static void fail(unsigned first, const char *letters)
{
	static struct view native, tried;

	world_paint(first, letters);
	for (size_t i = 0; i <= SETTINGS; i++) {
		const int one = world_socket(first, 0), other = world_socket(first, 0);
		set(one, i);
		set(other, i);
		expect(world_connect_natively(one, first) == -1 && errno == ECONNREFUSED, "%s: %s", name_of(i),
		       strerror(errno));
		look(one, &native);
		expect(world_connect(other, first) == -1 && errno == ECONNREFUSED, "%s: %s", name_of(i),
		       strerror(errno));
		look(other, &tried);
		if (!is_forgotten(i))
			same(name_of(i), &native, &tried);
		close(one);
		close(other);
	}
}

static void test_all_refuse(void)
{
	fail(NEAR, "rrr");
}

/* The descriptor that has failed once is moved the next time. */
static void test_second_time(void)
{
	static struct view native, moved;

	for (size_t i = 0; i <= SETTINGS; i++) {
		const int one = world_socket(FAR, 0), other = world_socket(FAR, 0);
		set(one, i);
		set(other, i);
		world_paint(FAR, "rrr");
		expect(world_connect_natively(one, FAR) == -1, "%s: connected", name_of(i));
		expect(world_connect(other, FAR) == -1 && errno == ECONNREFUSED, "%s: %s", name_of(i), strerror(errno));
		world_paint(FAR, "rL");
		expect(world_connect_natively(one, FAR + 1) == 0, "%s: %s", name_of(i), strerror(errno));
		expect(world_connect(other, FAR) == 0, "%s: %s", name_of(i), strerror(errno));
		look(one, &native);
		look(other, &moved);
		if (!is_forgotten(i))
			same(name_of(i), &native, &moved);
		close(one);
		close(other);
	}
}

/* ------------------------------------------------------------------------------------------------------ again and again */

enum { FAIL_OVERS = 10000, LOOKED_AT = 100 };

/* What the process has: descriptors, in their numbers, and what is blocked. */
struct possessions {
	unsigned char open[256];
	sigset_t blocked;
};

static void count(struct possessions *all)
{
	memset(all, 0, sizeof *all);
	for (int fd = 0; fd < (int)sizeof all->open; fd++)
		all->open[fd] = fcntl(fd, F_GETFD) >= 0;
	sigprocmask(SIG_SETMASK, NULL, &all->blocked);
}

/* TIMES fail-overs, half of them without blocking, and one in LOOKED_AT looked at closely. */
static void many(const char *letters, unsigned times)
{
	static struct view native, moved;
	struct possessions before, after;
	const struct linger reset = { .l_onoff = 1 }; /* or the ports run out */

	world_paint(NEAR, letters);
	world_service(NEAR)->attempt_floor_ms = 2;
	world_service(NEAR)->nonblocking_wait_ms = 60000;
	count(&before);
	for (unsigned i = 0; i < times; i++) {
		const int type = i & 1 ? SOCK_NONBLOCK : 0, fd = world_socket(NEAR, type);
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
		expect(world_connect(fd, NEAR) == 0, "%u: %s", i, strerror(errno));
		expect(world_where(fd) == NEAR + 1, "%u: is at %d", i, world_where(fd));
		expect(fcntl(fd, F_GETFL) == (O_RDWR | (type ? O_NONBLOCK : 0)), "%u: flags %x", i, fcntl(fd, F_GETFL));
		expect(fcntl(fd, F_GETFD) == FD_CLOEXEC, "%u: not closed on exec", i);
		if (i % LOOKED_AT <= 1) {
			look(fd, &moved);
			const int other = world_socket(NEAR, 0);
			setsockopt(other, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
			expect(world_connect_natively(other, NEAR + 1) == 0, "%s", strerror(errno));
			look(other, &native);
			same("many", &native, &moved);
			close(other);
			close(world_accept(NEAR + 1));
		}
		close(fd);
		close(world_accept(NEAR + 1));
	}
	count(&after);
	expect(!memcmp(before.open, after.open, sizeof before.open), "other descriptors than before");
	expect(!memcmp(&before.blocked, &after.blocked, sizeof before.blocked), "other signals are blocked");
}

static void test_many(void)
{
	many("rL", FAIL_OVERS);
}

static void test_many_deadlines(void)
{
	many("sL", FAIL_OVERS / 20);
}

/* -------------------------------------------------------------------------------------------------------------- binding */

static struct sockaddr_in own_address(int fd)
{
	struct sockaddr_in own = { .sin_family = AF_UNSPEC };
	socklen_t length = sizeof own;

	getsockname(fd, (struct sockaddr *)&own, &length);
	return own;
}

/* Binds to ADDRESS:PORT (network order) before; both that are not 0 are there afterwards. */
static void bound(const char *letters, in_addr_t address, in_port_t port, bool no_port)
{
	const struct sockaddr_in wanted = { .sin_family = AF_INET, .sin_addr.s_addr = address, .sin_port = port };
	const int on = 1;

	world_paint(NEAR, letters);
	const int fd = world_socket(NEAR, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (no_port)
		setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
	expect(bind(fd, (const struct sockaddr *)&wanted, sizeof wanted) == 0, "bind: %s", strerror(errno));
	expect(world_connect(fd, NEAR) == 0, "%s", strerror(errno));
	expect(world_where(fd) == NEAR + 1, "is at %d", world_where(fd));
	const struct sockaddr_in own = own_address(fd);
	expect(!address || own.sin_addr.s_addr == address, "from %s", inet_ntoa(own.sin_addr));
	expect(!port || own.sin_port == port, "from port %u", ntohs(own.sin_port));
	close(fd);
}

static void test_bound(void)
{
	const in_addr_t address = inet_addr("127.9.8.7");
	const in_port_t port = htons((uint16_t)(world.port ^ 1));

	for (int silent = 0; silent < 2; silent++) {
		const char *letters = silent ? "sL" : "rL";
		bound(letters, address, 0, false);
		bound(letters, address, 0, true);
		bound(letters, address, port, false);
		bound(letters, 0, (in_port_t)(port ^ htons(2)), false);
	}
}

static const struct world_test tests[] = {
	{ "moved after an error", test_after_error, ONLY_WITH, 0 },
	{ "moved after a deadline", test_after_deadline, ONLY_WITH, 0 },
	{ "moved after an error, far", test_far_after_error, ONLY_WITH | NEEDS_FAR, 0 },
	{ "moved after a deadline, far", test_far_after_deadline, ONLY_WITH | NEEDS_FAR, 0 },
	{ "moved after a deadline, far, IPv6", test_ipv6_after_deadline, ONLY_WITH | NEEDS_FAR, 0 },
	{ "all refuse", test_all_refuse, 0, 0 },
	{ "moved the second time", test_second_time, ONLY_WITH | NEEDS_FAR, 0 },
	{ "10,000 times", test_many, ONLY_WITH, 60 },
	{ "500 deadlines", test_many_deadlines, ONLY_WITH, 60 },
	{ "bound before", test_bound, ONLY_WITH, 0 },
	{ "moved after an error of the route", test_after_route, ONLY_WITH | NEEDS_FAR, 0 },
};

int main(int argc, char **argv)
{
	return world_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
