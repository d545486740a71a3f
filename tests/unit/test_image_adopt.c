/* SPDX-License-Identifier: MIT */
#include "probe/table/image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fixture.h"

/* A configuration in words: "SERVICE: NAME=ADDRESS[/PORT][@UPLINK] ...; SERVICE: ...". */
static void describe(struct fixture *fixture, const char *text)
{
	char *copy = strdup(text), *next = copy;
	assert_non_null(copy);
	for (char *service; (service = strsep(&next, ";"));) {
		char *candidates = service + strspn(service, " "), *candidate;
		char *name = strsep(&candidates, ":");
		fixture_service(fixture, fixture_text(fixture, "%s", name));
		while ((candidate = strsep(&candidates, " "))) {
			if (!*candidate)
				continue;
			char *own = strsep(&candidate, "="), *uplink = candidate;
			char *port = strsep(&uplink, "@"), *address = strsep(&port, "/");
			struct conf_candidate *to =
				fixture_candidate(fixture, fixture_text(fixture, "%s", own), address);
			to->port = port ? (uint16_t)atoi(port) : 0;
			for (size_t i = 0; uplink && i < fixture->conf.uplink_count; i++)
				if (strcmp(fixture->uplinks[i].name, uplink) == 0)
					to->uplink = &fixture->uplinks[i];
			assert_int_equal(!uplink, !to->uplink);
		}
	}
	free(copy);
}

static struct fixture *make(const char *text, const char *first_uplink, const char *second_uplink)
{
	struct fixture *fixture = fixture_new();
	fixture_uplink(fixture, first_uplink, "192.0.2.10");
	fixture_uplink(fixture, second_uplink, "192.0.2.20");
	describe(fixture, text);
	fixture_image(fixture);
	return fixture;
}

/* Before and after a reload.  RESULT: for each candidate of the new configuration the number of the one whose state it has,
 * '-': it is new. */
static const struct row {
	const char *what, *before, *after, *result;
} rows[] = {
	{ "nothing changed", "s: a=10.0.0.1 b=10.0.0.2", "s: a=10.0.0.1 b=10.0.0.2", "01" },
	{ "another order", "s: a=10.0.0.1 b=10.0.0.2 c=10.0.0.3", "s: c=10.0.0.3 a=10.0.0.1 b=10.0.0.2", "201" },
	{ "services in another order", "s: a=10.0.0.1; t: b=10.0.0.2", "t: b=10.0.0.2; s: a=10.0.0.1", "10" },
	{ "one more in front", "s: a=10.0.0.1", "s: b=10.0.0.2 a=10.0.0.1", "-0" },
	{ "one fewer", "s: a=10.0.0.1 b=10.0.0.2", "s: b=10.0.0.2", "1" },
	{ "another name", "s: a=10.0.0.1", "s: b=10.0.0.1", "-" },
	{ "a name that another had", "s: a=10.0.0.1 b=10.0.0.2", "s: b=10.0.0.1 a=10.0.0.2", "--" },
	{ "another address", "s: a=10.0.0.1", "s: a=10.0.0.2", "-" },
	{ "another family", "s: a=10.0.0.1", "s: a=::10.0.0.1", "-" },
	{ "another scope", "s: a=fe80::1%2", "s: a=fe80::1%3", "-" },
	{ "the same scope", "s: a=fe80::1%2", "s: a=fe80::1%2", "0" },
	{ "another port", "s: a=10.0.0.1/1", "s: a=10.0.0.1/2", "-" },
	{ "a port of its own", "s: a=10.0.0.1", "s: a=10.0.0.1/2", "-" },
	{ "moved to another service", "s: a=10.0.0.1; t: b=10.0.0.2", "s: b=10.0.0.2; t: a=10.0.0.1", "--" },
	{ "the same in two services", "s: a=10.0.0.1; t: a=10.0.0.1", "t: a=10.0.0.1; s: a=10.0.0.1", "10" },
	{ "another service's name", "s: a=10.0.0.1", "t: a=10.0.0.1", "-" },
	{ "a service's name that is another's start", "service: a=10.0.0.1", "serv: a=10.0.0.1", "-" },
	{ "through uplinks", "s: a=10.0.0.1@isp-a a=10.0.0.1@isp-b", "s: a=10.0.0.1@isp-b a=10.0.0.1@isp-a", "10" },
	{ "through another uplink", "s: a=10.0.0.1@isp-a", "s: a=10.0.0.1@isp-b", "-" },
	{ "now through an uplink", "s: a=10.0.0.1", "s: a=10.0.0.1@isp-a", "-" },
	{ "no longer through one", "s: a=10.0.0.1@isp-b", "s: a=10.0.0.1", "-" },
};

static uint32_t mark(uint32_t number)
{
	return MPF_WORD(number & 3, number % 3, 0, 0, number + 100);
}

static void mark_all(struct mpf_slot *image)
{
	for (uint32_t i = 0; i < image->candidate_count; i++) {
		image->candidates[i].word = mark(i);
		image->candidates[i].handshake_us = 1000 + i;
		image->infos[i].since_s = 2000 + i;
		image->infos[i].moved = 3000 + i;
	}
	for (uint32_t i = 0; i < image->service_count; i++)
		image->services[i].off = 4000 + i;
	for (uint32_t i = 0; i < image->uplink_count; i++) {
		image->uplinks[i].down = 1 + i;
		image->uplinks[i].since_s = 5000 + i;
	}
}

static void check_candidate(const struct row *row, const struct mpf_slot *image, uint32_t number, char letter)
{
	const uint32_t wanted = letter == '-' ? 0 : mark((uint32_t)(letter - '0'));
	if (image->candidates[number].word != wanted)
		fail_msg("%s: candidate %u has %#x, not %#x", row->what, number, image->candidates[number].word,
		         wanted);
	const uint32_t old = letter == '-' ? 0 : (uint32_t)(letter - '0');
	assert_int_equal(image->candidates[number].handshake_us, letter == '-' ? 0 : 1000 + old);
	assert_int_equal(image->infos[number].since_s, letter == '-' ? 0 : 2000 + old);
	assert_int_equal(image->infos[number].moved, letter == '-' ? 0 : 3000 + old);
}

static void check_row(const struct row *row)
{
	/* The uplinks change places: an index says nothing. */
	struct fixture *before = make(row->before, "isp-a", "isp-b"), *after = make(row->after, "isp-b", "isp-a");
	unsigned known = 0;
	mark_all(&before->image);
	const unsigned adopted = image_adopt(&after->image, &before->image);
	assert_int_equal(after->image.candidate_count, strlen(row->result));
	for (uint32_t i = 0; i < after->image.candidate_count; i++) {
		check_candidate(row, &after->image, i, row->result[i]);
		known += row->result[i] != '-';
	}
	assert_int_equal(adopted, known);
	assert_int_equal(after->image.uplinks[0].down, 2);
	assert_int_equal(after->image.uplinks[1].down, 1);
	assert_int_equal(after->image.uplinks[0].since_s, 5001);
	for (uint32_t i = 0; i < after->image.service_count; i++) {
		uint32_t off = 0;
		for (uint32_t j = 0; j < before->image.service_count; j++)
			if (!strcmp((char *)before->image.services[j].name, (char *)after->image.services[i].name))
				off = 4000 + j;
		assert_int_equal(after->image.services[i].off, off);
	}
	fixture_free(before);
	fixture_free(after);
}

static void test_identity(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		check_row(&rows[i]);
}

static void test_nothing_before(void **state)
{
	(void)state;
	struct fixture *after = make("s: a=10.0.0.1", "isp-a", "isp-b");
	struct mpf_slot *nothing = calloc(1, sizeof *nothing);
	assert_non_null(nothing);
	assert_int_equal(image_adopt(&after->image, nothing), 0);
	assert_int_equal(after->image.candidates[0].word, 0);
	free(nothing);
	fixture_free(after);
}

/* The whole table, in the opposite order, in well under a check's interval. */
static void test_full(void **state)
{
	(void)state;
	struct fixture *before = fixture_new(), *after = fixture_new();
	for (unsigned i = 0; i < CONF_MAX_SERVICES; i++) {
		fixture_service(before, fixture_text(before, "s%u", i));
		fixture_service(after, fixture_text(after, "s%u", CONF_MAX_SERVICES - 1 - i));
		for (unsigned j = 0; j < 8; j++) {
			fixture_candidate(before, "c", fixture_text(before, "10.1.%u.%u", i, j));
			fixture_candidate(after, "c",
			                  fixture_text(after, "10.1.%u.%u", CONF_MAX_SERVICES - 1 - i, 7 - j));
		}
	}
	mark_all(fixture_image(before));
	const uint32_t start_ms = fixture_now_ms();
	assert_int_equal(image_adopt(fixture_image(after), &before->image), MPF_MAX_CANDIDATES);
	assert_in_range(fixture_now_ms() - start_ms, 0, 1000);
	for (uint32_t i = 0; i < MPF_MAX_CANDIDATES; i++)
		assert_int_equal(after->image.candidates[i].word,
		                 before->image.candidates[MPF_MAX_CANDIDATES - 1 - i].word);
	fixture_free(before);
	fixture_free(after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_nothing_before),
		cmocka_unit_test(test_full),
	};
	return cmocka_run_group_tests_name("image_adopt", tests, NULL, NULL);
}
