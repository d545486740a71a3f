/* SPDX-License-Identifier: MIT */
/* tls and https checks against nginx, with certificates of each kind. */
#include "probe/check/check.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/odd_server.h"
#include "tests/unit/one_check.h"

static char directory[] = "/tmp/mpf-test-XXXXXX";
static char ca_file[64], other_ca_file[64];
static pid_t nginx;

enum { GOOD, BY_SNI, EXPIRED, FOREIGN, PORTS };
static uint16_t ports[PORTS];

/* ca and other-ca; good and expired from ca, foreign from other-ca; "wrong" is for another name. */
static const char make_certificates[] =
	"set -eu; cd \"$1\"; exec 2>log\n"
	"key='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'\n"
	"for ca in ca other-ca; do openssl req -x509 $key -keyout $ca.key -out $ca.pem -days 30 -subj /CN=$ca; done\n"
	"issue() { # NAME HOST CA DAYS\n"
	"	openssl req $key -keyout $1.key -out $1.csr -subj /CN=$1 -addext subjectAltName=DNS:$2\n"
	"	openssl x509 -req -in $1.csr -CA $3.pem -CAkey $3.key -CAcreateserial -days $4 -copy_extensions copy -out $1.pem\n"
	"}\n"
	"issue good dm.example.org ca 20; issue wrong other.example.org ca 20\n"
	"issue expired dm.example.org ca -1; issue foreign dm.example.org other-ca 20\n";

static int shell(const char *script)
{
	pid_t pid = fork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", script, "sh", directory, NULL);
		_exit(127);
	}
	int status = -1;
	waitpid(pid, &status, 0);
	return status;
}

static void server_block(FILE *file, uint16_t port, const char *name, const char *certificate)
{
	fprintf(file,
	        "server { listen 127.0.0.1:%u ssl; server_name %s; ssl_certificate %s.pem; ssl_certificate_key %s.key;\n"
	        "  location / { return 200 'host=$http_host sni=$ssl_server_name'; } }\n",
	        port, name, certificate, certificate);
}

static int write_configuration(void)
{
	char path[64];
	snprintf(path, sizeof path, "%s/nginx.conf", directory);
	FILE *file = fopen(path, "w");
	if (!file)
		return -1;
	fprintf(file, "daemon off; master_process off; pid nginx.pid; error_log log;\n"
	              "events {}\n"
	              "http { access_log off; client_body_temp_path t; proxy_temp_path t; fastcgi_temp_path t;\n"
	              "uwsgi_temp_path t; scgi_temp_path t;\n");
	server_block(file, ports[GOOD], "_", "good");
	server_block(file, ports[BY_SNI], "_", "wrong"); /* the first one is the default */
	server_block(file, ports[BY_SNI], "dm.example.org", "good");
	server_block(file, ports[EXPIRED], "_", "expired");
	server_block(file, ports[FOREIGN], "_", "foreign");
	fprintf(file, "}\n");
	return fclose(file);
}

static bool answers(uint16_t port)
{
	struct conf_check tcp = one_check_default(CONF_TCP);
	struct check_target target = one_check_target(&tcp, "", "127.0.0.1", port);
	return one_check_run(&target, 1000).kind == OUTCOME_SUCCESS;
}

static int start(void **state)
{
	(void)state;
	if (!mkdtemp(directory) || shell(make_certificates) != 0)
		return -1;
	for (size_t i = 0; i < PORTS; i++)
		ports[i] = odd_free_port();
	snprintf(ca_file, sizeof ca_file, "%s/ca.pem", directory);
	snprintf(other_ca_file, sizeof other_ca_file, "%s/other-ca.pem", directory);
	if (write_configuration() != 0)
		return -1;
	nginx = fork();
	if (nginx == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execlp("nginx", "nginx", "-p", directory, "-c", "nginx.conf", "-e", "log", (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < 5000 && !answers(ports[FOREIGN]); i++)
		usleep(1000);
	return answers(ports[FOREIGN]) ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	if (nginx > 0) {
		kill(nginx, SIGKILL);
		waitpid(nginx, NULL, 0);
	}
	return shell("rm -rf \"$1\"");
}

static struct outcome ask(enum conf_check_type type, const char *host, int port, const char *ca, bool verify)
{
	struct conf_check conf = one_check_default(type);
	conf.ca_file = ca;
	conf.verify = verify;
	struct check_target target = one_check_target(&conf, host, "127.0.0.1", ports[port]);
	return one_check_run(&target, 5000);
}

static void test_certificates(void **state)
{
	static const struct {
		const char *what, *host;
		int port;
		bool verify;
		enum outcome_kind kind;
		enum mpf_reason reason;
	} rows[] = {
		{ "good", "dm.example.org", GOOD, true, OUTCOME_SUCCESS, MPF_REASON_PASSED },
		{ "another name", "wrong.example.org", GOOD, true, OUTCOME_FAILURE, MPF_REASON_CERT_NAME },
		{ "chosen by SNI", "dm.example.org", BY_SNI, true, OUTCOME_SUCCESS, MPF_REASON_PASSED },
		{ "chosen by SNI, too", "other.example.org", BY_SNI, true, OUTCOME_SUCCESS, MPF_REASON_PASSED },
		{ "no name at all", "", GOOD, true, OUTCOME_FAILURE, MPF_REASON_CERT_NAME },
		{ "expired", "dm.example.org", EXPIRED, true, OUTCOME_FAILURE, MPF_REASON_CERT_EXPIRED },
		{ "another CA", "dm.example.org", FOREIGN, true, OUTCOME_FAILURE, MPF_REASON_CERT_UNTRUSTED },
		{ "another name, not verified", "wrong.example.org", GOOD, false, OUTCOME_SUCCESS, MPF_REASON_PASSED },
		{ "expired, not verified", "dm.example.org", EXPIRED, false, OUTCOME_SUCCESS, MPF_REASON_PASSED },
		{ "another CA, not verified", "dm.example.org", FOREIGN, false, OUTCOME_SUCCESS, MPF_REASON_PASSED },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		bool passes = rows[i].kind == OUTCOME_SUCCESS;
		struct outcome tls = ask(CONF_TLS, rows[i].host, rows[i].port, ca_file, rows[i].verify);
		one_check_expect(rows[i].what, tls, rows[i].kind, rows[i].reason, 0);
		struct outcome https = ask(CONF_HTTPS, rows[i].host, rows[i].port, ca_file, rows[i].verify);
		one_check_expect(rows[i].what, https, rows[i].kind, rows[i].reason, passes ? 200 : 0);
		if (passes)
			assert_in_range(tls.handshake_us, 1, 5000000);
	}
}

static void test_system_store(void **state)
{
	(void)state;
	struct outcome outcome = ask(CONF_TLS, "dm.example.org", GOOD, "", true);
	one_check_expect("the system knows neither CA", outcome, OUTCOME_FAILURE, MPF_REASON_CERT_UNTRUSTED, 0);
	outcome = ask(CONF_TLS, "dm.example.org", FOREIGN, other_ca_file, true);
	one_check_expect("the other CA", outcome, OUTCOME_SUCCESS, MPF_REASON_PASSED, 0);
	outcome = ask(CONF_TLS, "dm.example.org", GOOD, "/nowhere.pem", true);
	assert_int_equal(outcome.kind, OUTCOME_VOID);
	assert_int_equal(outcome.reason, MPF_REASON_LOCAL);
}

static void test_expiry(void **state)
{
	(void)state;
	uint32_t now_s = (uint32_t)time(NULL), day_s = 86400;
	enum conf_check_type types[] = { CONF_TLS, CONF_HTTPS };
	for (size_t i = 0; i < 2; i++) {
		struct outcome outcome = ask(types[i], "dm.example.org", GOOD, ca_file, true);
		assert_in_range(outcome.cert_until_s, now_s + 19 * day_s, now_s + 21 * day_s);
	}
}

static void test_names_sent(void **state)
{
	(void)state;
	struct conf_check https = one_check_default(CONF_HTTPS);
	https.ca_file = ca_file;
	https.contains = "host=dm.example.org sni=dm.example.org";
	struct check_target target = one_check_target(&https, "dm.example.org", "127.0.0.1", ports[GOOD]);
	target.host_port = 443;
	one_check_expect("SNI and Host", one_check_run(&target, 5000), OUTCOME_SUCCESS, MPF_REASON_PASSED, 200);
	setenv("https_proxy", "http://127.0.0.1:1", 1);
	one_check_expect("a proxy", one_check_run(&target, 5000), OUTCOME_SUCCESS, MPF_REASON_PASSED, 200);
	unsetenv("https_proxy");
}

static void test_other_ends(void **state)
{
	static const struct {
		enum odd_way way;
		enum outcome_kind kind;
		enum mpf_reason reason;
	} rows[] = {
		{ ODD_GARBAGE, OUTCOME_FAILURE, MPF_REASON_TLS },
		{ ODD_DRIP_HEADER, OUTCOME_SILENCE, MPF_REASON_TIMEOUT },
		{ ODD_RESET, OUTCOME_FAILURE, MPF_REASON_RESET },
		{ ODD_SILENT, OUTCOME_SILENCE, MPF_REASON_TIMEOUT },
		{ ODD_GONE, OUTCOME_FAILURE, MPF_REASON_REFUSED },
	};
	(void)state;
	struct conf_check conf = one_check_default(CONF_TLS);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct odd_server server = odd_start("127.0.0.1", rows[i].way);
		struct check_target target = one_check_target(&conf, "dm.example.org", "127.0.0.1", server.port);
		char what[16];
		snprintf(what, sizeof what, "way %u", rows[i].way);
		/* A busy machine is slow to refuse; only silence has to be waited for. */
		const unsigned deadline_ms = rows[i].kind == OUTCOME_SILENCE ? 300 : 5000;
		one_check_expect(what, one_check_run(&target, deadline_ms), rows[i].kind, rows[i].reason, 0);
		odd_stop(&server);
	}
}

int main(void)
{
	alarm(120); /* what never comes is a failure, too */
	signal(SIGPIPE, SIG_IGN);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_certificates), cmocka_unit_test(test_system_store), cmocka_unit_test(test_expiry),
		cmocka_unit_test(test_names_sent),   cmocka_unit_test(test_other_ends),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
