/* SPDX-License-Identifier: MIT */
#include "conf/conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* MESSAGE: how the error starts, after "t.conf:". */
static bool refused(const char *text, const char *message)
{
	char *error = NULL;
	struct conf *conf = conf_parse("t.conf", text, strlen(text), &error);
	const char *said = conf ? "nothing" : error;
	bool right = !conf && error && !strncmp(error, "t.conf:", 7) && !strncmp(error + 7, message, strlen(message));
	if (!right)
		print_error("%s\n    said %s\n    not  t.conf:%s\n", text, said, message);
	conf_free(conf);
	free(error);
	return right;
}

/* A service that is right, to stand behind what is tried; and the inside of one. */
#define FINE              "\nservice \"fine\" { ports = { 7 } candidate \"f\" { address = \"203.0.113.7\" } }"
#define ONE(inside)       "service \"s\" { " inside " candidate \"c\" { address = \"192.0.2.1\" } }"
#define CANDIDATE(inside) "service \"s\" { ports = { 1 } candidate \"c\" { " inside " } }"

static const struct {
	const char *text, *message;
} cases[] = {
	/* names */
	{ "foo = 1", "1: unknown option or section \"foo\"; mpfailover.conf(5) lists" },
	{ "serivce \"a\" {}", "1: unknown option or section \"serivce\"; did you mean \"service\"?" },
	{ "interval = \"5s\"", "1: unknown option or section \"interval\"; it belongs in a section timing" },
	{ "candidate \"a\" {}", "1: unknown option or section \"candidate\"; a candidate stands within a service" },
	{ "timing \"t\" {\n table = \"/x\"\n}",
	  "2: unknown option \"table\" in the timing that opens on line 1; is a }" },
	{ "timing \"t\" {\n\nservice \"s\" {",
	  "3: unknown option \"service\" in the timing that opens on line 1; is a }" },
	{ "service \"s\" {\n port = 1",
	  "2: unknown option \"port\" in the service that opens on line 1; did you mean \"ports\"?" },
	{ "service \"s\" {\n address = \"x\"",
	  "2: unknown option \"address\" in the service that opens on line 1; it belongs "
	  "in a section candidate" },
	{ "\"table\" = \"/x\"", "1: a name is expected here, without quotes, but there is \"table\"" },
	{ "timing \"\" {}" FINE, "1: timing \"\": the name is empty" },
	{ "check \"a/b\" {}" FINE, "1: check \"a/b\": a name holds no" },
	{ "check \"\377\" {}" FINE, "1: check \"?\": not valid UTF-8" },
	{ "service \"a\\tb\" {}", "1: service \"a?b\": a control character" },
	/* twice */
	{ "user = \"\"\nuser = \"\"",
	  "2: user stands here for the second time, the first is t.conf:1; remove one of them" },
	{ ONE("ports = {}\nports = { 1 }"), "2: ports stands here for the second time" },
	{ "control {}\ncontrol {}", "2: control stands here for the second time" },
	{ "timing t {}\ntiming t {}", "2: timing t stands here for the second time" },
	{ "timing \"t\" {}\ntiming \"u\" {} timing \"t\" {}",
	  "2: timing \"t\" stands here for the second time, the first is "
	  "t.conf:1; remove or rename one of them" },
	{ "timing \"t\" {}\ntiming 't' {}" FINE, "2: found duplicate title 't'" },
	{ CANDIDATE("address = \"192.0.2.1\" } candidate \"c\" { address = \"192.0.2.2\""),
	  "1: candidate \"c\" stands here" },
	/* syntax */
	{ "table", "1: \"table\" has no value; the file ends after it" },
	{ "table =", "1: \"table\" has no value; the file ends after it" },
	{ "include", "1: \"include\" has no value; the file ends after it" },
	{ "service \"s\"", "1: \"service\" has no value" },
	{ "timing \"t\" { fall =\n rise = 2 }", "2: unexpected token '='" },
	{ "timing \"t\" { fall = }", "1: unexpected token '}'" },
	{ "timing \"t\" { fall = { 2 } }", "1: unexpected token '{'" },
	{ "timing \"t\" { fall = ,", "1: the { that opens here is never closed" },
	{ "timing \"t\" { fall, }", "1: missing equal sign after option 'fall'" },
	{ "timing \"t\" { fall 2 }", "1: missing equal sign after option 'fall'" },
	{ "timing \"t\" { fall { } }", "1: missing equal sign after option 'fall'" },
	{ "timing { }", "1: missing title for section 'timing'" },
	{ "timing = 1", "1: missing title for section 'timing'" },
	{ "timing \"a\" \"b\" { }", "1: missing opening brace for section 'timing'" },
	{ "timing \"a\" = { }", "1: missing opening brace for section 'timing'" },
	{ "control \"a\" { }", "1: missing opening brace for section 'control'" },
	{ "{ }", "1: unexpected token '{'" },
	{ ", user = \"\"", "1: unexpected token ','" },
	{ "443" FINE, "1: no such option '443'" },
	{ ONE("ports = 443, 80"), "1: unexpected token ','" },
	{ ONE("ports = { 443 80 }"), "1: unexpected token '80'" },
	{ ONE("ports = { , 80 }"), "1: unexpected token ','" },
	{ ONE("ports = { { 80 } }"), "1: unexpected token '{'" },
	/* include */
	{ "include more", "1: include wants the name of a file in quotes" },
	{ "include = \"x\"", "1: include wants the name of a file in quotes" },
	{ "include \"\"", "1: include wants the name of a file" },
	{ "include \"a\\\\b\"", "1: no backslashes in the name" },
	{ "\ninclude \"/nonexistent/%s%n\"", "2: cannot include \"/nonexistent/%s%n\": No such file" },
	/* the file itself */
	{ "table = \"x\"" FINE, "1: table = \"x\": not an absolute path" },
	{ "table = \"\"" FINE, "1: table = \"\": not an absolute path" },
	{ "table = \"/a\\nb\"" FINE, "1: table = \"/a?b\": a control character" },
	{ "user = \"no such user\"" FINE, "1: user = \"no such user\": this machine has no such user" },
	{ "", "1: there is no service" },
	/* uplinks */
	{ "uplink \"u\" {}" FINE, "1: uplink \"u\" has neither source nor interface" },
	{ "uplink \"u\" {\n source = \"0.0.0.0\" }" FINE, "2: source = \"0.0.0.0\": 0.0.0.0 is no server's" },
	{ "uplink \"u\" { interface = \"0123456789abcdef\" }" FINE,
	  "1: interface = \"0123456789abcdef\": not an interface's" },
	{ "uplink \"u\" { interface = \"a/b\" }" FINE, "1: interface = \"a/b\": not an interface's" },
	/* checks */
	{ "check \"c\" { type = ftp }" FINE, "1: type = \"ftp\": write one of tcp, tls, http, https, exec" },
	{ "check \"c\" { type = http\n path = \"x\" }" FINE, "2: path = \"x\": a path starts with" },
	{ "check \"c\" { type = http\n method = \"A B\" }" FINE, "2: method = \"A B\": not an HTTP method" },
	{ "check \"c\" { type = http\n status = \"2xx\" }" FINE, "2: status = \"2xx\": not a list of" },
	{ "check \"c\" { type = http\n headers = { \"A: b\",\n \"x\" } }" FINE, "3: headers = \"x\": not a header" },
	{ "check \"c\" { type = tls\n host = \"*.a\" }" FINE, "2: host = \"*.a\": no pattern here" },
	{ "check \"c\" { type = tls\n verify = maybe }" FINE, "2: verify = \"maybe\": write true" },
	{ "check \"c\" { type = tls\n cert-warn = \"1500ms\" }" FINE, "2: cert-warn = \"1500ms\": whole seconds only" },
	{ "check \"c\" { type = tls\n cert-warn = \"3651d\" }" FINE,
	  "2: cert-warn = \"3651d\": out of range; it goes from 0s" },
	{ "check \"c\" { type = tls\n ca-file = \"ca.pem\" }" FINE, "2: ca-file = \"ca.pem\": not an absolute path" },
	{ "check \"c\" { type = tls\n ca-file = \"/etc\" }" FINE, "2: ca-file = \"/etc\": not a regular file" },
	{ "check \"c\" { type = tls\n ca-file = \"/etc/passwd\" }" FINE,
	  "2: ca-file = \"/etc/passwd\": no certificate in it" },
	{ "check \"c\" { port = 65536 }" FINE, "1: port = \"65536\": out of range; it goes from 0 to 65535" },
	{ "check \"c\" { port = -1 }" FINE, "1: port = \"-1\": out of range" },
	{ "check \"c\" {\n contains = \"x\" }" FINE,
	  "2: contains means nothing to a check of type tcp; remove it, or set type" },
	{ "check \"c\" { type = tls\n headers = { \"A: b\" } }" FINE,
	  "2: headers means nothing to a check of type tls" },
	{ "check \"c\" { type = http\n verify = off }" FINE,
	  "2: verify means nothing to a check of type http; remove it, or set "
	  "type = tls or https" },
	{ "check \"c\" { type = https\n command = \"x\" }" FINE, "2: command means nothing to a check of type https" },
	{ "check \"c\" { type = exec }" FINE, "1: check \"c\" is of type exec and has no command" },
	/* timings */
	{ "timing \"t\" {\n interval = \"99ms\" }" FINE,
	  "2: interval = \"99ms\": out of range; it goes from 100ms to 1d" },
	{ "timing \"t\" {\n interval = \"86401s\" }" FINE, "2: interval = \"86401s\": out of range" },
	{ "timing \"t\" {\n interval = 5 }" FINE, "2: interval = \"5\": a duration needs its unit" },
	{ "timing \"t\" { fall = 0 }" FINE, "1: fall = \"0\": out of range; it goes from 1 to 100" },
	{ "timing \"t\" { rise = 101 }" FINE, "1: rise = \"101\": out of range" },
	{ "timing \"t\" { jitter = 51 }" FINE, "1: jitter = \"51\": out of range" },
	{ "timing \"t\" { jitter = \"\" }" FINE, "1: jitter = \"\": not a number" },
	{ "timing \"t\" { rise = 010 }" FINE, "1: rise = \"010\": leading zeros are ambiguous" },
	/* services */
	{ "service \"s\" { ports = 1 }", "1: service \"s\" has no candidate" },
	{ ONE("ports = { 0 }"), "1: ports = \"0\": out of range; it goes from 1" },
	{ ONE("ports = { 1,\n 2, 1 }"), "2: ports = \"1\": it is listed twice" },
	{ ONE(""), "1: service \"s\" has no ports, so its check does not know" },
	{ ONE("check = \"x\"") "check \"x\" { type = exec command = \"x\" }", "1: service \"s\" has no ports" },
	{ ONE("ports = 1\n check = \"x\""), "2: check = \"x\": there is none of that name; add a section" },
	{ ONE("ports = 1\n timing = \"x\"") "timing \"y\" {}",
	  "2: timing = \"x\": there is none of that name; there are \"y\"" },
	{ ONE("ports = 1 hosts = { \"a\",\n \"A.\" }"), "2: host \"a\" is listed twice, first in t.conf:1" },
	{ ONE("ports = 1 hosts = { \"a b\" }"), "1: hosts = \"a b\": not a host name" },
	{ ONE("ports = 1 stale-after = \"1s\""), "1: stale-after = \"1s\": out of range; it goes from 2s" },
	{ ONE("ports = 1 nonblocking-wait = \"11s\""), "1: nonblocking-wait = \"11s\": out of range" },
	{ ONE("ports = 1\n attempt-ceiling = \"20ms\""), "2: attempt-floor (25 ms) is above attempt-ceiling (20 ms)" },
	{ ONE("ports = 1 attempt-ceiling = \"61s\""), "1: attempt-ceiling = \"61s\": out of range" },
	{ ONE("ports = 1 stick = \"25h\""), "1: stick = \"25h\": out of range" },
	{ ONE("ports = 1 failback = later"), "1: failback = \"later\": write one of auto, hold" },
	{ ONE("ports = 1\n check = \"c\"") "check \"c\" { type = tls }",
	  "2: check \"c\" does not know what name to verify in" },
	/* candidates */
	{ CANDIDATE(""), "1: this candidate has no address; add it" },
	{ CANDIDATE("address = \"x\""), "1: address = \"x\": not an IP address" },
	{ CANDIDATE("address = \"192.0.2.1\" uplink = \"u\""), "1: uplink = \"u\": there is none of that name" },
	{ CANDIDATE("address = \"192.0.2.1\" uplinks = { \"u\" }"), "1: uplinks = \"u\": there is none of that name" },
	{ CANDIDATE(
		  "address = \"192.0.2.1\" uplink = \"u\"\n uplinks = { \"u\" }") "uplink \"u\" { interface = \"x\" }",
	  "2: this candidate has uplink and uplinks" },
	{ CANDIDATE("address = \"192.0.2.1\"\n uplink = \"u\"") "uplink \"u\" { source = \"2001:db8::1\" }",
	  "2: the source of uplink \"u\" and the address of candidate \"c\" are not both" },
	{ CANDIDATE("address = \"192.0.2.1\" uplinks = { \"u\", \"u\" }") "uplink \"u\" { interface = \"x\" }",
	  "1: candidate \"c@u\" is there twice" },
	{ CANDIDATE("address = \"192.0.2.1\" } candidate \"d\" { address = \"::ffff:192.0.2.1\""),
	  "1: candidate \"d\" has the address, port and uplink of candidate \"c\" (t.conf:1)" },
	{ CANDIDATE("address = \"@dns\""), "1: \"@dns\" has nothing to ask for in service \"s\"" },
	{ "service s { ports = { 1, 2 } candidate c { address = \"192.0.2.1\"\n port = 3 } }",
	  "2: a candidate has a port of its own only where its service has exactly one port, not 2" },
	{ "check k { port = 1 } service s { check = \"k\" candidate c { address = \"192.0.2.1\"\n port = 3 } }",
	  "2: a candidate has a port of its own only where its service has exactly one port, not 0" },
	/* hooks, control, metrics */
	{ "hook \"h\" { on = up }" FINE, "1: this hook has no command; add it" },
	{ "hook \"h\" { command = \"\" on = up }" FINE, "1: the command of hook \"h\" is empty" },
	{ "hook \"h\" { command = \"x\" }" FINE, "1: this hook has no on; add it" },
	{ "hook \"h\" { command = \"x\" on = {} }" FINE, "1: this hook has no on; add it" },
	{ "hook \"h\" { command = \"x\" on = { up,\n sideways } }" FINE,
	  "2: on = \"sideways\": write one of down, up, all-down" },
	{ "control { socket = \"x\" }" FINE, "1: socket = \"x\": not an absolute path" },
	{ "control { group = \"no such group\" }" FINE,
	  "1: group = \"no such group\": this machine has no such group" },
	{ "metrics { listen = \"9109\" }" FINE, "1: listen = \"9109\": not an address and a port" },
};

static void test_refused(void **state)
{
	(void)state;
	unsigned wrong = 0;
	for (size_t i = 0; i < COUNT(cases); i++)
		wrong += !refused(cases[i].text, cases[i].message);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_refused) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
