/* SPDX-License-Identifier: MIT */
#include "preload/next.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>

#ifdef __GLIBC__
/* The oldest version of dlsym, so that the object also loads where glibc is older than the one that built it. */
#if defined(__x86_64__)
__asm__(".symver dlsym, dlsym@GLIBC_2.2.5");
#elif defined(__i386__)
__asm__(".symver dlsym, dlsym@GLIBC_2.0");
#elif defined(__aarch64__)
__asm__(".symver dlsym, dlsym@GLIBC_2.17");
#endif
#endif

/* All that is looked up here exists in glibc and musl: dlsym() of a missing symbol may call malloc. */
static void *next_symbol(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

const struct next *next_functions(void)
{
	static struct next next;
	static bool ready;
	if (__builtin_expect(__atomic_load_n(&ready, __ATOMIC_ACQUIRE), true))
		return &next;
	/* Two threads at once store the same pointers. */
	const struct {
		const char *name;
		void **to;
	} table[] = {
		{ "getaddrinfo", (void **)&next.getaddrinfo },
		{ "gethostbyname", (void **)&next.gethostbyname },
		{ "gethostbyname2", (void **)&next.gethostbyname2 },
		{ "gethostbyname_r", (void **)&next.gethostbyname_r },
		{ "gethostbyname2_r", (void **)&next.gethostbyname2_r },
		{ "dlopen", (void **)&next.dlopen },
	};
	for (unsigned i = 0; i < sizeof table / sizeof table[0]; i++)
		__atomic_store_n(table[i].to, next_symbol(table[i].name), __ATOMIC_RELAXED);
	__atomic_store_n(&ready, true, __ATOMIC_RELEASE);
	return &next;
}

next_connect_function *next_connect(void)
{
	static next_connect_function *next;
	next_connect_function *known = __atomic_load_n(&next, __ATOMIC_RELAXED);
	if (__builtin_expect(!known, false)) {
		known = (next_connect_function *)next_symbol("connect");
		__atomic_store_n(&next, known, __ATOMIC_RELAXED);
	}
	return known;
}

char *next_secure_getenv(const char *name)
{
#if defined(__GLIBC__) && defined(__i386__)
	/* Of glibc 2.17, which was __secure_getenv before. */
	static char *(*next)(const char *);
	if (!next)
		next = (char *(*)(const char *))next_symbol("secure_getenv");
	if (!next)
		next = (char *(*)(const char *))next_symbol("__secure_getenv");
	return next ? next(name) : NULL;
#else
	return secure_getenv(name);
#endif
}
