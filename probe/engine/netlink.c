/* SPDX-License-Identifier: MIT */
#include "probe/engine/netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe/engine/clock.h"

enum { PAUSE_MS = 1000 };

struct netlink {
	int socket;
	uv_poll_t poll;
	uv_timer_t pause; /* since the last time that we told */
	bool changed;     /* within it */
	netlink_changed *tell;
	void *owner;
	unsigned open; /* handles */
};

static void on_pause_over(uv_timer_t *pause);

static void tell(struct netlink *netlink)
{
	netlink->changed = false;
	clock_start_timer(&netlink->pause, on_pause_over, PAUSE_MS);
	netlink->tell(netlink->owner);
}

static void on_pause_over(uv_timer_t *pause)
{
	struct netlink *netlink = pause->data;
	if (netlink->changed)
		tell(netlink);
}

/* What has changed does not matter, only that something has; a message that was lost (ENOBUFS) counts, too. */
static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct netlink *netlink = poll->data;
	char messages[16384];
	ssize_t size;
	(void)events;
	do {
		size = recv(netlink->socket, messages, sizeof messages, MSG_DONTWAIT);
	} while (size > 0 || (size < 0 && errno == ENOBUFS));
	if (status < 0) /* libuv gives up on a socket that had an error */
		uv_poll_start(poll, UV_READABLE, on_readable);
	netlink->changed = true;
	if (!uv_is_active((uv_handle_t *)&netlink->pause))
		tell(netlink);
}

static int subscribe(void)
{
	struct sockaddr_nl name = { .nl_family = AF_NETLINK,
		                    .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
		                                 RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE | RTMGRP_IPV4_RULE |
		                                 1u << (RTNLGRP_IPV6_RULE - 1) };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&name, sizeof name) == 0)
		return fd;
	int error = errno;
	close(fd);
	return -error;
}

int netlink_open(struct netlink **out, uv_loop_t *loop, netlink_changed *changed, void *owner)
{
	struct netlink *netlink = calloc(1, sizeof *netlink);
	if (!netlink)
		return -ENOMEM;
	int result = netlink->socket = subscribe();
	if (result >= 0)
		result = uv_poll_init(loop, &netlink->poll, netlink->socket);
	if (result < 0) {
		if (netlink->socket >= 0)
			close(netlink->socket);
		free(netlink);
		return result;
	}
	uv_timer_init(loop, &netlink->pause);
	netlink->poll.data = netlink->pause.data = netlink;
	netlink->open = 2;
	netlink->tell = changed;
	netlink->owner = owner;
	uv_poll_start(&netlink->poll, UV_READABLE, on_readable);
	*out = netlink;
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	struct netlink *netlink = handle->data;
	if (--netlink->open)
		return;
	close(netlink->socket);
	free(netlink);
}

void netlink_close(struct netlink *netlink)
{
	if (!netlink)
		return;
	uv_close((uv_handle_t *)&netlink->poll, on_closed);
	uv_close((uv_handle_t *)&netlink->pause, on_closed);
}
