/* SPDX-License-Identifier: MIT */
/* tcp, http and exec checks against real servers and commands. */
#include "probe/check/check.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "probe/check/check_warm.h"
#include "tests/unit/odd_server.h"
#include "tests/unit/one_check.h"

static struct outcome ask(const struct conf_check *conf, enum odd_way way, uint32_t timeout_ms)
{
	struct odd_server server = odd_start("127.0.0.1", way);
	assert_int_not_equal(server.port, 0);
	struct check_target target = one_check_target(conf, "dm.example.org", "127.0.0.1", server.port);
	struct outcome outcome = one_check_run(&target, timeout_ms);
	odd_stop(&server);
	return outcome;
}

static void test_tcp(void **state)
{
	(void)state;
	struct conf_check tcp = one_check_default(CONF_TCP);
	struct outcome outcome = ask(&tcp, ODD_SILENT, 2000);
	one_check_expect("tcp", outcome, OUTCOME_SUCCESS, MPF_REASON_CONNECTED, 0);
	assert_in_range(outcome.handshake_us, 1, 2000000);
	one_check_expect("reset", ask(&tcp, ODD_RESET, 2000), OUTCOME_SUCCESS, MPF_REASON_CONNECTED, 0);
	one_check_expect("refused", ask(&tcp, ODD_GONE, 2000), OUTCOME_FAILURE, MPF_REASON_REFUSED, 0);
	one_check_expect("silent", ask(&tcp, ODD_FULL, 150), OUTCOME_SILENCE, MPF_REASON_TIMEOUT, 0);
	assert_in_range(one_check_took_ms, 149, 2000);
}

static void test_http(void **state)
{
	static const struct {
		const char *what;
		enum odd_way way;
		enum outcome_kind kind;
		enum mpf_reason reason;
		uint32_t detail;
	} rows[] = {
		{ "passed", ODD_HTTP, OUTCOME_SUCCESS, MPF_REASON_PASSED, 200 },
		{ "refused", ODD_GONE, OUTCOME_FAILURE, MPF_REASON_REFUSED, 0 },
		{ "reset", ODD_RESET, OUTCOME_FAILURE, MPF_REASON_RESET, 0 },
		{ "closed early", ODD_CLOSE, OUTCOME_FAILURE, MPF_REASON_RESET, 0 },
		{ "garbage", ODD_GARBAGE, OUTCOME_FAILURE, MPF_REASON_PROTOCOL, 0 },
		{ "silent", ODD_SILENT, OUTCOME_SILENCE, MPF_REASON_TIMEOUT, 0 },
		{ "no handshake", ODD_FULL, OUTCOME_SILENCE, MPF_REASON_TIMEOUT, 0 },
		{ "a header that drips", ODD_DRIP_HEADER, OUTCOME_SILENCE, MPF_REASON_TIMEOUT, 0 },
		{ "a body that drips is not waited for", ODD_DRIP, OUTCOME_SUCCESS, MPF_REASON_PASSED, 200 },
	};
	(void)state;
	struct conf_check http = one_check_default(CONF_HTTP);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct outcome outcome = ask(&http, rows[i].way, 400);
		one_check_expect(rows[i].what, outcome, rows[i].kind, rows[i].reason, rows[i].detail);
		if (rows[i].kind == OUTCOME_SILENCE)
			assert_in_range(one_check_took_ms, 399, 2000);
		if (rows[i].kind == OUTCOME_SUCCESS)
			assert_in_range(outcome.handshake_us, 1, 2000000);
	}
}

static void test_status(void **state)
{
	(void)state;
	struct conf_status_range ranges[] = { { 200, 299 }, { 404, 404 } };
	struct conf_check http = one_check_default(CONF_HTTP);
	http.path = "/status/503";
	one_check_expect("503", ask(&http, ODD_HTTP, 2000), OUTCOME_FAILURE, MPF_REASON_STATUS, 503);
	http.status = ranges;
	http.status_count = 2;
	http.path = "/status/302";
	one_check_expect("not followed", ask(&http, ODD_HTTP, 2000), OUTCOME_FAILURE, MPF_REASON_STATUS, 302);
	http.path = "/status/404";
	one_check_expect("asked for", ask(&http, ODD_HTTP, 2000), OUTCOME_SUCCESS, MPF_REASON_PASSED, 404);
	http.path = "/status/403";
	one_check_expect("between", ask(&http, ODD_HTTP, 2000), OUTCOME_FAILURE, MPF_REASON_STATUS, 403);
}

static void test_contains(void **state)
{
	(void)state;
	struct conf_check http = one_check_default(CONF_HTTP);
	http.contains = "status: up";
	one_check_expect("in two pieces", ask(&http, ODD_SPLIT, 2000), OUTCOME_SUCCESS, MPF_REASON_PASSED, 200);
	one_check_expect("missing", ask(&http, ODD_HTTP, 2000), OUTCOME_FAILURE, MPF_REASON_CONTENT, 200);
	one_check_expect("too far", ask(&http, ODD_ENDLESS, 5000), OUTCOME_FAILURE, MPF_REASON_CONTENT, 200);
	one_check_expect("dripping", ask(&http, ODD_DRIP, 400), OUTCOME_SILENCE, MPF_REASON_TIMEOUT, 0);
	assert_in_range(one_check_took_ms, 399, 2000);
	http.path = "/status/503";
	http.contains = "from=";
	one_check_expect("the status counts first", ask(&http, ODD_HTTP, 2000), OUTCOME_FAILURE, MPF_REASON_STATUS,
	                 503);
}

/* What the server was asked, by what it gave back. */
static void test_request(void **state)
{
	(void)state;
	struct odd_server server = odd_start("127.0.0.1", ODD_HTTP);
	struct conf_check http = one_check_default(CONF_HTTP);
	struct check_target target = one_check_target(&http, "dm.example.org", "127.0.0.1", server.port);
	const char *headers[] = { "SOAPAction: \"ping\"", "Content-Type: text/xml" };
	http.headers = headers;
	http.header_count = 2;
	http.method = "POST";
	http.body = "<ping/>";
	http.path = "/dm/../login?a=b";
	target.host_port = 80; /* the candidate's own port is another one */
	const char *wanted[] = {
		"POST /dm/../login?a=b HTTP/1.1\r\n", "\r\nHost: dm.example.org\r\n",   "\r\n\r\n<ping/>",
		"\r\nSOAPAction: \"ping\"\r\n",       "\r\nContent-Type: text/xml\r\n", "\r\nUser-Agent: mpfailoverd/"
	};
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		http.contains = wanted[i];
		one_check_expect(wanted[i], one_check_run(&target, 2000), OUTCOME_SUCCESS, MPF_REASON_PASSED, 200);
	}
	target.host_port = 8080;
	http.contains = "\r\nHost: dm.example.org:8080\r\n";
	one_check_expect("port in Host", one_check_run(&target, 2000), OUTCOME_SUCCESS, MPF_REASON_PASSED, 200);
	http.contains = "Expect";
	one_check_expect("no Expect", one_check_run(&target, 2000), OUTCOME_FAILURE, MPF_REASON_CONTENT, 200);
	http.method = "HEAD";
	http.contains = http.body = "";
	one_check_expect("HEAD", one_check_run(&target, 2000), OUTCOME_SUCCESS, MPF_REASON_PASSED, 200);
	odd_stop(&server);
}

static void test_proxies_are_ignored(void **state)
{
	(void)state;
	static const char *const names[] = { "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "https_proxy" };
	struct conf_check http = one_check_default(CONF_HTTP);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		setenv(names[i], "http://127.0.0.1:1", 1);
	one_check_expect("proxies", ask(&http, ODD_HTTP, 2000), OUTCOME_SUCCESS, MPF_REASON_PASSED, 200);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		unsetenv(names[i]);
}

static void test_ipv6(void **state)
{
	(void)state;
	struct odd_server server = odd_start("::1", ODD_HTTP);
	if (!server.port)
		skip();
	struct conf_check tcp = one_check_default(CONF_TCP), http = one_check_default(CONF_HTTP);
	struct check_target target = one_check_target(&tcp, "dm.example.org", "::1", server.port);
	one_check_expect("tcp", one_check_run(&target, 2000), OUTCOME_SUCCESS, MPF_REASON_CONNECTED, 0);
	target.check = &http;
	http.contains = "from=::1\n";
	one_check_expect("http", one_check_run(&target, 2000), OUTCOME_SUCCESS, MPF_REASON_PASSED, 200);
	target.host = "";
	http.contains = "\r\nHost: [::1]:";
	one_check_expect("no host", one_check_run(&target, 2000), OUTCOME_SUCCESS, MPF_REASON_PASSED, 200);
	odd_stop(&server);
}

static void set_source(struct check_target *target, uint8_t last)
{
	target->dial.has_source = true;
	target->dial.source = (struct endpoint){ .address = { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = last } };
}

static void test_uplink(void **state)
{
	(void)state;
	struct odd_server server = odd_start("127.0.0.1", ODD_HTTP);
	struct conf_check tcp = one_check_default(CONF_TCP), http = one_check_default(CONF_HTTP);
	http.contains = "from=127.0.0.9\n";
	struct check_target target = one_check_target(&http, "dm.example.org", "127.0.0.1", server.port);
	set_source(&target, 9);
	target.dial.interface = "lo";
	one_check_expect("http", one_check_run(&target, 2000), OUTCOME_SUCCESS, MPF_REASON_PASSED, 200);
	for (int i = 0; i < 2; i++) {
		target = one_check_target(i ? &tcp : &http, "dm.example.org", "127.0.0.1", server.port);
		set_source(&target, 9);
		target.dial.source.address[12] = 240; /* reserved, hence nobody's */
		one_check_expect("source gone", one_check_run(&target, 2000), OUTCOME_FAILURE, MPF_REASON_UNREACHABLE,
		                 EADDRNOTAVAIL);
		target.dial.has_source = false;
		target.dial.interface = "mpf-none0";
		one_check_expect("interface gone", one_check_run(&target, 2000), OUTCOME_FAILURE,
		                 MPF_REASON_UNREACHABLE, ENODEV);
	}
	odd_stop(&server);
}

static void test_own_fault_is_void(void **state)
{
	(void)state;
	struct odd_server server = odd_start("127.0.0.1", ODD_HTTP);
	uv_loop_t loop;
	struct rlimit before, tight;
	assert_int_equal(uv_loop_init(&loop), 0); /* so that the loops of the checks find their descriptors */
	int room[8];
	for (size_t i = 0; i < 8; i++)
		room[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	for (int i = 0; i < 3; i++) {
		struct conf_check conf =
			one_check_default((enum conf_check_type[]){ CONF_TCP, CONF_HTTP, CONF_EXEC }[i]);
		conf.command = "exit 0";
		struct check_target target = one_check_target(&conf, "dm.example.org", "127.0.0.1", server.port);
		struct outcome outcome = { .kind = OUTCOME_SUCCESS };
		/* Some limit leaves room for a loop, but not for the check's own descriptors. */
		for (unsigned spare = 4; spare < 40 && outcome.kind != OUTCOME_VOID; spare++) {
			tight = before;
			tight.rlim_cur = (rlim_t)room[7] + 1 + spare;
			uv_loop_t probe;
			setrlimit(RLIMIT_NOFILE, &tight);
			bool fits = uv_loop_init(&probe) == 0;
			if (fits)
				uv_loop_close(&probe);
			if (fits)
				outcome = one_check_run(&target, 2000);
			setrlimit(RLIMIT_NOFILE, &before);
		}
		one_check_expect("no descriptor", outcome, OUTCOME_VOID, MPF_REASON_LOCAL, EMFILE);
	}
	for (size_t i = 0; i < 8; i++)
		close(room[i]);
	uv_loop_close(&loop);
	odd_stop(&server);
}

static struct outcome execute(const char *command, uint32_t timeout_ms)
{
	struct conf_check exec = one_check_default(CONF_EXEC);
	exec.command = command;
	struct check_target target = one_check_target(&exec, "", "127.0.0.9", 4711);
	return one_check_run(&target, timeout_ms);
}

static void test_exec(void **state)
{
	(void)state;
	one_check_expect("0", execute("exit 0", 2000), OUTCOME_SUCCESS, MPF_REASON_PASSED, 0);
	one_check_expect("1", execute("exit 1", 2000), OUTCOME_FAILURE, MPF_REASON_EXIT, 1);
	one_check_expect("2", execute("exit 2", 2000), OUTCOME_VOID, MPF_REASON_EXIT, 2);
	one_check_expect("127", execute("/nowhere/at/all 2>/dev/null", 2000), OUTCOME_VOID, MPF_REASON_EXIT, 127);
	one_check_expect("killed", execute("kill -TERM $$", 2000), OUTCOME_VOID, MPF_REASON_EXIT, 128 + SIGTERM);
	setenv("MPF_SERVICE", "not this one", 1);
	setenv("KEPT", "yes", 1);
	one_check_expect("facts",
	                 execute("test \"$MPF_SERVICE/$MPF_CANDIDATE $MPF_ADDRESS $MPF_PORT $KEPT\" = "
	                         "'web/first 127.0.0.9 4711 yes'",
	                         2000),
	                 OUTCOME_SUCCESS, MPF_REASON_PASSED, 0);
	unsetenv("MPF_SERVICE");
	one_check_expect("stdin", execute("! read line", 2000), OUTCOME_SUCCESS, MPF_REASON_PASSED, 0);
	one_check_expect("SIGPIPE", execute("kill -PIPE $$; exit 0", 2000), OUTCOME_VOID, MPF_REASON_EXIT,
	                 128 + SIGPIPE);
}

/* At the deadline the command goes, and what it has started. */
static void test_exec_deadline(void **state)
{
	(void)state;
	char directory[] = "/tmp/mpf-test-XXXXXX", command[128], path[64];
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof path, "%s/pid", directory);
	snprintf(command, sizeof command, "trap '' TERM; sleep 100 & echo $! > %s; wait", path);
	one_check_expect("deadline", execute(command, 300), OUTCOME_SILENCE, MPF_REASON_TIMEOUT, 0);
	assert_in_range(one_check_took_ms, 299, 2000);
	FILE *file = fopen(path, "r");
	int pid = 0;
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%d", &pid), 1);
	fclose(file);
	char stat[64], state_letter = 'Z';
	snprintf(stat, sizeof stat, "/proc/%d/stat", pid);
	for (int i = 0; i < 1000 && kill(pid, 0) == 0; i++) { /* its new parent may take its time */
		if ((file = fopen(stat, "r"))) {
			if (fscanf(file, "%*d (%*[^)]) %c", &state_letter) != 1)
				state_letter = 'Z';
			fclose(file);
		}
		if (state_letter == 'Z')
			break;
		usleep(1000);
	}
	assert_true(kill(pid, 0) < 0 || state_letter == 'Z');
	unlink(path);
	rmdir(directory);
}

static void test_cancel(void **state)
{
	(void)state;
	static const struct {
		enum conf_check_type type;
		enum odd_way way;
	} rows[] = { { CONF_TCP, ODD_FULL },   { CONF_HTTP, ODD_FULL },  { CONF_HTTP, ODD_SILENT },
		     { CONF_HTTP, ODD_DRIP },  { CONF_TLS, ODD_SILENT }, { CONF_HTTPS, ODD_SILENT },
		     { CONF_EXEC, ODD_SILENT } };
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct odd_server server = odd_start("127.0.0.1", rows[i].way);
		struct conf_check conf = one_check_default(rows[i].type);
		conf.command = "sleep 100";
		conf.contains = "never";
		struct check_target target = one_check_target(&conf, "dm.example.org", "127.0.0.1", server.port);
		one_check_cancel(&target, 0);
		one_check_cancel(&target, 60);
		odd_stop(&server);
	}
}

static void test_warm(void **state)
{
	(void)state;
	for (int early = 0; early < 2; early++) {
		uv_loop_t loop;
		struct check_world world;
		assert_int_equal(uv_loop_init(&loop), 0);
		assert_int_equal(check_world_open(&world, &loop), 0);
		check_warm_start(&world);
		assert_non_null(world.warm);
		while (!early && world.warm)
			uv_run(&loop, UV_RUN_ONCE);
		check_world_close(&world);
		uv_run(&loop, UV_RUN_DEFAULT);
		assert_int_equal(uv_loop_close(&loop), 0);
	}
}

int main(void)
{
	alarm(120); /* what never comes is a failure, too */
	signal(SIGPIPE, SIG_IGN);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_http),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_contains),
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_proxies_are_ignored),
		cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_uplink),
		cmocka_unit_test(test_own_fault_is_void),
		cmocka_unit_test(test_exec),
		cmocka_unit_test(test_exec_deadline),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_warm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
