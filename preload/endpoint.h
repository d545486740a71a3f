/* SPDX-License-Identifier: MIT */
/*
 * endpoint.h - an IPv4 or IPv6 address and port in the table's form, to and from a sockaddr.  Pure.
 */
#ifndef MPFAILOVER_ENDPOINT_H
#define MPFAILOVER_ENDPOINT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct endpoint {
	uint8_t address[16]; /* network order; IPv4 as ::ffff:a.b.c.d */
	uint32_t scope;      /* sin6_scope_id, 0: none */
	uint16_t port;       /* host order */
};

union endpoint_sockaddr {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/* False: not AF_INET or AF_INET6, NULL, too short, or longer than the kernel takes. */
bool endpoint_from_sockaddr(struct endpoint *out, const struct sockaddr *address, socklen_t length);

/* FAMILY is the socket's: AF_INET (the endpoint must be IPv4) or AF_INET6.  Returns the length. */
socklen_t endpoint_to_sockaddr(const struct endpoint *endpoint, int family, union endpoint_sockaddr *out);

/* IPv4, plain or mapped? */
bool endpoint_is_ipv4(const uint8_t address[16]);

/* Bytes that endpoint_print() may need, with the NUL: "[ffff:...:255.255.255.255%4294967295]:65535". */
enum { ENDPOINT_TEXT = 72 };

/* "192.0.2.80:443" or "[2001:db8::1%3]:443"; without the port, and without brackets, if it is 0.  Async-signal-safe.
 * Returns the length. */
unsigned endpoint_print(const uint8_t address[16], uint32_t scope, uint16_t port, char out[ENDPOINT_TEXT]);

#endif
