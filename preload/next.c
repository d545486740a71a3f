/* SPDX-License-Identifier: MIT */
#include "preload/next.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "preload/loaded.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* What stands here until the real ones are found, and for good in a client that hides libc from dl_iterate_phdr(); dlopen() is in
 * libdl before glibc 2.34, and may come later. */
static int no_connect(int fd, const struct sockaddr *address, socklen_t length)
{
	return (int)syscall(SYS_connect, fd, address, length);
}

static int no_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **result)
{
	(void)node, (void)service, (void)hints, (void)result;
	return EAI_FAIL;
}

static struct hostent *no_gethostbyname(const char *name)
{
	(void)name;
	h_errno = NO_RECOVERY;
	return NULL;
}

static struct hostent *no_gethostbyname2(const char *name, int family)
{
	(void)family;
	return no_gethostbyname(name);
}

static int no_gethostbyname_r(const char *name, struct hostent *entry, char *buffer, size_t size,
                              struct hostent **result, int *error)
{
	(void)name, (void)entry, (void)buffer, (void)size;
	*result = NULL;
	*error = NO_RECOVERY;
	return ENOSYS;
}

static int no_gethostbyname2_r(const char *name, int family, struct hostent *entry, char *buffer, size_t size,
                               struct hostent **result, int *error)
{
	(void)family;
	return no_gethostbyname_r(name, entry, buffer, size, result, error);
}

static void *no_dlopen(const char *file, int flags)
{
	(void)file, (void)flags;
	return NULL;
}

static struct next next = {
	.connect = no_connect,
	.getaddrinfo = no_getaddrinfo,
	.gethostbyname = no_gethostbyname,
	.gethostbyname2 = no_gethostbyname2,
	.gethostbyname_r = no_gethostbyname_r,
	.gethostbyname2_r = no_gethostbyname2_r,
	.dlopen = no_dlopen,
};
static bool ready;

/* Two threads at once store the same pointers. */
static void look_up(void)
{
	static const struct {
		const char *name;
		void **to;
	} table[] = {
		{ "connect", (void **)&next.connect },
		{ "getaddrinfo", (void **)&next.getaddrinfo },
		{ "gethostbyname", (void **)&next.gethostbyname },
		{ "gethostbyname2", (void **)&next.gethostbyname2 },
		{ "gethostbyname_r", (void **)&next.gethostbyname_r },
		{ "gethostbyname2_r", (void **)&next.gethostbyname2_r },
		{ "dlopen", (void **)&next.dlopen },
	};
	struct loaded_function functions[COUNT(table)];
	for (unsigned i = 0; i < COUNT(table); i++)
		functions[i] = (struct loaded_function){ table[i].name, NULL };
	loaded_after(&next, functions, COUNT(functions));
	for (unsigned i = 0; i < COUNT(table); i++)
		if (functions[i].address)
			__atomic_store_n(table[i].to, functions[i].address, __ATOMIC_RELAXED);
	__atomic_store_n(&ready, functions[0].address != NULL, __ATOMIC_RELEASE);
}

const struct next *next_functions(void)
{
	if (__builtin_expect(!__atomic_load_n(&ready, __ATOMIC_ACQUIRE), false))
		look_up();
	return &next;
}

next_dlopen_function *next_dlopen(void)
{
	const struct next *functions = next_functions();
	if (functions->dlopen == no_dlopen)
		look_up();
	return functions->dlopen;
}

char *next_secure_getenv(const char *name)
{
#if defined(__GLIBC__) && defined(__i386__)
	/* Of glibc 2.17, which was __secure_getenv before. */
	struct loaded_function functions[] = { { "secure_getenv", NULL }, { "__secure_getenv", NULL } };
	loaded_after(&next, functions, COUNT(functions));
	void *const found = functions[0].address ? functions[0].address : functions[1].address;
	return found ? ((char *(*)(const char *))found)(name) : NULL;
#else
	return secure_getenv(name);
#endif
}
