/* SPDX-License-Identifier: MIT */
/*
 * next.h - the functions that the hooks stand in front of: another preload's, or libc's; and one whose symbol may be too new.
 */
#ifndef MPFAILOVER_NEXT_H
#define MPFAILOVER_NEXT_H

#include <netdb.h>
#include <stddef.h>
#include <sys/socket.h>

typedef void *next_dlopen_function(const char *, int);

struct next {
	int (*connect)(int, const struct sockaddr *, socklen_t);
	int (*getaddrinfo)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
	struct hostent *(*gethostbyname)(const char *);
	struct hostent *(*gethostbyname2)(const char *, int);
	int (*gethostbyname_r)(const char *, struct hostent *, char *, size_t, struct hostent **, int *);
	int (*gethostbyname2_r)(const char *, int, struct hostent *, char *, size_t, struct hostent **, int *);
	next_dlopen_function *dlopen;
};

/* Looked up at the first call, which the library's constructor makes: a signal handler, which may connect, may not look them up.
 * None is NULL: where there is none, it is one that fails (connect() goes to the kernel then). */
const struct next *next_functions(void);

/* The same for dlopen(), which may not have been there at the first call: before glibc 2.34 it is in libdl. */
next_dlopen_function *next_dlopen(void);

/* NULL also where libc does not tell whose word the environment is. */
char *next_secure_getenv(const char *name);

#endif
