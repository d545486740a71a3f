/* SPDX-License-Identifier: MIT */
/*
 * Another preload library: it hands connect() on, and with PASSTHRU set says at the end how often it did.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

static unsigned calls;

__attribute__((visibility("default"))) int connect(int fd, const struct sockaddr *address, socklen_t length)
{
	int (*next)(int, const struct sockaddr *, socklen_t);

	*(void **)&next = dlsym(RTLD_NEXT, "connect");
	__atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
	return next(fd, address, length);
}

__attribute__((destructor)) static void say(void)
{
	if (getenv("PASSTHRU"))
		fprintf(stderr, "passthru: %s\n", calls ? "called" : "not called");
}
