/* SPDX-License-Identifier: MIT */
#include "conf/conf.h"
#include "preload/table.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* What is accepted fits into the table. */
_Static_assert((int)CONF_MAX_SERVICES == (int)MPF_MAX_SERVICES, "bounds of the table");
_Static_assert((int)CONF_MAX_HOSTS == (int)MPF_MAX_HOSTS, "bounds of the table");
_Static_assert((int)CONF_MAX_CANDIDATES == (int)MPF_MAX_CANDIDATES, "bounds of the table");
_Static_assert((int)CONF_MAX_SERVICE_CANDIDATES == (int)MPF_MAX_SERVICE_CANDIDATES, "bounds of the table");
_Static_assert((int)CONF_MAX_PORTS == (int)MPF_MAX_PORTS, "bounds of the table");
_Static_assert((int)CONF_MAX_UPLINKS == (int)MPF_MAX_UPLINKS, "bounds of the table");
_Static_assert((int)CONF_NAME_SIZE == (int)MPF_NAME_SIZE, "bounds of the table");

static struct conf *parse(const char *text, char **error)
{
	return conf_parse("t.conf", text, strlen(text), error);
}

static struct conf *accepted(const char *text)
{
	char *error = NULL;
	struct conf *conf = parse(text, &error);
	if (!conf)
		fail_msg("refused: %s", error);
	assert_null(error);
	return conf;
}

static void assert_address(const struct conf_address *address, const char *text)
{
	struct in6_addr ip;
	assert_int_equal(inet_pton(AF_INET6, text, &ip), 1);
	assert_memory_equal(&address->ip, &ip, sizeof ip);
}

static const char little[] = "service a {\n ports = 80\n candidate b { address = \"192.0.2.1\" } }";

static void test_defaults(void **state)
{
	(void)state;
	struct conf *conf = accepted(little);
	assert_string_equal(conf->file, "t.conf");
	assert_string_equal(conf->table, MPF_DEFAULT_TABLE);
	assert_string_equal(conf->user, "");
	assert_string_equal(conf->control_socket, "");
	assert_string_equal(conf->control_group, "");
	assert_string_equal(conf->metrics_listen, "");
	assert_int_equal(conf->uplink_count + conf->check_count + conf->timing_count + conf->hook_count, 0);
	assert_int_equal(conf->warning_count, 0);
	assert_int_equal(conf->service_count, 1);

	const struct conf_service *service = conf->services;
	assert_string_equal(service->name, "a");
	assert_int_equal(service->host_count, 0);
	assert_int_equal(service->port_count, 1);
	assert_int_equal(service->ports[0], 80);
	assert_int_equal(service->failback, CONF_FAILBACK_AUTO);
	assert_int_equal(service->all_down, CONF_ALL_DOWN_TRY);
	assert_int_equal(service->when_stale, CONF_STALE_LAST_GOOD);
	assert_int_equal(service->resolve, CONF_RESOLVE_TABLE);
	assert_int_equal(service->prefer, CONF_PREFER_FILE);
	assert_int_equal(service->stale_after_ms, 10000);
	assert_int_equal(service->nonblocking_wait_ms, 200);
	assert_int_equal(service->attempt_floor_ms, 25);
	assert_int_equal(service->attempt_ceiling_ms, 1000);
	assert_int_equal(service->stick_ms, 60000);
	assert_false(service->watch);
	assert_int_equal(service->check_port, 80);
	assert_string_equal(service->check_host, "");
	assert_int_equal(service->line, 1);
	assert_string_equal(service->file, "t.conf");

	assert_int_equal(service->candidate_count, 1);
	assert_string_equal(service->candidates[0].name, "b");
	assert_address(&service->candidates[0].address, "::ffff:192.0.2.1");
	assert_int_equal(service->candidates[0].port, 0);
	assert_null(service->candidates[0].uplink);
	assert_false(service->candidates[0].is_dns);
	assert_int_equal(service->candidates[0].line, 3);
	conf_free(conf);
	conf_free(NULL);
}

static void test_built_in(void **state)
{
	(void)state;
	struct conf *conf = accepted(little);
	const struct conf_check *check = conf->services[0].check;
	assert_string_equal(check->name, "");
	assert_int_equal(check->type, CONF_TCP);
	assert_string_equal(check->path, "/");
	assert_string_equal(check->method, "GET");
	assert_int_equal(check->status_count, 1);
	assert_int_equal(check->status[0].low, 200);
	assert_int_equal(check->status[0].high, 399);
	assert_int_equal(check->header_count, 0);
	assert_string_equal(check->contains, "");
	assert_string_equal(check->body, "");
	assert_string_equal(check->ca_file, "");
	assert_string_equal(check->host, "");
	assert_string_equal(check->command, "");
	assert_true(check->verify);
	assert_int_equal(check->cert_warn_s, 21 * 86400);
	assert_int_equal(check->port, 0);

	const struct conf_timing *timing = conf->services[0].timing;
	assert_string_equal(timing->name, "default");
	assert_int_equal(timing->interval_ms, 5000);
	assert_int_equal(timing->fast_ms, 500);
	assert_int_equal(timing->down_ms, 5000);
	assert_int_equal(timing->timeout_ms, 1500);
	assert_int_equal(timing->fall, 2);
	assert_int_equal(timing->rise, 2);
	assert_int_equal(timing->jitter_percent, 10);
	assert_int_equal(timing->hold_up_ms, 10000);
	conf_free(conf);
}

static const char everything[] =
	"table = \"/tmp/table\"\n"
	"user = \"root\"\n"
	"service \"s\" {\n"
	"  hosts = { \"*.A.example\", \"A.example.\" }  ports = { 443 }  check = \"c\"  timing = \"t\"\n"
	"  failback = hold  all-down = pass-through  stale-after = \"20s\"  when-stale = pass-through\n"
	"  nonblocking-wait = \"0ms\"  attempt-floor = \"1ms\"  attempt-ceiling = \"60s\"  watch = on  stick = \"0s\"\n"
	"  resolve = dns  prefer = dns\n"
	"  candidate \"one\" { address = \"2001:db8::1\"  uplink = \"u6\" }\n"
	"  candidate \"two\" { address = \"192.0.2.2\"  port = 9443  uplinks = { \"u4\", \"ifc\" } }\n"
	"  candidate \"dns\" { address = \"@dns\" }\n"
	"}\n"
	"uplink \"u4\" { source = \"192.0.2.10\"  interface = \"eth0\" }\n"
	"uplink \"u6\" { source = \"2001:db8::10\" }\n"
	"uplink \"ifc\" { interface = \"ppp0\" }\n"
	"check \"c\" { type = https  path = \"/p?q\"  method = \"POST\"  status = \"200, 301-302\"  contains = \"x\\ny\"\n"
	"  headers = { \"A: b\",\n \"C: d\" }  body = '<a b=\"c\">${d}</a>'  verify = true  ca-file = \"/proc/self/cwd/tests/conf/ca.pem\"\n"
	"  host = \"H.example\"  cert-warn = \"0s\"  port = 8443 }\n"
	"check \"x\" { type = exec  command = \"/bin/true\" }\n"
	"timing \"t\" { interval = \"200ms\"  fast = \"50ms\"  down = \"1d\"  timeout = \"100ms\"  fall = 1  rise = 100  jitter = 0\n"
	"  hold-up = \"0s\" }\n"
	"hook \"h\" { command = \"/bin/true x\"  on = { down, cert-warn }  timeout = \"1h\" }\n"
	"control { socket = \"/tmp/control\"  group = \"root\" }\n"
	"metrics { listen = \"[::1]:9109\" }\n";

static void test_everything(void **state)
{
	(void)state;
	struct conf *conf = accepted(everything);
	assert_string_equal(conf->table, "/tmp/table");
	assert_string_equal(conf->user, "root");
	assert_string_equal(conf->control_socket, "/tmp/control");
	assert_string_equal(conf->control_group, "root");
	assert_string_equal(conf->metrics_listen, "[::1]:9109");
	assert_string_equal(conf->metrics_file, conf->file);
	assert_true(conf->metrics_line > 1);

	const struct conf_service *service = conf->services;
	assert_int_equal(service->host_count, 2);
	assert_string_equal(service->hosts[0], "*.a.example");
	assert_string_equal(service->hosts[1], "a.example");
	assert_int_equal(service->failback, CONF_FAILBACK_HOLD);
	assert_int_equal(service->all_down, CONF_ALL_DOWN_PASS);
	assert_int_equal(service->when_stale, CONF_STALE_PASS);
	assert_int_equal(service->resolve, CONF_RESOLVE_DNS);
	assert_int_equal(service->prefer, CONF_PREFER_DNS);
	assert_int_equal(service->stale_after_ms, 20000);
	assert_int_equal(service->nonblocking_wait_ms, 0);
	assert_int_equal(service->attempt_floor_ms, 1);
	assert_int_equal(service->attempt_ceiling_ms, 60000);
	assert_int_equal(service->stick_ms, 0);
	assert_true(service->watch);
	assert_ptr_equal(service->check, &conf->checks[0]);
	assert_ptr_equal(service->timing, &conf->timings[0]);
	assert_int_equal(service->check_port, 8443);
	assert_string_equal(service->check_host, "h.example");
	conf_free(conf);
}

static void test_candidates(void **state)
{
	(void)state;
	struct conf *conf = accepted(everything);
	const struct conf_candidate *candidates = conf->services[0].candidates;
	assert_int_equal(conf->services[0].candidate_count, 4);
	assert_string_equal(candidates[0].name, "one");
	assert_address(&candidates[0].address, "2001:db8::1");
	assert_ptr_equal(candidates[0].uplink, &conf->uplinks[1]);
	assert_string_equal(candidates[1].name, "two@u4");
	assert_address(&candidates[1].address, "::ffff:192.0.2.2");
	assert_int_equal(candidates[1].port, 9443);
	assert_ptr_equal(candidates[1].uplink, &conf->uplinks[0]);
	assert_int_equal(candidates[1].line, 9);
	assert_string_equal(candidates[2].name, "two@ifc");
	assert_int_equal(candidates[2].port, 9443);
	assert_ptr_equal(candidates[2].uplink, &conf->uplinks[2]);
	assert_string_equal(candidates[3].name, "dns");
	assert_true(candidates[3].is_dns);

	assert_int_equal(conf->uplink_count, 3);
	assert_true(conf->uplinks[0].has_source);
	assert_address(&conf->uplinks[0].source, "::ffff:192.0.2.10");
	assert_string_equal(conf->uplinks[0].interface, "eth0");
	assert_string_equal(conf->uplinks[1].interface, "");
	assert_false(conf->uplinks[2].has_source);
	conf_free(conf);
}

static void test_other_sections(void **state)
{
	(void)state;
	struct conf *conf = accepted(everything);
	const struct conf_check *check = conf->checks;
	assert_int_equal(conf->check_count, 2);
	assert_int_equal(check->type, CONF_HTTPS);
	assert_string_equal(check->path, "/p?q");
	assert_string_equal(check->method, "POST");
	assert_int_equal(check->status_count, 2);
	assert_int_equal(check->status[1].high, 302);
	assert_string_equal(check->contains, "x\ny");
	assert_int_equal(check->header_count, 2);
	assert_string_equal(check->headers[1], "C: d");
	assert_string_equal(check->body, "<a b=\"c\">${d}</a>");
	assert_string_equal(check->ca_file, "/proc/self/cwd/tests/conf/ca.pem");
	assert_string_equal(check->host, "h.example");
	assert_int_equal(check->cert_warn_s, 0);
	assert_int_equal(check->line, 15);
	assert_int_equal(conf->checks[1].type, CONF_EXEC);
	assert_string_equal(conf->checks[1].command, "/bin/true");

	const struct conf_timing *timing = conf->timings;
	assert_int_equal(timing->interval_ms, 200);
	assert_int_equal(timing->fast_ms, 50);
	assert_int_equal(timing->down_ms, 86400000);
	assert_int_equal(timing->timeout_ms, 100);
	assert_int_equal(timing->fall, 1);
	assert_int_equal(timing->rise, 100);
	assert_int_equal(timing->jitter_percent, 0);
	assert_int_equal(timing->hold_up_ms, 0);

	assert_int_equal(conf->hook_count, 1);
	assert_string_equal(conf->hooks[0].command, "/bin/true x");
	assert_int_equal(conf->hooks[0].on, CONF_ON_DOWN | CONF_ON_CERT_WARN);
	assert_int_equal(conf->hooks[0].timeout_ms, 3600000);
	conf_free(conf);
}

static void test_names_of_types(void **state)
{
	(void)state;
	static const char *const names[] = { "tcp", "tls", "http", "https", "exec" };
	for (unsigned i = 0; i < COUNT(names); i++)
		assert_string_equal(conf_check_type_name(i), names[i]);
}

static void test_timing_default(void **state)
{
	(void)state;
	struct conf *conf =
		accepted("service a { ports = 1 candidate b { address = \"192.0.2.1\" } }\n"
	                 "service c { ports = 2 timing = \"default\" candidate d { address = \"192.0.2.1\" } }\n"
	                 "timing slow { fall = 9 } timing default { fall = 3 }");
	assert_int_equal(conf->services[0].timing->fall, 3);
	assert_int_equal(conf->services[1].timing->fall, 3);
	conf_free(conf);
}

static const char *const flags[][2] = { { "true", "false" }, { "on", "off" }, { "yes", "no" } };

static void test_flags(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(flags); i++) {
		char text[200];
		snprintf(text, sizeof text,
		         "check c { type = tls verify = %s }\ncheck d { type = tls verify = \"%s\" }\n"
		         "service a { ports = 1 candidate b { address = \"192.0.2.1\" } }",
		         flags[i][0], flags[i][1]);
		struct conf *conf = accepted(text);
		assert_true(conf->checks[0].verify);
		assert_false(conf->checks[1].verify);
		conf_free(conf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),       cmocka_unit_test(test_built_in),
		cmocka_unit_test(test_everything),     cmocka_unit_test(test_candidates),
		cmocka_unit_test(test_other_sections), cmocka_unit_test(test_names_of_types),
		cmocka_unit_test(test_timing_default), cmocka_unit_test(test_flags),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
