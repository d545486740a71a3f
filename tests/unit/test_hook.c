/* SPDX-License-Identifier: MIT */
/* Hooks as processes: what they are told, in which order they run, and how they end. */
#include "probe/news/hook.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "probe/engine/clock.h"

enum { LIMIT_MS = 10000, ENDS = 64 };

static struct {
	uv_loop_t loop;
	struct hooks *hooks;
	struct hook_end ends[ENDS]; /* without the pointers */
	char names[ENDS][16];
	size_t ended;
	char file[64];
} world;

static void on_told(void *owner, const struct hook_end *end)
{
	assert_ptr_equal(owner, &world);
	assert_in_range(world.ended, 0, ENDS - 1);
	snprintf(world.names[world.ended], sizeof world.names[0], "%s", end->hook);
	assert_true(json_is_object(end->facts));
	world.ends[world.ended++] = *end;
}

static int setup(void **state)
{
	(void)state;
	strcpy(world.file, "/tmp/mpf-test-XXXXXX");
	close(mkstemp(world.file));
	world.ended = 0;
	assert_int_equal(uv_loop_init(&world.loop), 0);
	world.hooks = hooks_open(&world.loop, on_told, &world);
	assert_non_null(world.hooks);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	hooks_close(world.hooks);
	uv_run(&world.loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&world.loop), 0);
	unlink(world.file);
	return 0;
}

static void configure(size_t count, struct conf_hook *hooks)
{
	struct conf conf = { .hooks = hooks, .hook_count = count };
	for (size_t i = 0; i < count; i++)
		if (!hooks[i].timeout_ms)
			hooks[i].timeout_ms = LIMIT_MS;
	assert_int_equal(hooks_configure(world.hooks, &conf), 0);
}

/* One hook, for all events; $FILE is where it may leave something. */
static void configure_one(const char *command, uint32_t timeout_ms)
{
	struct conf_hook hook = { .name = "one", .command = command, .on = ~0u, .timeout_ms = timeout_ms };
	setenv("FILE", world.file, 1);
	configure(1, &hook);
}

static void fire(enum conf_event event, const char *name, const char *subject)
{
	json_t *facts = json_pack("{s:s, s:s, s:i, s:b, s:{s:i}}", "event", name, "service", subject, "port", 443,
	                          "held", 0, "nested", "x", 1);
	hooks_fire(world.hooks, event, subject, facts);
	json_decref(facts);
}

static void wait_for(size_t ended)
{
	uint64_t end_ms = clock_ms() + LIMIT_MS;
	while (world.ended < ended && clock_ms() < end_ms)
		uv_run(&world.loop, UV_RUN_NOWAIT);
	assert_int_equal(world.ended, ended);
}

static const char *left(void)
{
	static char text[4096];
	FILE *file = fopen(world.file, "r");
	assert_non_null(file);
	text[fread(text, 1, sizeof text - 1, file)] = '\0';
	fclose(file);
	return text;
}

static void test_facts(void **state)
{
	(void)state;
	setenv("MPF_OLD", "not this one", 1);
	configure_one("{ cat; env | grep '^MPF_' | sort; } > $FILE", 0);
	fire(CONF_ON_DOWN, "down", "it's \"dm\" $HOME `id` ;");
	wait_for(1);
	unsetenv("MPF_OLD");
	assert_string_equal(
		left(),
		"{\"event\":\"down\",\"service\":\"it's \\\"dm\\\" $HOME `id` ;\",\"port\":443,\"held\":false,\"nested\":{\"x\":1}}\n"
		"MPF_EVENT=down\nMPF_HELD=no\nMPF_PORT=443\nMPF_SERVICE=it's \"dm\" $HOME `id` ;\n");
	assert_int_equal(world.ends[0].fate, HOOK_EXITED);
	assert_int_equal(world.ends[0].status, 0);
	assert_string_equal(world.names[0], "one");
}

static void test_fates(void **state)
{
	(void)state;
	static const struct {
		const char *command;
		uint32_t timeout_ms;
		enum hook_fate fate;
		int status;
	} rows[] = {
		{ "exit 3", 0, HOOK_EXITED, 3 },
		{ "exec /no/such/program 2> /dev/null", 0, HOOK_EXITED, 127 },
		{ "kill -TERM $$", 0, HOOK_SIGNALED, SIGTERM },
		{ "exec 0<&-; exit 0", 0, HOOK_EXITED, 0 },
		{ "trap '' TERM INT HUP; sleep 100; sleep 100", 100, HOOK_TIMEOUT, 0 },
		{ "cat > /dev/null; sleep 100 & wait", 100, HOOK_TIMEOUT, 0 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		world.ended = 0;
		configure_one(rows[i].command, rows[i].timeout_ms);
		fire(CONF_ON_UP, "up", "dm");
		wait_for(1);
		if (world.ends[0].fate != rows[i].fate ||
		    (rows[i].fate != HOOK_TIMEOUT && world.ends[0].status != rows[i].status))
			fail_msg("%s: %s, %d", rows[i].command, hook_fate_name(world.ends[0].fate),
			         world.ends[0].status);
	}
}

/* All that it has started goes with it. */
static void test_group(void **state)
{
	(void)state;
	int pid = 0;
	configure_one("sleep 100 & echo $! > $FILE; wait", 200);
	fire(CONF_ON_UP, "up", "dm");
	wait_for(1);
	assert_int_equal(sscanf(left(), "%d", &pid), 1);
	char path[64], letter = 'Z';
	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	for (int i = 0; i < 1000 && kill(pid, 0) == 0; i++) { /* its new parent may take its time */
		FILE *file = fopen(path, "r");
		if (file && fscanf(file, "%*d (%*[^)]) %c", &letter) == 1 && letter == 'Z')
			i = 1000;
		if (file)
			fclose(file);
		uv_sleep(1);
	}
	assert_true(letter == 'Z' || kill(pid, 0) < 0);
}

/* One at a time, in order, and another hook beside it. */
static void test_order(void **state)
{
	(void)state;
	struct conf_hook hooks[] = {
		{ .name = "slow", .command = "sleep 0.05; echo slow $MPF_SERVICE >> $FILE", .on = CONF_ON_DOWN },
		{ .name = "quick", .command = "echo quick $MPF_SERVICE >> $FILE", .on = CONF_ON_DOWN | CONF_ON_UP },
	};
	setenv("FILE", world.file, 1);
	configure(2, hooks);
	fire(CONF_ON_DOWN, "down", "a");
	fire(CONF_ON_UP, "up", "b");
	fire(CONF_ON_DOWN, "down", "c");
	fire(CONF_ON_CERT_WARN, "cert-warn", "d");
	wait_for(5);
	assert_string_equal(left(), "quick a\nquick b\nquick c\nslow a\nslow c\n");
}

static void test_left_out(void **state)
{
	(void)state;
	configure_one("sleep 0.2; echo $MPF_EVENT >> $FILE", 0);
	fire(CONF_ON_DOWN, "first", "dm");
	for (int i = 0; i < 100; i++) {
		fire(CONF_ON_UP, "up", "dm");
		fire(CONF_ON_DOWN, "down", "dm");
	}
	wait_for(3);
	assert_string_equal(left(), "first\nup\ndown\n");
	assert_int_equal(world.ends[0].left_out, 198);
	assert_int_equal(world.ends[1].left_out, 0);
}

/* A new configuration changes what is run next, and ends what is not wanted any more. */
static void test_configure(void **state)
{
	(void)state;
	configure_one("echo old $MPF_SERVICE >> $FILE; sleep 0.1", 0);
	fire(CONF_ON_DOWN, "down", "a");
	fire(CONF_ON_DOWN, "down", "b");
	configure_one("echo new $MPF_SERVICE >> $FILE", 0);
	wait_for(2);
	assert_string_equal(left(), "old a\nnew b\n");
	configure_one("sleep 100", 0);
	fire(CONF_ON_DOWN, "down", "a");
	fire(CONF_ON_DOWN, "down", "b");
	configure(0, NULL);
	assert_int_equal(world.ended, 3);
	assert_int_equal(world.ends[2].fate, HOOK_STOPPED);
	assert_int_equal(world.ends[2].left_out, 1);
	fire(CONF_ON_DOWN, "down", "a");
	configure_one("exit 0", 0);
	assert_int_equal(world.ended, 3);
}

static void test_end(void **state)
{
	(void)state;
	configure_one("sleep 100", 0);
	fire(CONF_ON_DOWN, "down", "a");
	fire(CONF_ON_DOWN, "down", "b");
	hooks_close(world.hooks);
	world.hooks = NULL;
	assert_int_equal(world.ended, 1);
	assert_int_equal(world.ends[0].fate, HOOK_STOPPED);
}

/* More than a pipe holds, for one who never reads. */
static void test_does_not_read(void **state)
{
	(void)state;
	char *much = malloc(300001);
	assert_non_null(much);
	memset(much, 'x', 300000);
	much[300000] = '\0';
	json_t *facts = json_pack("{s:[s]}", "much", much);
	configure_one("sleep 0.1", 0);
	hooks_fire(world.hooks, CONF_ON_DOWN, "dm", facts);
	wait_for(1);
	assert_int_equal(world.ends[0].fate, HOOK_EXITED);
	world.ended = 0;
	configure_one("wc -c > $FILE", 0);
	hooks_fire(world.hooks, CONF_ON_DOWN, "dm", facts);
	wait_for(1);
	assert_string_equal(left(), "300014\n");
	json_decref(facts);
	free(much);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_facts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fates, setup, teardown),
		cmocka_unit_test_setup_teardown(test_group, setup, teardown),
		cmocka_unit_test_setup_teardown(test_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_left_out, setup, teardown),
		cmocka_unit_test_setup_teardown(test_configure, setup, teardown),
		cmocka_unit_test_setup_teardown(test_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_does_not_read, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
