/* SPDX-License-Identifier: MIT */
#include "probe/judge/cert_watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { DAY = 86400, WARN = 21 * DAY, NOW = 1000 * DAY };

/* Each row goes on from the one before it. */
static const struct {
	const char *what;
	uint32_t until_s, now_s, warn_s;
	bool ends, due;
} rows[] = {
	{ "not known", 0, NOW, WARN, false, false },
	{ "far away", NOW + WARN + 1, NOW, WARN, false, false },
	{ "switched off", NOW + 1, NOW, 0, false, false },
	{ "near", NOW + WARN, NOW, WARN, true, true },
	{ "not twice", NOW + WARN, NOW + 1, WARN, true, false },
	{ "but on the next day", NOW + WARN, NOW + DAY, WARN, true, true },
	{ "renewed", NOW + 90 * DAY, NOW + DAY, WARN, false, false },
	{ "another one, near as well", NOW + 2 * DAY, NOW + DAY + 1, WARN, true, true },
	{ "the clock is set back: once too often", NOW + 2 * DAY, NOW, WARN, true, true },
	{ "ended", NOW + 2 * DAY, NOW + 3 * DAY, WARN, true, true },
};

static void test_rows(void **state)
{
	(void)state;
	struct cert_watch watch = { 0 };
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (cert_watch_ends(rows[i].until_s, rows[i].now_s, rows[i].warn_s) != rows[i].ends ||
		    cert_watch_due(&watch, rows[i].until_s, rows[i].now_s, rows[i].warn_s) != rows[i].due)
			fail_msg("%s", rows[i].what);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
