/* SPDX-License-Identifier: MIT */
/*
 * A connect() by each way that it can go, between two marks that strace shows: access("begin NAME") and access("end").
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "probe/table/table_writer.h"
#include "tests/clients/conn_world.h"

enum { NOBODYS_PORT = 1, FLOOR_MS = 80, DELAY_US = 10000 };

static void begin(const char *name, int type)
{
	char mark[80] = "begin ";

	strncat(mark, name, 50);
	strcat(mark, type ? ", non-blocking" : ", blocking");
	access(mark, F_OK);
}

/* From PLACE, which is asked for, to place WHERE; the table says VERDICT of the former. */
static void goes(const char *name, unsigned place, const char *letters, enum mpf_verdict verdict, unsigned where)
{
	for (int type = 0; type <= SOCK_NONBLOCK; type += SOCK_NONBLOCK) {
		world_paint(place, letters);
		if (place >= FAR) {
			world_service(place)->attempt_floor_ms = FLOOR_MS;
			for (unsigned i = 0; i < 2; i++)
				world.far[place - FAR + i].delay_us = DELAY_US;
		}
		table_store(&world_candidate(place)->word, MPF_WORD(verdict, MPF_READY, 0, 0, 0));
		const int fd = world_socket(place, type);
		begin(name, type);
		const int error = world_connect(fd, place) == 0 ? 0 : errno;
		access("end", F_OK);
		expect(error == 0 || error == EINPROGRESS, "%s: %s", name, strerror(error));
		expect(error || world_where(fd) == (int)where, "%s: is at %d", name, world_where(fd));
		close(fd);
	}
}

static void test_not_ours(void)
{
	union world_sockaddr address;
	const socklen_t length = world_address(NEAR, &address);

	((struct sockaddr_in *)&address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	((struct sockaddr_in *)&address)->sin_port = htons(NOBODYS_PORT);
	for (int type = 0; type <= SOCK_NONBLOCK; type += SOCK_NONBLOCK) {
		const int fd = world_socket(NEAR, type);
		begin("not ours", type);
		connect(fd, &address.any, length);
		access("end", F_OK);
		close(fd);
	}
}

static void test_near(void)
{
	goes("up, the only one", NEAR, "l", MPF_UP, NEAR);
	goes("up", NEAR, "ll", MPF_UP, NEAR);
	goes("moved by the table", NEAR, "rl", MPF_DOWN, NEAR + 1);
	goes("moved by an error", NEAR, "rL", MPF_UP, NEAR + 1);
}

static void test_far(void)
{
	goes("up, far", FAR, "ll", MPF_UP, FAR);
	goes("moved by the table, far", FAR, "rl", MPF_DOWN, FAR + 1);
	goes("moved by a deadline, far", FAR, "sL", MPF_UP, FAR + 1);
}

static const struct world_test tests[] = {
	{ "not ours", test_not_ours, 0, 0 },
	{ "near", test_near, ONLY_WITH, 0 },
	{ "far", test_far, ONLY_WITH | NEEDS_FAR, 0 },
};

int main(int argc, char **argv)
{
	return world_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
