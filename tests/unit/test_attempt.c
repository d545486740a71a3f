/* SPDX-License-Identifier: MIT */
/* What an errno of connect() says: about the candidate, about this machine, or about the client's call. */
#include "preload/attempt.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	int error;
	enum attempt_end end;
} rows[] = {
	{ ECONNREFUSED, ATTEMPT_FAILED },
	{ ECONNRESET, ATTEMPT_FAILED },
	{ ECONNABORTED, ATTEMPT_FAILED },
	{ ETIMEDOUT, ATTEMPT_FAILED },
	{ EHOSTUNREACH, ATTEMPT_FAILED },
	{ ENETUNREACH, ATTEMPT_FAILED },
	{ EHOSTDOWN, ATTEMPT_FAILED },
	{ ENETDOWN, ATTEMPT_FAILED },
	/* What a router's rarer ICMP messages become: protocol unreachable, host isolated, parameter problem. */
	{ ENOPROTOOPT, ATTEMPT_FAILED },
	{ ENONET, ATTEMPT_FAILED },
	{ EPROTO, ATTEMPT_FAILED },
	{ EACCES, ATTEMPT_LOCAL }, /* a route of type "prohibit" */
	{ EPERM, ATTEMPT_LOCAL },
	{ EADDRNOTAVAIL, ATTEMPT_LOCAL },
	{ EINVAL, ATTEMPT_LOCAL }, /* a route of type "blackhole" */
	{ EBADF, ATTEMPT_CLIENTS },
	{ ENOTSOCK, ATTEMPT_CLIENTS },
	{ EISCONN, ATTEMPT_CLIENTS },
	{ EALREADY, ATTEMPT_CLIENTS },
	{ EAFNOSUPPORT, ATTEMPT_CLIENTS },
	{ EFAULT, ATTEMPT_CLIENTS },
	{ ENOBUFS, ATTEMPT_CLIENTS },
};

static void test_meaning(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (attempt_meaning(rows[i].error) != rows[i].end)
			fail_msg("%s: wanted %d, got %d", strerror(rows[i].error), (int)rows[i].end,
			         (int)attempt_meaning(rows[i].error));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_meaning) };
	return cmocka_run_group_tests_name("attempt", tests, NULL, NULL);
}
