/* SPDX-License-Identifier: MIT */
#include "probe/ctl/privilege.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { ROOT = 0, USER = 1000, OTHER = 1001 };

static void test_rows(void **state)
{
	(void)state;
	static const struct {
		enum privilege wanted;
		struct privilege_question question;
	} rows[] = {
		{ PRIVILEGE_SAME, { .uid = USER, .owner = ROOT, .mode = 0755 } },
		{ PRIVILEGE_SET_USER, { .uid = USER, .owner = ROOT, .mode = 04755 } },
		{ PRIVILEGE_SET_USER, { .uid = ROOT, .owner = USER, .mode = 04755 } },
		{ PRIVILEGE_SAME, { .uid = ROOT, .owner = ROOT, .mode = 04755 } },
		{ PRIVILEGE_SAME, { .uid = USER, .owner = USER, .mode = 04755 } },
		{ PRIVILEGE_SAME, { .uid = USER, .owner = ROOT, .mode = 04755, .ignored = true } },
		{ PRIVILEGE_SET_GROUP, { .uid = USER, .owner = USER, .gid = USER, .group = OTHER, .mode = 02755 } },
		{ PRIVILEGE_SAME, { .uid = USER, .owner = USER, .gid = OTHER, .group = OTHER, .mode = 02755 } },
		{ PRIVILEGE_SAME, { .uid = USER, .owner = USER, .gid = USER, .group = OTHER, .mode = 02745 } },
		{ PRIVILEGE_CAPABILITIES, { .uid = USER, .mode = 0755, .has_capabilities = true } },
		{ PRIVILEGE_SAME, { .uid = ROOT, .mode = 0755, .has_capabilities = true } },
		{ PRIVILEGE_SAME, { .uid = USER, .mode = 0755, .has_capabilities = true, .ignored = true } },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(privilege_gained(&rows[i].question), rows[i].wanted);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
