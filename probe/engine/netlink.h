/* SPDX-License-Identifier: MIT */
/*
 * netlink.h - tells when a link, an address or a route of this machine has changed.
 */
#ifndef MPFAILOVER_NETLINK_H
#define MPFAILOVER_NETLINK_H

#include <uv.h>

struct netlink;

/* At once for the first of a burst, then at most once a second while it lasts, and once more at its end. */
typedef void netlink_changed(void *owner);

/* 0 or -errno. */
int netlink_open(struct netlink **out, uv_loop_t *loop, netlink_changed *changed, void *owner);

void netlink_close(struct netlink *netlink); /* NULL is fine */

#endif
