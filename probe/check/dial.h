/* SPDX-License-Identifier: MIT */
/*
 * dial.h - where a TCP connection of the daemon's goes, and from where.
 */
#ifndef MPFAILOVER_DIAL_H
#define MPFAILOVER_DIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/endpoint.h"

struct dial {
	struct endpoint to;
	bool has_source;
	struct endpoint source; /* port 0 */
	const char *interface;  /* "": any */
};

int dial_family(const struct dial *dial);
socklen_t dial_sockaddr(const struct dial *dial, union endpoint_sockaddr *out);

/* Binds a fresh socket to the source and the interface: 0, or -errno.  -EADDRNOTAVAIL and -ENODEV mean that the uplink is
 * not there, for its clients neither. */
int dial_bind(const struct dial *dial, int socket);

/* The handshake time of a connected socket, by the kernel's own measure, 0: it has none. */
uint32_t dial_handshake_us(int socket);

#endif
