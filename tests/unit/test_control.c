/* SPDX-License-Identifier: MIT */
/* The control socket, by clients that behave and by others. */
#include "probe/control/control.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "probe/engine/clock.h"

enum { LIMIT_MS = 5000, HEARD = 4 << 20 };

static struct {
	uv_loop_t loop;
	struct control *control;
	char directory[32], path[64];
	unsigned asked, ended;
	struct control_client *waits; /* its request is not answered yet */
	char heard[HEARD];
} world;

static void on_end(void *state)
{
	(void)state;
	world.ended++;
	world.waits = NULL;
}

/* "now" is answered at once, "later" and "follow" by the test, "much" is answered behind as many lines as it asks for. */
static void asked(void *owner, struct control_client *client, const json_t *request)
{
	const char *command = json_string_value(json_object_get(request, "command"));
	assert_ptr_equal(owner, &world);
	world.asked++;
	bool follow = command && !strcmp(command, "follow");
	if (follow || (command && !strcmp(command, "later"))) {
		world.waits = client;
		control_on_end(client, on_end, NULL, follow);
		return;
	}
	json_int_t lines = json_integer_value(json_object_get(request, "lines"));
	for (json_int_t i = 0; i < lines; i++)
		if (!control_send(client, json_pack("{s:I}", "line", i)))
			return;
	control_answer(client, json_pack("{s:b, s:I}", "ok", 1, "asked", (json_int_t)world.asked));
}

static int setup(void **state)
{
	(void)state;
	world.asked = world.ended = 0;
	world.waits = NULL;
	strcpy(world.directory, "/tmp/mpf-test-XXXXXX");
	assert_non_null(mkdtemp(world.directory));
	snprintf(world.path, sizeof world.path, "%s/control", world.directory);
	assert_int_equal(uv_loop_init(&world.loop), 0);
	assert_int_equal(control_open(&world.control, &world.loop, world.path, "", asked, &world), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	control_close(world.control);
	world.control = NULL;
	uv_run(&world.loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&world.loop), 0);
	assert_int_equal(rmdir(world.directory), 0); /* the socket is gone */
	return 0;
}

static int connect_client(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	snprintf(name.sun_path, sizeof name.sun_path, "%s", world.path);
	assert_int_equal(connect(fd, (struct sockaddr *)&name, sizeof name), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void turn(void)
{
	uv_run(&world.loop, UV_RUN_NOWAIT);
}

/* Turns the loop until so many lines have come, or the connection's end (-1).  What has come; to be used at once. */
static const char *hear(int fd, int lines)
{
	size_t used = 0;
	uint64_t end_ms = clock_ms() + LIMIT_MS;
	while (lines && clock_ms() < end_ms) {
		turn();
		ssize_t size = recv(fd, world.heard + used, HEARD - 1 - used, 0);
		if (size == 0 || (size < 0 && errno == ECONNRESET))
			break;
		for (ssize_t i = 0; i < size; i++)
			lines -= lines > 0 && world.heard[used + (size_t)i] == '\n';
		used += size > 0 ? (size_t)size : 0;
	}
	world.heard[used] = '\0';
	if (clock_ms() >= end_ms)
		fail_msg("heard only: %s", world.heard);
	return world.heard;
}

static bool waits(void)
{
	return world.waits;
}
static bool has_ended(void)
{
	return world.ended;
}

static void turn_until(bool (*over)(void))
{
	uint64_t end_ms = clock_ms() + LIMIT_MS;
	while (!over() && clock_ms() < end_ms)
		turn();
	assert_true(over());
}

#define NOW   "{\"version\":1,\"command\":\"now\"}\n"
#define LATER "{\"version\":1,\"command\":\"later\"}\n"

static void test_permissions(void **state)
{
	(void)state;
	struct stat status;
	assert_int_equal(stat(world.path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0660);
	assert_int_equal(status.st_uid, geteuid());
	struct control *second = NULL;
	assert_int_equal(control_open(&second, &world.loop, world.path, "", asked, &world), -EADDRINUSE);
	assert_int_equal(access(world.path, F_OK), 0);
	assert_int_equal(control_open(&second, &world.loop, world.directory, "", asked, &world), -EEXIST);
	assert_int_equal(control_open(&second, &world.loop, "/no/such/directory", "", asked, &world), -ENOENT);
	assert_null(second);
}

/* One that was killed leaves its socket behind. */
static void test_leftover(void **state)
{
	(void)state;
	char path[80];
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	struct control *control;
	snprintf(path, sizeof path, "%s/old", world.directory);
	snprintf(name.sun_path, sizeof name.sun_path, "%s", path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
	close(fd);
	assert_int_equal(control_open(&control, &world.loop, path, "", asked, &world), 0);
	control_close(control);
	FILE *file = fopen(path, "w");
	fclose(file);
	assert_int_equal(control_open(&control, &world.loop, path, "", asked, &world), -EEXIST);
	assert_int_equal(unlink(path), 0); /* a file is nobody's leftover */
}

static void test_answers(void **state)
{
	(void)state;
	int fd = connect_client();
	say(fd, NOW);
	assert_string_equal(hear(fd, 1), "{\"ok\":true,\"asked\":1,\"version\":1}\n");
	say(fd, "{\"version\":1,");
	turn();
	say(fd, "\"command\":\"now\"}\n" NOW);
	assert_string_equal(hear(fd, 2), "{\"ok\":true,\"asked\":2,\"version\":1}\n"
	                                 "{\"ok\":true,\"asked\":3,\"version\":1}\n");
	close(fd);
}

/* What follows a request waits for its answer; and who says that he asks nothing more is answered all the same. */
static void test_in_order(void **state)
{
	(void)state;
	int fd = connect_client();
	say(fd, LATER NOW NOW);
	shutdown(fd, SHUT_WR);
	turn_until(waits);
	for (int i = 0; i < 10; i++)
		turn();
	assert_int_equal(world.asked, 1);
	control_answer(world.waits, json_pack("{s:s}", "late", "yes"));
	assert_int_equal(world.asked, 1); /* not from within the answer */
	assert_string_equal(hear(fd, -1), "{\"late\":\"yes\",\"version\":1}\n"
	                                  "{\"ok\":true,\"asked\":2,\"version\":1}\n"
	                                  "{\"ok\":true,\"asked\":3,\"version\":1}\n");
	assert_int_equal(world.ended, 0);
	close(fd);
}

static void test_refusals(void **state)
{
	(void)state;
	static const struct {
		const char *request, *word;
	} rows[] = {
		{ "drain dm/london\n", "not a JSON object" }, { "[1]\n", "not a JSON object" },
		{ "\"version\"\n", "not a JSON object" },     { "\n", "not a JSON object" },
		{ "{\"command\":\"now\"}\n", "version 1" },   { "{\"version\":2,\"command\":\"now\"}\n", "version 1" },
		{ "{\"version\":\"1\"}\n", "version 1" },     { "{\"version\":1}\377\n", "not a JSON object" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int fd = connect_client();
		say(fd, rows[i].request);
		if (!strstr(hear(fd, -1), rows[i].word)) /* and that is the end of it */
			fail_msg("%s: %s", rows[i].request, world.heard);
		close(fd);
	}
	assert_int_equal(world.asked, 0);
}

static void test_too_long(void **state)
{
	(void)state;
	char text[CONTROL_REQUEST_BYTES + 1];
	memset(text, ' ', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	int fd = connect_client();
	say(fd, text);
	assert_non_null(strstr(hear(fd, -1), "longer than 4096"));
	close(fd);
	fd = connect_client();
	text[sizeof text - 2] = '\n';
	memcpy(text, NOW, strlen(NOW) - 1);
	say(fd, text);
	assert_non_null(strstr(hear(fd, 1), "\"ok\":true"));
	close(fd);
}

/* Bytes of all kinds, in pieces of all sizes. */
static void test_noise(void **state)
{
	(void)state;
	srandom(1);
	for (int i = 0; i < 300; i++) {
		int fd = connect_client();
		for (int j = 0; j < 20; j++) {
			char noise[600];
			size_t size = (size_t)random() % sizeof noise;
			for (size_t at = 0; at < size; at++)
				noise[at] = (char)(random() % 8 ? (int)(random() % 256) : '\n');
			if (random() % 2)
				memcpy(noise, NOW, strlen(NOW));
			if (send(fd, noise, size, MSG_NOSIGNAL) < 0)
				break;
			turn();
		}
		close(fd);
		turn();
	}
	int fd = connect_client();
	say(fd, NOW);
	assert_non_null(strstr(hear(fd, 1), "\"ok\":true"));
	close(fd);
}

static void test_gone_while_asked(void **state)
{
	(void)state;
	int fd = connect_client();
	say(fd, LATER);
	turn_until(waits);
	close(fd);
	for (int i = 0; i < 10; i++)
		turn();
	assert_int_equal(world.ended, 0); /* it may only have nothing more to ask: its end shows when it is answered */
	control_send(world.waits, json_pack("{s:i}", "line", 1));
	turn_until(has_ended);
	fd = connect_client();
	say(fd, "{\"version\":1,\"command\":\"follow\"}\n");
	turn_until(waits);
	world.ended = 0;
	close(fd);
	turn_until(has_ended); /* this one would be waiting for ever */
}

static void test_does_not_read(void **state)
{
	(void)state;
	int fd = connect_client(), other = connect_client();
	say(fd, "{\"version\":1,\"command\":\"much\",\"lines\":1000000}\n");
	say(other, NOW);
	assert_non_null(strstr(hear(other, 1), "\"ok\":true"));
	hear(fd, -1); /* it was dropped on the way */
	assert_null(strstr(world.heard, "\"ok\":true"));
	close(fd);
	say(other, "{\"version\":1,\"command\":\"much\",\"lines\":20000}\n"); /* who reads gets it all */
	hear(other, 20001);
	assert_non_null(strstr(world.heard, "\"ok\":true"));
	close(other);
}

static void test_too_many(void **state)
{
	(void)state;
	int fds[CONTROL_CLIENTS];
	for (int i = 0; i < CONTROL_CLIENTS; i++) {
		fds[i] = connect_client();
		turn();
	}
	int fd = connect_client();
	assert_non_null(strstr(hear(fd, -1), "too many clients"));
	close(fd);
	say(fds[7], NOW);
	assert_non_null(strstr(hear(fds[7], 1), "\"ok\":true"));
	close(fds[3]);
	for (int i = 0; i < 10; i++)
		turn();
	fds[3] = connect_client();
	say(fds[3], NOW);
	assert_non_null(strstr(hear(fds[3], 1), "\"ok\":true"));
	for (int i = 0; i < CONTROL_CLIENTS; i++)
		close(fds[i]);
}

/* However many come at once, two descriptors are enough to tell them so: for the one that is told, and for the one that waits. */
static void test_far_too_many(void **state)
{
	(void)state;
	enum { MORE = 6 };
	int fds[CONTROL_CLIENTS + MORE];
	struct rlimit limit, low;
	for (int i = 0; i < CONTROL_CLIENTS; i++) {
		fds[i] = connect_client();
		turn();
	}
	for (int i = CONTROL_CLIENTS; i < CONTROL_CLIENTS + MORE; i++)
		fds[i] = connect_client();
	const int one = dup(0), other = dup(0);
	close(one);
	close(other);
	getrlimit(RLIMIT_NOFILE, &limit);
	low = (struct rlimit){ .rlim_cur = (rlim_t)other + 1, .rlim_max = limit.rlim_max };
	setrlimit(RLIMIT_NOFILE, &low);
	for (int i = CONTROL_CLIENTS; i < CONTROL_CLIENTS + MORE; i++)
		assert_non_null(strstr(hear(fds[i], -1), "too many clients"));
	setrlimit(RLIMIT_NOFILE, &limit);
	for (int i = 0; i < CONTROL_CLIENTS + MORE; i++)
		close(fds[i]);
}

/* With one that waits to be refused, too. */
static void test_close_when_full(void **state)
{
	(void)state;
	int fds[CONTROL_CLIENTS + 2];
	for (int i = 0; i < CONTROL_CLIENTS; i++) {
		fds[i] = connect_client();
		turn();
	}
	fds[CONTROL_CLIENTS] = connect_client();
	fds[CONTROL_CLIENTS + 1] = connect_client();
	turn();
	control_close(world.control);
	world.control = NULL;
	for (int i = 0; i < CONTROL_CLIENTS + 2; i++) {
		hear(fds[i], -1);
		close(fds[i]);
	}
}

static void test_peer(void **state)
{
	(void)state;
	int fd = connect_client();
	say(fd, LATER);
	turn_until(waits);
	struct control_peer peer = control_peer(world.waits);
	assert_int_equal(peer.uid, geteuid());
	assert_int_equal(peer.pid, getpid());
	close(fd);
}

/* With a request under way, and with another one behind it. */
static void test_close(void **state)
{
	(void)state;
	int fd = connect_client();
	say(fd, LATER NOW);
	turn_until(waits);
	control_close(world.control);
	world.control = NULL;
	assert_int_equal(world.ended, 1);
	assert_string_equal(hear(fd, -1), "");
	assert_int_equal(world.asked, 1);
	close(fd);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_permissions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_leftover, setup, teardown),
		cmocka_unit_test_setup_teardown(test_answers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
		cmocka_unit_test_setup_teardown(test_too_long, setup, teardown),
		cmocka_unit_test_setup_teardown(test_noise, setup, teardown),
		cmocka_unit_test_setup_teardown(test_gone_while_asked, setup, teardown),
		cmocka_unit_test_setup_teardown(test_does_not_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_too_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_far_too_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_close_when_full, setup, teardown),
		cmocka_unit_test_setup_teardown(test_peer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_close, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
