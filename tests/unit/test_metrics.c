/* SPDX-License-Identifier: MIT */
#include "probe/page/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "probe/page/history.h"
#include "probe/page/history_json.h"
#include "probe/page/web_host.h"
#include "tests/unit/fixture.h"

static void test_labels(void **state)
{
	(void)state;
	static const struct {
		const char *text, *label;
	} cases[] = {
		{ "", "\"\"" },
		{ "london", "\"london\"" },
		{ "a\"b", "\"a\\\"b\"" },
		{ "a\\b", "\"a\\\\b\"" },
		{ "a\nb", "\"a\\nb\"" },
		{ "\"} 1\nx{y=\"", "\"\\\"} 1\\nx{y=\\\"\"" },
		{ "<script>alert(1)</script>", "\"<script>alert(1)</script>\"" },
		{ "\xc3\xbcnd", "\"\xc3\xbcnd\"" },
		{ "\xe2\x82\xac", "\"\xe2\x82\xac\"" },
		{ "\xff\xfe", "\"??\"" },
		{ "a\xc3", "\"a?\"" },
		{ "\xed\xa0\x80", "\"???\"" },
		{ "\xc0\x80", "\"??\"" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char *text = NULL;
		size_t size;
		FILE *out = open_memstream(&text, &size);
		metrics_label(out, cases[i].text);
		fclose(out);
		assert_string_equal(text, cases[i].label);
		free(text);
	}
}

struct world {
	struct fixture *fixture;
	struct ctl_table table;
};

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof *world);
	world->fixture = fixture_new();
	const struct conf_uplink *uplink = fixture_uplink(world->fixture, "isp \"a\"", "192.0.2.10");
	fixture_service(world->fixture, "dm\\");
	fixture_port(world->fixture, 443);
	fixture_candidate(world->fixture, "london", "192.0.2.80")->uplink = uplink;
	fixture_candidate(world->fixture, "dublin", "2001:db8::80");
	world->table.slot = *fixture_image(world->fixture);
	struct mpf_slot *slot = &world->table.slot;
	slot->candidates[0].word = MPF_WORD(MPF_UP, MPF_DRAIN, MPF_DOUBTED, MPF_REASON_CONNECTED, 0);
	slot->candidates[0].handshake_us = 1234567;
	slot->candidates[1].word = MPF_WORD(MPF_DOWN, MPF_READY, 0, MPF_REASON_REFUSED, 0);
	slot->infos[0].since_s = 1700000000;
	slot->infos[0].moved = 17;
	slot->infos[0].cert_until_s = 1800000000;
	slot->infos[1].failed_over = UINT32_MAX;
	slot->uplinks[0].down = 1;
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;
	fixture_free(world->fixture);
	free(world);
	return 0;
}

static char *print(const struct ctl_table *table, const struct metrics_daemon *daemon)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	assert_true(metrics_print(out, table, daemon));
	assert_int_equal(fclose(out), 0);
	return text;
}

static void assert_has_line(const char *text, const char *line)
{
	const size_t size = strlen(line);
	for (const char *at = text; at; at = strchr(at, '\n'), at = at ? at + 1 : NULL)
		if (!strncmp(at, line, size) && at[size] == '\n')
			return;
	fail_msg("there is no line: %s", line);
}

#define LONDON "service=\"dm\\\\\",candidate=\"london\",address=\"192.0.2.80\",uplink=\"isp \\\"a\\\"\""
#define DUBLIN "service=\"dm\\\\\",candidate=\"dublin\",address=\"2001:db8::80\",uplink=\"\""

static void test_print(void **state)
{
	struct world *world = *state;
	static const char *const lines[] = {
		"mpfailover_candidate_up{" LONDON "} 1",
		"mpfailover_candidate_up{" DUBLIN "} 0",
		"mpfailover_candidate_verdict{" DUBLIN ",verdict=\"down\"} 1",
		"mpfailover_candidate_verdict{" DUBLIN ",verdict=\"up\"} 0",
		"mpfailover_candidate_operator{" LONDON ",operator=\"drain\"} 1",
		"mpfailover_candidate_doubted{" LONDON "} 1",
		"mpfailover_candidate_handshake_seconds{" LONDON "} 1.234567",
		"mpfailover_candidate_last_change_timestamp_seconds{" LONDON "} 1700000000",
		"mpfailover_candidate_certificate_expiry_timestamp_seconds{" LONDON "} 1800000000",
		"mpfailover_candidate_moved_connections_total{" LONDON "} 17",
		"mpfailover_candidate_failed_connections_total{" DUBLIN "} 4294967295",
		"mpfailover_service_candidates{service=\"dm\\\\\"} 2",
		"mpfailover_service_usable_candidates{service=\"dm\\\\\"} 1",
		"mpfailover_uplink_up{uplink=\"isp \\\"a\\\"\"} 0",
		"mpfailover_configuration_reload_failed 1",
		"mpfailover_check_start_delay_seconds_bucket{le=\"0.001\"} 1",
		"mpfailover_check_start_delay_seconds_bucket{le=\"0.05\"} 2",
		"mpfailover_check_start_delay_seconds_bucket{le=\"+Inf\"} 3",
		"mpfailover_check_start_delay_seconds_count 3",
		"mpfailover_check_start_delay_seconds_sum 2.051",
	};
	struct metrics_daemon daemon = { .reload_failed = true };
	punctuality_note(&daemon.punctuality, 1);
	punctuality_note(&daemon.punctuality, 50);
	punctuality_note(&daemon.punctuality, 2000);
	char *text = print(&world->table, &daemon);
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		assert_has_line(text, lines[i]);
	/* what is not known is left out */
	assert_null(strstr(text, "mpfailover_candidate_handshake_seconds{" DUBLIN));
	assert_null(strstr(text, "mpfailover_candidate_certificate_expiry_timestamp_seconds{" DUBLIN));
	free(text);
}

/* A table may hold anything: counts are within bounds, but names need not be UTF-8, and indices may lead nowhere. */
static void test_odd_table(void **state)
{
	struct world *world = *state;
	struct mpf_slot *slot = &world->table.slot;
	memset(slot->infos[0].name, 0xff, sizeof slot->infos[0].name - 1);
	slot->candidates[1].service = 77;
	slot->candidates[0].word = UINT32_MAX;
	char *text = print(&world->table, &(struct metrics_daemon){ 0 });
	assert_non_null(strstr(text, "candidate=\"???????????????"));
	assert_non_null(strstr(text, "service=\"\",candidate=\"dublin\""));
	free(text);
}

static void test_history_json(void **state)
{
	struct world *world = *state;
	struct history *history = calloc(1, sizeof *history);
	struct history_identity wanted[2];
	struct history_row *rows[2];
	char *text = NULL;
	size_t size;
	history_start(history, (const uint8_t *)"a boot of some day or other, long ago!!");
	for (uint32_t i = 0; i < 2; i++)
		history_identify(&wanted[i], &world->table.slot, i);
	history_claim(history, wanted, 2, 600000, rows);
	history_add(rows[0], 600000 - 300, HISTORY_UP, 290, 500);
	history_add(rows[0], 600000 - 300, HISTORY_DOWN, 10, 0);
	history_add(rows[0], 600000, HISTORY_UP, 1, 700);
	FILE *out = open_memstream(&text, &size);
	assert_true(history_json(out, &world->table, history, 600000));
	fclose(out);
	json_t *object = json_loads(text, 0, NULL);
	assert_non_null(object);
	json_t *list = json_object_get(object, "candidates");
	assert_int_equal(json_array_size(list), 2);
	json_t *london = json_array_get(list, 0);
	assert_string_equal(json_string_value(json_object_get(london, "service")), "dm\\");
	assert_string_equal(json_string_value(json_object_get(london, "uplink")), "isp \"a\"");
	const char *strip = json_string_value(json_object_get(london, "strip"));
	assert_int_equal(strlen(strip), HISTORY_BUCKETS);
	assert_string_equal(strip + HISTORY_BUCKETS - 3, ".du");
	json_t *mixed = json_object_get(json_object_get(london, "mixed"), "286");
	assert_int_equal(json_integer_value(json_array_get(mixed, 0)), 290);
	assert_int_equal(json_integer_value(json_array_get(mixed, 4)), 10);
	assert_int_equal(json_array_size(json_object_get(london, "handshake_us")), HISTORY_BUCKETS);
	assert_int_equal(json_integer_value(json_array_get(json_object_get(london, "handshake_us"), 287)), 700);
	json_decref(object);
	free(text);
	free(history);
}

static void test_hosts(void **state)
{
	(void)state;
	static const struct {
		const char *host, *machine;
		bool allowed;
	} cases[] = {
		{ NULL, "lb1", true },
		{ "127.0.0.1:9109", "lb1", true },
		{ "192.0.2.1", "lb1", true },
		{ "[::1]:9109", "lb1", true },
		{ "[2001:db8::1]", "lb1", true },
		{ "localhost:9109", "lb1", true },
		{ "lb1", "lb1", true },
		{ "other", "lb1", true },
		{ "LB1.example.net:9109", "lb1", true },
		{ "lb1.example.net", "lb1.example.net", true },
		{ "lb1.elsewhere", "lb1.example.net", true },
		{ "evil.example", "lb1", false },
		{ "lb1x.example", "lb1", false },
		{ "lb1.example", "", false },
		{ "127.0.0.1.evil.example", "lb1", false },
		{ "", "lb1", false },
		{ ":80", "lb1", false },
		{ "[::1", "lb1", false },
		{ "[::1]x", "lb1", false },
		{ "lb1:80:80", "lb1", false },
		{ "lb1:http", "lb1", false },
		{ "evil.example\\@127.0.0.1", "lb1", false },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		if (web_host_allowed(cases[i].host, cases[i].machine) != cases[i].allowed)
			fail_msg("%s on %s", cases[i].host, cases[i].machine);
	char host[1000];
	memset(host, 'a', sizeof host - 1);
	host[sizeof host - 1] = '\0';
	assert_false(web_host_allowed(host, "lb1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_labels),
		cmocka_unit_test_setup_teardown(test_print, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_odd_table, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_history_json, set_up, tear_down),
		cmocka_unit_test(test_hosts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
