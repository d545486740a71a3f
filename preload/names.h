/* SPDX-License-Identifier: MIT */
/*
 * names.h - the name functions, answered from the table for the hosts of a service.
 *
 * Usable candidates first, dead ones last; no DNS.  Each function's contract is its libc counterpart's, and what it returns
 * is freed as theirs: getaddrinfo()'s list is made of libc's own nodes.
 */
#ifndef MPFAILOVER_NAMES_H
#define MPFAILOVER_NAMES_H

#include <netdb.h>
#include <stddef.h>

int names_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **result);
struct hostent *names_gethostbyname(const char *name);
struct hostent *names_gethostbyname2(const char *name, int family);
int names_gethostbyname_r(const char *name, struct hostent *entry, char *buffer, size_t size, struct hostent **result,
			  int *error);
int names_gethostbyname2_r(const char *name, int family, struct hostent *entry, char *buffer, size_t size,
			   struct hostent **result, int *error);

#endif
