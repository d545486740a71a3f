/* SPDX-License-Identifier: MIT */
/*
 * How long one candidate is waited for, and what becomes of an answer that comes late.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/clients/conn_world.h"

/* Connects to the first place of the service, blocking; at PLACE, within LOW to HIGH milliseconds. */
static void connects(unsigned first, unsigned place, int low, int high)
{
	const int fd = world_socket(first, 0);
	const uint64_t began_us = world_now_us();

	expect(world_connect(fd, first) == 0, "%s", strerror(errno));
	expect(world_where(fd) == (int)place, "is at %d", world_where(fd));
	expect_ms(began_us, low, high);
	close(fd);
}

static void test_floor(void)
{
	world_paint(NEAR, "sL");
	connects(NEAR, NEAR + 1, 25, 35);
}

static void test_handshake(void)
{
	world_paint(NEAR, "sL");
	world_candidate(NEAR)->handshake_us = 20000;
	connects(NEAR, NEAR + 1, 60, 70);
}

static void test_ceiling(void)
{
	world_paint(NEAR, "ssL");
	world_service(NEAR)->attempt_ceiling_ms = 300;
	world_candidate(NEAR)->handshake_us = 0;
	world_candidate(NEAR + 1)->handshake_us = 500000;
	connects(NEAR, NEAR + 2, 600, 615);
}

/* Two are silent, and the first packet to the living one is lost: an open wait on the last one would last a second. */
static void test_lost_packet(void)
{
	world_paint(FAR, "ssl");
	world.far[2].delay_us = 1000;
	world.far[2].lose_syns = 1;
	connects(FAR, FAR + 2, 175, 200);
}

static void test_lost_packet_not_measured(void)
{
	world_paint(FAR, "l");
	world.far[0].delay_us = 1000;
	world.far[0].lose_syns = 1;
	world_candidate(FAR)->handshake_us = 0;
	connects(FAR, FAR, 1000, 1100);
}

/* Five times slower than it was, and nothing better there. */
static void test_slow(void)
{
	world_paint(FAR, "lrr");
	world.far[0].delay_us = 100000;
	world_candidate(FAR)->handshake_us = 20000;
	connects(FAR, FAR, 155, 180);
}

/* Far beyond what was measured, and the others are silent. */
static void test_very_slow(void)
{
	world_paint(FAR, "ls");
	world.far[0].delay_us = 300000;
	connects(FAR, FAR, 750, 1200);
}

static int receive_reports(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	strncpy(address.sun_path, world.report, sizeof address.sun_path - 1);
	expect(bind(fd, (const struct sockaddr *)&address, sizeof address) == 0, "%s", strerror(errno));
	return fd;
}

/* The answer comes while the attempt is being given up: it is used, or the next one is tried, but no connect() fails. */
static void test_late_answer(void)
{
	unsigned first = 0, second = 0;

	receive_reports();
	world_paint(FAR, "lL");
	world_service(FAR)->attempt_floor_ms = 4;
	world.far[0].delay_us = 3900;
	const unsigned times = world_times(500);
	for (unsigned i = 0; i < times; i++) {
		const int fd = world_socket(FAR, 0);
		expect(world_connect(fd, FAR) == 0, "%s, after %u and %u", strerror(errno), first, second);
		/* Always near the moment where it is decided. */
		if (world_where(fd) == FAR) {
			first++;
			world.far[0].delay_us += 3;
		} else {
			second++;
			world.far[0].delay_us -= 3;
		}
		close(fd);
	}
	expect(first > times / 5 && second > times / 5, "%u and %u", first, second);
}

/* And what is told "not in time" is not connected. */
static void test_late_answer_at_the_end(void)
{
	unsigned in_time = 0, late = 0;

	world_paint(FAR, "lr"); /* the first is waited for until the second's error may be told */
	world_service(FAR)->attempt_floor_ms = 1;
	world_service(FAR)->attempt_ceiling_ms = 1;
	world.far[0].delay_us = 8200; /* eight ceilings, and some more */
	for (unsigned i = 0; i < 3; i++) {
		const int fd = world_socket(FAR, 0);
		if (world_connect(fd, FAR + 1) == 0)
			in_time++;
		else if (++late)
			expect(world_where(fd) == -1, "connected: %s", strerror(errno));
		close(fd);
	}
	expect(in_time + late == 3, "%u and %u", in_time, late);
}

/* -------------------------------------------------------------------------------------------------------- non-blocking */

/* Both are up, and as far away as the table says: nothing moves. */
static void test_far_nonblocking(void)
{
	world_paint(FAR, "ll");
	for (unsigned rtt_ms = 5; rtt_ms < 400; rtt_ms *= 2) {
		for (unsigned i = 0; i < 2; i++) {
			world.far[i].delay_us = rtt_ms * 1000;
			world_candidate(FAR + i)->handshake_us = rtt_ms * 1050;
		}
		for (unsigned i = 0; i < world_times(4); i++) {
			const int fd = world_socket(FAR, SOCK_NONBLOCK);
			const int result = world_connect(fd, FAR);
			expect(result == 0 || errno == EINPROGRESS, "%s", strerror(errno));
			expect(world_poll(fd, POLLOUT, 3000) == POLLOUT, "round trip %u ms: not connected", rtt_ms);
			expect(world_where(fd) == FAR, "round trip %u ms: connection %u is at %d", rtt_ms, i,
			       world_where(fd));
			close(fd);
		}
	}
}

/* An event loop's thousand. */
static void test_thousand(void)
{
	enum { COUNT = 1000 };
	static int fds[COUNT];
	uint64_t held_us = 0;
	unsigned connected = 0;

	world_paint(FAR, "ll");
	for (unsigned i = 0; i < 2; i++) {
		world.far[i].delay_us = 20000;
		world_candidate(FAR + i)->handshake_us = 21000;
	}
	for (int i = 0; i < COUNT; i++) {
		fds[i] = world_socket(FAR, SOCK_NONBLOCK);
		const uint64_t began_us = world_now_us();
		const int result = world_connect(fds[i], FAR);
		const int error = errno;
		held_us += world_now_us() - began_us;
		expect(result == 0 || error == EINPROGRESS, "%s", strerror(error));
	}
	expect(held_us < 3 * (200000 + 150 * COUNT), "held for %.0f ms", (double)held_us / 1000);
	for (int i = 0; i < COUNT; i++) {
		expect(world_poll(fds[i], POLLOUT, 3000) == POLLOUT, "%d is not connected", i);
		connected += world_where(fds[i]) == FAR;
	}
	expect(connected == COUNT, "%u moved", COUNT - connected);
}

static const struct world_test tests[] = {
	{ "at least the floor", test_floor, ONLY_WITH, 0 },
	{ "three times the handshake", test_handshake, ONLY_WITH, 0 },
	{ "at most the ceiling", test_ceiling, ONLY_WITH, 0 },
	{ "two silent, one lost packet", test_lost_packet, ONLY_WITH | NEEDS_FAR, 0 },
	{ "the only one, one lost packet", test_lost_packet_not_measured, NEEDS_FAR, 0 },
	{ "five times slower than measured", test_slow, ONLY_WITH | NEEDS_FAR, 0 },
	{ "far slower than measured, others silent", test_very_slow, ONLY_WITH | NEEDS_FAR, 0 },
	{ "an answer while the attempt is being given up", test_late_answer, ONLY_WITH | NEEDS_FAR, 30 },
	{ "an answer while all is being given up", test_late_answer_at_the_end, NEEDS_FAR, 20 },
	{ "non-blocking: nothing moves for being far away", test_far_nonblocking, NEEDS_FAR, 60 },
	{ "non-blocking: a thousand at once", test_thousand, NEEDS_FAR, 0 },
};

int main(int argc, char **argv)
{
	return world_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
