/* SPDX-License-Identifier: MIT */
/*
 * next.h - the functions that the hooks stand in front of: another preload's, or libc's; and one whose symbol is too new.
 */
#ifndef MPFAILOVER_NEXT_H
#define MPFAILOVER_NEXT_H

#include <netdb.h>
#include <stddef.h>
#include <sys/socket.h>

struct next {
	int (*connect)(int, const struct sockaddr *, socklen_t);
	int (*getaddrinfo)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
	struct hostent *(*gethostbyname)(const char *);
	struct hostent *(*gethostbyname2)(const char *, int);
	int (*gethostbyname_r)(const char *, struct hostent *, char *, size_t, struct hostent **, int *);
	int (*gethostbyname2_r)(const char *, int, struct hostent *, char *, size_t, struct hostent **, int *);
	void *(*dlopen)(const char *, int);
	char *(*secure_getenv)(const char *);
};

/* All of them, looked up together at the first call, whichever hook or constructor that is. */
const struct next *next_functions(void);

#endif
