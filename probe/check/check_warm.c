/* SPDX-License-Identifier: MIT */
#include "probe/check/check_warm.h"

#include <stdlib.h>
#include <unistd.h>

struct check_warm {
	struct check *check;
	int listener;
};

static void forget(struct check_world *world)
{
	close(world->warm->listener);
	free(world->warm);
	world->warm = NULL;
}

static void on_done(void *owner, const struct outcome *outcome)
{
	(void)outcome;
	forget(owner);
}

/* A listening socket on this machine, or -1. */
static int listen_at(struct endpoint *where)
{
	union endpoint_sockaddr at = { .in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) } };
	socklen_t length = sizeof at.in;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener >= 0 && bind(listener, &at.any, length) == 0 && listen(listener, 1) == 0 &&
	    getsockname(listener, &at.any, &length) == 0 && endpoint_from_sockaddr(where, &at.any, length))
		return listener;
	if (listener >= 0)
		close(listener);
	return -1;
}

void check_warm_start(struct check_world *world)
{
	static const struct conf_check tls = { .type = CONF_TLS, .contains = "", .ca_file = "", .verify = true };
	struct check_target target = { .check = &tls, .host = "warm.invalid", .dial.interface = "" };
	struct check_warm *warm = calloc(1, sizeof *warm);
	if (!warm)
		return;
	world->warm = warm;
	warm->listener = listen_at(&target.dial.to);
	target.host_port = target.dial.to.port;
	if (warm->listener >= 0)
		warm->check = check_start(world, &target, 500, on_done, world);
	if (!warm->check)
		forget(world);
}

void check_warm_end(struct check_world *world)
{
	if (!world->warm)
		return;
	check_cancel(world->warm->check);
	forget(world);
}
