/* SPDX-License-Identifier: MIT */
/*
 * ctl_client.h - the other end of the daemon's control socket.
 */
#ifndef MPFAILOVER_CTL_CLIENT_H
#define MPFAILOVER_CTL_CLIENT_H

#include <jansson.h>

#include "probe/ctl/ctl.h"

struct ctl_client;

/* Connects to ctl->socket, or to the socket that the table names.  Else *OUT is NULL, and what is wrong has been told. */
enum ctl_exit ctl_client_open(struct ctl_client **out, const struct ctl *ctl);

/* REQUEST, which is freed, with the protocol's version. */
enum ctl_exit ctl_client_ask(struct ctl_client *client, json_t *request);

/* The next line, to be freed, within LIMIT_MS (-1: whenever it comes, or until nobody reads standard output any more).  Else *OUT is
 * NULL, and what is wrong has been told. */
enum ctl_exit ctl_client_read(struct ctl_client *client, json_t **out, int limit_ms);

void ctl_client_close(struct ctl_client *client); /* NULL is fine */

#endif
