/* SPDX-License-Identifier: MIT */
/*
 * next.h - the functions that the hooks stand in front of: another preload's, or libc's; and one whose symbol may be too new.
 */
#ifndef MPFAILOVER_NEXT_H
#define MPFAILOVER_NEXT_H

#include <netdb.h>
#include <stddef.h>
#include <sys/socket.h>

/* The hooks' own calls but connect(). */
struct next {
	int (*getaddrinfo)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
	struct hostent *(*gethostbyname)(const char *);
	struct hostent *(*gethostbyname2)(const char *, int);
	int (*gethostbyname_r)(const char *, struct hostent *, char *, size_t, struct hostent **, int *);
	int (*gethostbyname2_r)(const char *, int, struct hostent *, char *, size_t, struct hostent **, int *);
	void *(*dlopen)(const char *, int);
};

/* All of them, looked up together at the first call: most programs that start need none of them. */
const struct next *next_functions(void);

typedef int next_connect_function(int, const struct sockaddr *, socklen_t);

/* Looked up at the first call, which the library's constructor makes: a signal handler, which may connect, may not look it up. */
next_connect_function *next_connect(void);

/* NULL also where libc does not tell whose word the environment is. */
char *next_secure_getenv(const char *name);

#endif
