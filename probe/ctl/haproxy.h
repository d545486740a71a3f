/* SPDX-License-Identifier: MIT */
/*
 * haproxy.h - the services of a configuration as one of HAProxy's, in TCP mode.
 */
#ifndef MPFAILOVER_HAPROXY_H
#define MPFAILOVER_HAPROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct conf;

/* Where HAProxy is to listen: each service at the first of COUNT addresses at which its ports are free. */
struct haproxy_listen {
	const char *const *addresses; /* as text; NULL: 127.0.0.1, 127.0.0.2 ... */
	size_t count;
};

/* False: *SERVICE is the name of one that finds no address. */
bool haproxy_write(FILE *out, const struct conf *conf, const struct haproxy_listen *listen, const char **service);

#endif
