/* SPDX-License-Identifier: MIT */
/* A copy of the table, and what `status` makes of it. */
#include "probe/ctl/ctl_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "preload/lookup.h"
#include "probe/ctl/ctl_status_text.h"
#include "probe/ctl/status_json.h"

enum { NOW_MS = 500000, NOW_S = 1000000 };

/* A table of a newer writer: every element is eight bytes longer than this ABI's. */
enum { EXTRA = 8, ROOM = 2, SLOT = sizeof(struct mpf_slot) };

static uint32_t file[(sizeof(struct mpf_header) + 2 * SLOT) / sizeof(uint32_t)];

static struct mpf_header *header_of_file(void)
{
	return (struct mpf_header *)file;
}

static struct mpf_slot *slot_of_file(uint32_t number)
{
	return (struct mpf_slot *)((char *)file + header_of_file()->slot_offset[number]);
}

static void *element(const struct mpf_array *array, uint32_t number)
{
	return (char *)slot_of_file(1) + array->offset + number * array->stride;
}

static struct mpf_array place(uint32_t *offset, size_t size)
{
	const struct mpf_array array = { .offset = *offset, .stride = (uint32_t)size + EXTRA, .limit = ROOM };
	*offset += array.stride * array.limit;
	return array;
}

static void make_file(void)
{
	struct mpf_header *header = header_of_file();
	uint32_t offset = offsetof(struct mpf_slot, address_index);
	memset(file, 0, sizeof file);
	*header = (struct mpf_header){
		.magic = MPF_MAGIC,
		.abi = MPF_ABI,
		.header_size = sizeof *header,
		.file_size = sizeof file,
		.slot_offset = { sizeof *header, sizeof *header + SLOT },
		.slot_size = SLOT,
		.active = 1,
		.heartbeat_ms = NOW_MS - 400,
		.writer_pid = 4711,
		.version = "9.9",
	};
	header->services = place(&offset, sizeof(struct mpf_service));
	header->hosts = place(&offset, sizeof(struct mpf_host));
	header->candidates = place(&offset, sizeof(struct mpf_candidate));
	header->infos = place(&offset, sizeof(struct mpf_info));
	header->uplinks = place(&offset, sizeof(struct mpf_uplink));
}

static void fill_file(void)
{
	const struct mpf_header *header = header_of_file();
	struct mpf_slot *slot = slot_of_file(1);
	slot->generation = 8;
	slot->service_count = slot->host_count = slot->uplink_count = 1;
	slot->candidate_count = 2;
	slot->loaded_s = NOW_S - 3600;
	strcpy((char *)slot->source, "/etc/mpf.conf");
	struct mpf_service *service = element(&header->services, 0);
	*service = (struct mpf_service){
		.candidate_count = 2, .port_count = 1, .ports = { 443 }, .stale_after_ms = 10000
	};
	strcpy((char *)service->name, "dm");
	struct mpf_host *host = element(&header->hosts, 0);
	strcpy((char *)host->pattern, "dm.example.org");
	struct mpf_uplink *uplink = element(&header->uplinks, 0);
	strcpy((char *)uplink->name, "isp-a");
	static const char *const names[] = { "london", "dublin" };
	for (uint32_t i = 0; i < 2; i++) {
		struct mpf_candidate *candidate = element(&header->candidates, i);
		struct mpf_info *info = element(&header->infos, i);
		*candidate = (struct mpf_candidate){ .address = { [10] = 0xff, 0xff, 192, 0, 2, (uint8_t)(80 + i) } };
		candidate->word = i ? MPF_WORD(MPF_UP, MPF_READY, 0, MPF_REASON_PASSED, 200)
		                    : MPF_WORD(MPF_DOWN, MPF_READY, 0, MPF_REASON_STATUS, 503);
		candidate->handshake_us = 1240;
		candidate->uplink = 1 - i;
		strcpy((char *)info->name, names[i]);
		info->since_s = NOW_S - 192;
		info->checked_s = NOW_S - 3;
		info->last_reason = i ? MPF_REASON_PASSED | 200 << 8 : MPF_REASON_STATUS | 503 << 8;
	}
}

/* The file's content, as read at NOW. */
static struct ctl_table *copy_file(void)
{
	struct ctl_table *table = calloc(1, sizeof *table);
	assert_non_null(table);
	assert_true(ctl_table_copy(table, header_of_file()));
	table->now_ms = NOW_MS;
	table->now_s = NOW_S;
	table->this_boot = table->pid_exists = true;
	return table;
}

static struct ctl_table *sample(void)
{
	make_file();
	fill_file();
	return copy_file();
}

static char *text_of(const struct ctl_table *table)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	assert_non_null(out);
	assert_true(status_text(out, table, "/run/t", false));
	fclose(out);
	return text;
}

static void assert_contains(const struct ctl_table *table, const char *wanted)
{
	char *text = text_of(table);
	if (!strstr(text, wanted))
		fail_msg("\"%s\" is not in\n%s", wanted, text);
	free(text);
}

static void a_newer_writers_strides_are_followed(void **state)
{
	struct ctl_table *table = sample();
	(void)state;
	assert_int_equal(table->slot.candidate_count, 2);
	assert_string_equal((const char *)table->slot.infos[1].name, "dublin");
	assert_int_equal(table->slot.candidates[1].handshake_us, 1240);
	assert_string_equal((const char *)table->slot.hosts[0].pattern, "dm.example.org");
	free(table);
}

static void what_is_not_published_is_not_read(void **state)
{
	struct ctl_table *table = calloc(1, sizeof *table);
	(void)state;
	assert_non_null(table);
	make_file();
	assert_false(ctl_table_copy(table, header_of_file()));
	fill_file();
	slot_of_file(1)->generation = 9; /* being written */
	assert_false(ctl_table_copy(table, header_of_file()));
	free(table);
}

static void damage_stays_within_bounds(void **state)
{
	(void)state;
	make_file();
	fill_file();
	const struct mpf_header *header = header_of_file();
	struct mpf_slot *slot = slot_of_file(1);
	slot->service_count = slot->host_count = slot->candidate_count = slot->uplink_count = UINT32_MAX;
	for (uint32_t i = 0; i < ROOM; i++) {
		struct mpf_service *service = element(&header->services, i);
		service->first_candidate = i ? UINT32_MAX : 1;
		service->candidate_count = service->port_count = UINT32_MAX;
		memset(service->name, '\033', sizeof service->name);
		((struct mpf_candidate *)element(&header->candidates, i))->uplink = UINT32_MAX;
	}
	struct ctl_table *table = copy_file();
	assert_int_equal(table->slot.candidate_count, ROOM);
	assert_int_equal(table->slot.services[0].candidate_count, 1);
	assert_int_equal(table->slot.services[1].candidate_count, 0);
	char *text = text_of(table);
	assert_null(strchr(text, '\033'));
	free(text);
	free(table);
}

static void a_row_says_it_all(void **state)
{
	struct ctl_table *table = sample();
	(void)state;
	assert_contains(table, "table    /run/t\nconfig   /etc/mpf.conf, loaded 1h 0m ago\n"
	                       "daemon   pid 4711, version 9.9, heartbeat 0.4 s ago\n\n");
	assert_contains(table,
	                "SERVICE  CANDIDATE  ADDRESS     VERDICT  SINCE   LAST CHECK          HANDSHAKE  UPLINK\n"
	                "dm       london     192.0.2.80  down     3m 12s  status 503, 3s ago  1.24 ms    isp-a\n"
	                "dm       dublin     192.0.2.81  up       3m 12s  passed, 3s ago      1.24 ms    -\n");
	free(table);
}

static void a_silent_daemon_is_told_with_what_it_means(void **state)
{
	struct ctl_table *table = sample();
	(void)state;
	assert_true(ctl_table_alive(table));
	table->now_ms = NOW_MS + 42000;
	assert_false(ctl_table_alive(table));
	assert_contains(table, "no heartbeat for 42s, though process 4711 exists");
	table->pid_exists = false;
	assert_contains(table, "no heartbeat for 42s: the daemon is not running; clients go by the last verdicts\n");
	table->slot.services[0].when_stale = MPF_STALE_PASS;
	assert_contains(table, "clients pass everything through (when-stale = pass-through)");
	table->header.writer_pid = 0;
	assert_contains(table, "ended 42s ago");
	table->this_boot = false;
	assert_contains(table, "not running since this machine was started");
	free(table);
}

static void what_an_operator_switched_off_is_told(void **state)
{
	struct ctl_table *table = sample();
	(void)state;
	table->header.off = 1;
	assert_contains(table, "off      by an operator: all clients pass everything through\n");
	table->slot.services[0].off = 1;
	assert_contains(table, "dm: off by an operator");
	free(table);
}

static void no_usable_candidate_is_told(void **state)
{
	struct ctl_table *table = sample();
	(void)state;
	assert_int_equal(ctl_table_usable(table, 0), 1);
	table->slot.candidates[1].word = MPF_WORD(MPF_UP, MPF_MAINT, 0, 0, 0);
	assert_int_equal(ctl_table_usable(table, 0), 0);
	assert_contains(table, "dm: no candidate is usable: clients try those that are down");
	table->slot.services[0].all_down = MPF_ALL_DOWN_PASS;
	assert_contains(table, "dm: no candidate is usable: clients pass through");
	free(table);
}

static void what_flaps_and_what_clients_did_are_told(void **state)
{
	struct ctl_table *table = sample();
	(void)state;
	table->slot.infos[0].changes = 23;
	table->slot.infos[1].moved = 120;
	table->slot.infos[0].failed_over = 3;
	assert_contains(table, "UPLINK  CHANGES/H  MOVED  FAILED\n");
	assert_contains(table, "isp-a   23         0      3\n");
	assert_contains(table, "-       0          120    0\n");
	free(table);
}

static void a_hold_is_told_with_its_end(void **state)
{
	struct ctl_table *table = sample();
	(void)state;
	table->slot.candidates[1].word = MPF_WORD(MPF_UP, MPF_READY, MPF_HELD, 0, 0);
	table->slot.infos[1].held_until_s = NOW_S + 38;
	assert_contains(table, "dm/dublin: held for another 38s, unless you say: mpfailoverctl ready dm/dublin\n");
	table->slot.infos[1].held_until_s = 0;
	assert_contains(table, "dm/dublin: held until you say: mpfailoverctl ready dm/dublin\n");
	free(table);
}

static void a_certificate_that_ends_is_told(void **state)
{
	struct ctl_table *table = sample();
	(void)state;
	table->slot.infos[1].cert_warns = 1;
	table->slot.infos[1].cert_until_s = NOW_S + 3 * 86400;
	assert_contains(table, "dm/dublin: its certificate ends in 3d 0h\n");
	table->slot.infos[1].cert_until_s = NOW_S - 3600;
	assert_contains(table, "dm/dublin: its certificate ended 1h 0m ago\n");
	free(table);
}

static json_t *json_of(const struct ctl_table *table)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	assert_non_null(out);
	assert_true(status_json(out, table, "/run/t\xff", true));
	fclose(out);
	assert_ptr_equal(strchr(text, '\n'), text + size - 1);
	json_t *parsed = json_loads(text, 0, NULL);
	assert_non_null(parsed);
	free(text);
	return parsed;
}

static void json_holds_it_all(void **state)
{
	struct ctl_table *table = sample();
	const char *path, *name, *address, *verdict, *reason, *uplink;
	int pid, alive, usable, detail, since, handshake;
	(void)state;
	table->slot.candidates[0].port = 9443;
	json_t *json = json_of(table);
	assert_int_equal(
		json_unpack(json,
	                    "{s:s, s:{s:i, s:b}, s:[{s:i, s:[{s:s, s:s, s:s, s:s, s:i, s:i, s:{s:{s:s, s:i}}}]}]}",
	                    "table", &path, "daemon", "pid", &pid, "alive", &alive, "services", "usable", &usable,
	                    "candidates", "name", &name, "address", &address, "verdict", &verdict, "uplink", &uplink,
	                    "since", &since, "handshake_us", &handshake, "last_check", "reason", "text", &reason,
	                    "detail", &detail),
		0);
	assert_string_equal(path, "/run/t?");
	assert_int_equal(pid, 4711);
	assert_true(alive);
	assert_int_equal(usable, 1);
	assert_string_equal(name, "london");
	assert_string_equal(address, "192.0.2.80");
	assert_string_equal(verdict, "down");
	assert_string_equal(uplink, "isp-a");
	assert_int_equal(since, NOW_S - 192);
	assert_int_equal(handshake, 1240);
	assert_string_equal(reason, "status 503");
	assert_int_equal(detail, 503);
	json_decref(json);
	free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_newer_writers_strides_are_followed),
		cmocka_unit_test(what_is_not_published_is_not_read),
		cmocka_unit_test(damage_stays_within_bounds),
		cmocka_unit_test(a_row_says_it_all),
		cmocka_unit_test(a_silent_daemon_is_told_with_what_it_means),
		cmocka_unit_test(what_an_operator_switched_off_is_told),
		cmocka_unit_test(no_usable_candidate_is_told),
		cmocka_unit_test(what_flaps_and_what_clients_did_are_told),
		cmocka_unit_test(a_hold_is_told_with_its_end),
		cmocka_unit_test(a_certificate_that_ends_is_told),
		cmocka_unit_test(json_holds_it_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
