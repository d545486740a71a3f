/* SPDX-License-Identifier: MIT */
/*
 * lookup.h - a name's addresses by each of libc's functions, for the test clients.
 */
#ifndef MPFAILOVER_TESTS_LOOKUP_H
#define MPFAILOVER_TESTS_LOOKUP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

enum { LOOKUP_MAX = 32 };

struct lookup {
	int count;
	struct sockaddr_storage address[LOOKUP_MAX];
	char error[128];
};

/* HOW: getaddrinfo, getaddrinfo6 (AF_INET6), gethostbyname, gethostbyname2, gethostbyname_r, gethostbyname2_r.
 * False: nothing found, and out->error says why. */
bool lookup(struct lookup *out, const char *how, const char *name, in_port_t port);

socklen_t lookup_length(const struct sockaddr_storage *address);

#endif
