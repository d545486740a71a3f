/* SPDX-License-Identifier: MIT */
/* In a network namespace of its own, where it may be made. */
#include "probe/engine/netlink.h"

#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "probe/engine/clock.h"

static unsigned told;

static void on_change(void *owner)
{
	assert_ptr_equal(owner, &told);
	told++;
}

static void set_loopback(bool up)
{
	struct ifreq request = { .ifr_flags = (short)(up ? IFF_UP : 0) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	strcpy(request.ifr_name, "lo");
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
	close(fd);
}

static void test_link(void **state)
{
	(void)state;
	uv_loop_t loop;
	struct netlink *netlink = NULL;
	if (unshare(CLONE_NEWNET) < 0)
		skip();
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(netlink_open(&netlink, &loop, on_change, &told), 0);
	uv_run(&loop, UV_RUN_NOWAIT);
	assert_int_equal(told, 0);
	uint64_t start_ms = clock_ms();
	set_loopback(true);
	while (!told)
		uv_run(&loop, UV_RUN_ONCE);
	assert_in_range(clock_ms() - start_ms, 0, 500); /* at once */
	for (int i = 0; i < 50; i++) {
		set_loopback(i % 2);
		uv_run(&loop, UV_RUN_NOWAIT);
	}
	assert_int_equal(told, 1); /* the rest of the burst waits, */
	while (told < 2)
		uv_run(&loop, UV_RUN_ONCE);
	assert_in_range(clock_ms() - start_ms, 900, 2500); /* and is not forgotten */
	netlink_close(netlink);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
}

/* More than the socket's queue holds, without a turn of the loop. */
static void test_overrun(void **state)
{
	(void)state;
	uv_loop_t loop;
	struct netlink *netlink = NULL;
	if (unshare(CLONE_NEWNET) < 0)
		skip();
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(netlink_open(&netlink, &loop, on_change, &told), 0);
	for (int i = 0; i < 2000; i++)
		set_loopback(i % 2);
	told = 0;
	while (!told)
		uv_run(&loop, UV_RUN_ONCE);
	set_loopback(false); /* it still listens */
	while (told < 2)
		uv_run(&loop, UV_RUN_ONCE);
	netlink_close(netlink);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
	alarm(60); /* what never comes is a failure, too */
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_link), cmocka_unit_test(test_overrun) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
