/* SPDX-License-Identifier: MIT */
/*
 * The rules of a service, where connect() meets them: a writer that is gone, nobody who is up, operators, ports, both families.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe/table/table_writer.h"
#include "tests/clients/conn_world.h"

static void is_refused(unsigned place)
{
	const int fd = world_socket(place, 0);
	expect(world_connect(fd, place) == -1 && errno == ECONNREFUSED, "%s, at %d", strerror(errno), world_where(fd));
	close(fd);
}

static void leads_to(unsigned place, unsigned wanted)
{
	const int fd = world_socket(place, 0);
	expect(world_connect(fd, place) == 0, "%s", strerror(errno));
	expect(world_where(fd) == (int)wanted, "is at %d", world_where(fd));
	close(fd);
}

/* When the writer last stored the time. */
static void heartbeat_before(uint32_t ms)
{
	table_store(&world.table->heartbeat_ms, (uint32_t)(world_now_us() / 1000) - ms);
}

static void test_stale(void)
{
	world_paint(NEAR, "rl");
	heartbeat_before(20000);
	leads_to(NEAR, NEAR + 1);
}

static void test_stale_pass(void)
{
	world_paint(NEAR, "rl");
	world_service(NEAR)->when_stale = MPF_STALE_PASS;
	heartbeat_before(20000);
	is_refused(NEAR);
}

static void test_not_stale(void)
{
	world_paint(NEAR, "rl");
	world_service(NEAR)->when_stale = MPF_STALE_PASS;
	heartbeat_before(5000);
	leads_to(NEAR, NEAR + 1);
}

static void all_are(uint32_t verdict, uint32_t operator)
{
	for (unsigned place = NEAR; place < NEAR + 4; place++)
		table_store(&world_candidate(place)->word, MPF_WORD(verdict, operator, 0, 0, 0));
}

static void test_all_down(void)
{
	world_paint(NEAR, "rl");
	all_are(MPF_DOWN, MPF_READY);
	leads_to(NEAR, NEAR + 1);
}

static void test_all_down_pass(void)
{
	world_paint(NEAR, "rl");
	all_are(MPF_DOWN, MPF_READY);
	world_service(NEAR)->all_down = MPF_ALL_DOWN_PASS;
	is_refused(NEAR);
}

static void test_all_in_maint(void)
{
	world_paint(NEAR, "rl");
	all_are(MPF_UP, MPF_MAINT);
	is_refused(NEAR);
}

static void test_drained(void)
{
	world_paint(NEAR, "ll");
	table_store(&world_candidate(NEAR)->word, MPF_WORD(MPF_UP, MPF_DRAIN, 0, 0, 0));
	leads_to(NEAR, NEAR + 1);
}

/* A candidate that listens elsewhere. */
static void test_own_port(void)
{
	union world_sockaddr at;
	struct sockaddr_in peer;
	socklen_t length = world_address(NEAR + 1, &at);

	world_paint(NEAR, "rr");
	const int server = socket(AF_INET, SOCK_STREAM, 0);
	((struct sockaddr_in *)&at)->sin_port = 0;
	expect(bind(server, &at.any, length) == 0 && listen(server, 4) == 0 &&
	               getsockname(server, &at.any, &length) == 0,
	       "%s", strerror(errno));
	world_candidate(NEAR + 1)->port = ntohs(((struct sockaddr_in *)&at)->sin_port);
	for (int type = 0; type <= SOCK_NONBLOCK; type += SOCK_NONBLOCK) {
		const int fd = world_socket(NEAR, type);
		const int result = world_connect(fd, NEAR);
		expect(result == 0 || errno == EINPROGRESS, "%s", strerror(errno));
		length = sizeof peer;
		expect(getpeername(fd, (struct sockaddr *)&peer, &length) == 0, "%s", strerror(errno));
		expect(peer.sin_port == ((struct sockaddr_in *)&at)->sin_port, "port %d", ntohs(peer.sin_port));
	}
}

/* One socket for both families: first as it is, then with IPv4 inside. */
static void both_families(const char *letters)
{
	world_paint(MIXED, letters);
	leads_to(MIXED, MIXED_IPV4);
}

static void test_families_refused(void)
{
	both_families("rrl");
}

static void test_families_silent(void)
{
	both_families("ssl");
}

static const struct world_test tests[] = {
	{ "the writer is gone: the last good word counts", test_stale, ONLY_WITH, 0 },
	{ "the writer is gone: pass through", test_stale_pass, 0, 0 },
	{ "the writer lives: nothing passes through", test_not_stale, ONLY_WITH, 0 },
	{ "all down: they are tried", test_all_down, ONLY_WITH, 0 },
	{ "all down: pass through", test_all_down_pass, 0, 0 },
	{ "all in maint: pass through", test_all_in_maint, 0, 0 },
	{ "drained: another one", test_drained, ONLY_WITH, 0 },
	{ "a candidate's own port", test_own_port, ONLY_WITH, 0 },
	{ "IPv6 refused, then IPv4", test_families_refused, ONLY_WITH | NEEDS_FAR, 0 },
	{ "IPv6 silent, then IPv4", test_families_silent, ONLY_WITH | NEEDS_FAR, 0 },
};

int main(int argc, char **argv)
{
	return world_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
