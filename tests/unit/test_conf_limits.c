/* SPDX-License-Identifier: MIT */
/* What depends on more than one section: services against each other, bounds, warnings, and libconfuse's memory. */
#include "conf/conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* EXPECTED: how the error starts, NULL: none. */
static void try_text(const char *text, const char *expected)
{
	char *error = NULL;
	struct conf *conf = conf_parse("t.conf", text, strlen(text), &error);
	assert_int_equal(!conf, !!error);
	const char *said = error ? error : "nothing";
	if (!expected != !error || (expected && strncmp(said, expected, strlen(expected))))
		fail_msg("%.200s: said %s, not %s", text, said, expected ? expected : "nothing");
	conf_free(conf);
	free(error);
}

/* Two services, the second on line 2. */
#define TWO(a, b) "service a { " a " }\nservice b { " b " } check k { port = 9 }"
#define C1        " candidate c { address = \"192.0.2.1\" }"
#define C1_PORT   " candidate c { address = \"192.0.2.1\" port = 99 }"

static void test_across(void **state)
{
	(void)state;
	static const struct {
		const char *text, *error;
	} cases[] = {
		{ TWO("ports = { 1, 2 }" C1, "ports = { 3, 4 }" C1), NULL },
		{ TWO("ports = { 1, 2 }" C1, "ports = { 3, 2 }" C1),
		  "t.conf:2: the address of candidate \"c\" is already in service \"a\" for port 2 (t.conf:1); give the" },
		/* One without ports yields. */
		{ TWO("ports = { 1, 2 }" C1, "check = \"k\"" C1), NULL },
		{ TWO("check = \"k\"" C1, "ports = { 1, 2 }" C1), NULL },
		{ TWO("check = \"k\"" C1, "check = \"k\"" C1),
		  "t.conf:2: the address of candidate \"c\" is already in service \"a\" without ports (t.conf:1)" },
		/* A port of its own is never what is asked for. */
		{ TWO("ports = 1" C1, "ports = 1" C1_PORT), NULL },
		{ TWO("ports = 1" C1_PORT, "ports = 1" C1_PORT), NULL },
		/* Hosts. */
		{ TWO("ports = 1 hosts = \"h\"" C1, "ports = 2 hosts = \"H.\"" C1), NULL },
		{ TWO("ports = 1 hosts = \"h\"" C1, "ports = 1 hosts = \"h\" candidate d { address = \"192.0.2.2\" }"),
		  "t.conf:2: host \"h\" is also in service \"a\" (t.conf:1); name different ports" },
		{ TWO("ports = 1 hosts = \"*.h\"" C1, "ports = 2\n check = \"k\" hosts = { \"*.h\" }" C1), NULL },
		{ TWO("ports = 1 hosts = \"h\"" C1, "check = \"k\"\n hosts = { \"x\",\n \"h\" }" C1),
		  "t.conf:4: host \"h\" is also" },
		{ TWO("ports = 1 hosts = \"h\"" C1,
		      "ports = 1 hosts = \"*.h\" candidate d { address = \"192.0.2.2\" }"),
		  NULL },
	};
	for (size_t i = 0; i < COUNT(cases); i++)
		try_text(cases[i].text, cases[i].error);
}

/* COUNT times "service "sN" { ... }", each with CANDIDATES, HOSTS and PORTS of its own, on a line of its own. */
static void put_services(FILE *out, int services, int candidates, int hosts, int ports)
{
	for (int i = 0; i < services; i++) {
		fprintf(out, "service \"s%d\" { ports = {", i);
		for (int j = 0; j < ports; j++)
			fprintf(out, "%s %d", j ? "," : "", j + 1);
		fprintf(out, " } hosts = {");
		for (int j = 0; j < hosts; j++)
			fprintf(out, "%s \"h%d.s%d\"", j ? "," : "", j, i);
		fprintf(out, " }");
		for (int j = 0; j < candidates; j++)
			fprintf(out, " candidate \"c%d\" { address = \"10.0.%d.%d\" }", j, i, j + 1);
		fprintf(out, " }\n");
	}
}

static void test_bounds(void **state)
{
	(void)state;
	static const struct {
		int services, candidates, hosts, ports;
		const char *error;
	} cases[] = {
		{ 128, 8, 8, 16, NULL },
		{ 64, 16, 16, 1, NULL },
		{ 129, 1, 1, 1, "t.conf:129: more than 128 services" },
		{ 1, 17, 1, 1, "t.conf:1: more than 16 candidates in a service" },
		{ 1, 1, 1, 17, "t.conf:1: more than 16 ports" },
		{ 1, 1, 1024, 1, NULL },
		{ 1, 1, 1025, 1, "t.conf:1: more than 1024 hosts in all" },
		{ 114, 9, 1, 1, "t.conf:114: more than 1024 candidates in all" },
		{ 103, 1, 10, 1, "t.conf:103: more than 1024 hosts in all" },
		{ 1025, 1, 1, 1, "t.conf:1021: more than 1024 options and sections" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *text;
		size_t size;
		FILE *out = open_memstream(&text, &size);
		put_services(out, cases[i].services, cases[i].candidates, cases[i].hosts, cases[i].ports);
		fclose(out);
		try_text(text, cases[i].error);
		free(text);
	}
}

/* N uplinks, and a service with one candidate through all of them, and OTHERS. */
static void try_uplinks(int uplinks, int others, const char *expected)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	for (int i = 0; i < uplinks; i++)
		fprintf(out, "uplink u%d { interface = \"eth%d\" }\n", i, i);
	fprintf(out, "service s { ports = 1\n candidate a { address = \"192.0.2.1\" uplinks = {");
	for (int i = 0; i < uplinks; i++)
		fprintf(out, "%s u%d", i ? "," : "", i);
	fprintf(out, " } }\n");
	for (int i = 0; i < others; i++)
		fprintf(out, " candidate c%d { address = \"192.0.2.%d\" }\n", i, i + 2);
	fprintf(out, "}\n");
	fclose(out);
	try_text(text, expected);
	free(text);
}

static void test_uplink_bounds(void **state)
{
	(void)state;
	try_uplinks(12, 4, NULL);
	try_uplinks(12, 5, "t.conf:19: more than 16 candidates in a service (each uplink counts)");
	try_uplinks(17, 0, "t.conf:19: more than 16 candidates in a service (each uplink counts)");
	try_uplinks(33, 0, "t.conf:33: more than 32 uplinks");
	try_text(
		"uplink \"123456789012345678901234567890\" { interface = \"x\" }\n"
		"service s { ports = 1 candidate \"123456789012345678901234567890123\" {\n address = \"192.0.2.1\" "
		"uplinks = { \"123456789012345678901234567890\" } } }",
		"t.conf:2: the name \"123456789012345678901234567890123@123456789012345678901234567890\" would be longer");
}

#define SERVICE(inside) "service s { " inside " candidate c { address = \"192.0.2.1\" } }"

static void test_warnings(void **state)
{
	(void)state;
	static const struct {
		const char *text, *warning; /* NULL: none */
	} cases[] = {
		{ SERVICE("ports = 1"), NULL },
		{ SERVICE("ports = 1 failback = auto resolve = table prefer = file watch = off"), NULL },
		{ SERVICE("ports = 1\n failback = hold"), NULL },
		{ SERVICE("ports = 1\n resolve = dns"), NULL },
		{ SERVICE("ports = 1\n prefer = dns"),
		  "t.conf:1: service \"s\" prefers what DNS answers, but DNS is not asked; add a candidate with address "
		  "= \"@dns\"" },
		{ SERVICE("ports = 1\n watch = on"), NULL },
		{ SERVICE("ports = 1\n watch = yes"), NULL },
		{ SERVICE("ports = 1\n watch = true"), NULL },
		{ SERVICE("ports = 1") "\nuser = \"root\"", NULL },
		{ SERVICE("ports = 1") "\nuser = \"\"", NULL },
		{ SERVICE("ports = 1") "\ncontrol {\n}", NULL },
		{ SERVICE("ports = 1") "\nmetrics {\n}", NULL },
		{ SERVICE("ports = 1") "\nhook h { command = \"x\"\n on = up }", NULL },
		{ SERVICE("ports = 1") "\ncheck k { type = tls\n cert-warn = \"21d\" }", NULL },
		{ SERVICE("ports = 1") "\nuplink u { interface = \"x\" }", NULL },
		{ "uplink u { interface = \"x\" } service s { ports = 1 candidate c { address = \"192.0.2.1\"\n uplink = u } }",
		  NULL },
		{ "uplink u { interface = \"x\" } service s { ports = 1 candidate c { address = \"192.0.2.1\"\n uplinks = u } }",
		  NULL },
		{ SERVICE("ports = 1") "\ncheck k { type = tls\n verify = off }",
		  "t.conf:3: check \"k\" accepts an impostor, since verify is off" },
		{ SERVICE("ports = 1") "\ncheck k { type = http\n body = \"x\" }",
		  "t.conf:3: check \"k\" sends a body with GET; most servers want method = \"POST\"" },
		{ SERVICE("ports = 1") "\ncheck k { type = http\n body = \"x\" method = \"POST\" }", NULL },
		{ SERVICE("ports = 1") "\ntiming t { interval = \"200ms\" fast = \"100ms\" timeout = \"200ms\" }",
		  NULL },
		{ SERVICE("ports = 1") "\ntiming t { interval = \"2s\"\n fast = \"3s\" }",
		  "t.conf:3: timing \"t\": fast is longer than interval, so checks slow down when they should not" },
		{ SERVICE("ports = 1") "\ntiming t { interval = \"1s\" }",
		  "t.conf:2: timing \"t\": timeout is longer than interval, so a silent server is checked less often" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *error = NULL;
		struct conf *conf = conf_parse("t.conf", cases[i].text, strlen(cases[i].text), &error);
		if (!conf)
			fail_msg("%s", error);
		if (conf->warning_count != !!cases[i].warning)
			fail_msg("%s: %zu warnings", cases[i].text, conf->warning_count);
		if (cases[i].warning)
			assert_string_equal(conf->warnings[0], cases[i].warning);
		conf_free(conf);
	}
}

static void test_dns_warning(void **state)
{
	(void)state;
	static const struct {
		const char *check;
		bool warned;
	} cases[] = { { "type = tcp", true },
		      { "type = http", true },
		      { "type = https", false },
		      { "type = tls", false },
		      { "type = https verify = off", true } };
	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[300];
		snprintf(
			text, sizeof text,
			"check k { %s }\nservice s { ports = 1 hosts = \"h.example\" check = k\n candidate d { address = \"@dns\" } }",
			cases[i].check);
		char *error = NULL;
		struct conf *conf = conf_parse("t.conf", text, strlen(text), &error);
		assert_non_null(conf);
		const char *last = conf->warning_count ? conf->warnings[conf->warning_count - 1] : "";
		static const char expected[] =
			"t.conf:3: \"@dns\" in service \"s\", whose check verifies no certificate";
		assert_int_equal(!strncmp(last, expected, sizeof expected - 1), cases[i].warned);
		conf_free(conf);
	}
}

static void test_many_warnings(void **state)
{
	(void)state;
	char *text, *error = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	fprintf(out, "%s", SERVICE("ports = 1"));
	for (int i = 0; i < 2 * CONF_MAX_WARNINGS; i++)
		fprintf(out, "\ncheck k%d { type = tls verify = off }", i);
	fclose(out);
	struct conf *conf = conf_parse("t.conf", text, size, &error);
	assert_non_null(conf);
	assert_int_equal(conf->check_count, 2 * CONF_MAX_WARNINGS);
	assert_int_equal(conf->warning_count, CONF_MAX_WARNINGS);
	assert_string_equal(conf->warnings[CONF_MAX_WARNINGS - 2],
	                    "t.conf:64: check \"k62\" accepts an impostor, since verify is off");
	assert_string_equal(conf->warnings[CONF_MAX_WARNINGS - 1],
	                    "t.conf:65: there are more warnings than the 63 before this one");
	conf_free(conf);
	free(text);
}

/* libconfuse's lexer is one for the process: whatever was refused before, the next file is read whole. */
static void test_after_a_failure(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"user = \"",
		"user = '",
		"/*",
		"user = \"${",
		"timing t {",
		"timing t { fall",
		"timing t { fall =",
		"timing t { fall = {",
		"timing t { fall = 2 2",
		"timing t { \"",
		"}",
		"\\",
		"service s { candidate c { address = ,",
		"user = = =",
		"timing t { fall = two }",
		"service \"",
		"include \"/nonexistent\"",
		"user = \"\\",
	};
	static const char good[] =
		"# one\n/* two */ timing t { fall = 7 }\n" SERVICE("ports = 1 timing = t\n stick = \"5s\"");
	for (size_t i = 0; i < COUNT(bad); i++) {
		char *error = NULL;
		assert_null(conf_parse("bad", bad[i], strlen(bad[i]), &error));
		assert_non_null(error);
		free(error);
		struct conf *conf = conf_parse("good", good, strlen(good), &error);
		assert_non_null(conf);
		assert_int_equal(conf->services[0].timing->fall, 7);
		assert_int_equal(conf->services[0].stick_ms, 5000);
		assert_int_equal(conf->timings[0].line, 2);
		assert_int_equal(conf->services[0].line, 3);
		conf_free(conf);
	}
}

/* Comments anywhere, and the lines of what follows them. */
static void test_lines(void **state)
{
	(void)state;
	static const char text[] =
		"# 1\n// 2\n/* 3\n 4 */\n"
		"service /* 5 */ s // 5\n# 6\n{ # 7\n"
		"  ports = # 8\n  { # 9\n  1, // 10\n  /* 11 */ 2 # 11\n  } # 12\n"
		"  hosts = {} /* 13\n 14\n 15 */ candidate # 15\n \"c\" { address # 16\n = /* 17 */ \"192.0.2.1\"\n"
		"  }\n"
		"  candidate d { address = \"192.0.2.2\" } # 19\n"
		"} /* 20 */\n"
		"timing t { fall = 'a\\\n b' }\n";
	try_text(text, "t.conf:22: fall = \"a b\": not a number");
	char *error = NULL;
	size_t size = (size_t)(strstr(text, "timing t") - text);
	struct conf *conf = conf_parse("t.conf", text, size, &error);
	assert_non_null(conf);
	assert_int_equal(conf->services[0].line, 7);
	assert_int_equal(conf->services[0].port_count, 2);
	assert_int_equal(conf->services[0].candidates[0].line, 16);
	assert_int_equal(conf->services[0].candidates[1].line, 19);
	conf_free(conf);
}

static void test_environment(void **state)
{
	(void)state;
	setenv("MPFAILOVER_TEST", "/from/the/environment", 1);
	try_text("table = \"${MPFAILOVER_TEST}\"", "t.conf:1: variables are not expanded");
	try_text("table = ${MPFAILOVER_TEST}", "t.conf:1: only words and numbers");
	static const char text[] =
		"check k { type = http contains = '${MPFAILOVER_TEST}' body = \"\\${MPFAILOVER_TEST} $HOME\" }\n" SERVICE(
			"ports = 1");
	char *error = NULL;
	struct conf *conf = conf_parse("t.conf", text, sizeof text - 1, &error);
	assert_non_null(conf);
	assert_string_equal(conf->checks[0].contains, "${MPFAILOVER_TEST}");
	assert_string_equal(conf->checks[0].body, "${MPFAILOVER_TEST} $HOME");
	conf_free(conf);
	unsetenv("MPFAILOVER_TEST");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_across),          cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_uplink_bounds),   cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_dns_warning),     cmocka_unit_test(test_many_warnings),
		cmocka_unit_test(test_after_a_failure), cmocka_unit_test(test_lines),
		cmocka_unit_test(test_environment),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
