/* SPDX-License-Identifier: MIT */
#include "preload/next.h"

#include <dlfcn.h>
#include <stdbool.h>

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

const struct next *next_functions(void)
{
	static struct next next;
	static bool ready;
	if (__builtin_expect(__atomic_load_n(&ready, __ATOMIC_ACQUIRE), true))
		return &next;
	/* Two threads at once store the same pointers.  All of these exist in glibc and musl: dlsym() of a missing symbol may
	 * call malloc. */
	const struct {
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
		{ "secure_getenv", (void **)&next.secure_getenv },
	};
	for (unsigned i = 0; i < sizeof table / sizeof table[0]; i++)
		__atomic_store_n(table[i].to, dlsym(RTLD_NEXT, table[i].name), __ATOMIC_RELAXED);
	if (!next.secure_getenv) /* glibc's name for it before 2.17 */
		__atomic_store_n((void **)&next.secure_getenv, dlsym(RTLD_NEXT, "__secure_getenv"), __ATOMIC_RELAXED);
	__atomic_store_n(&ready, true, __ATOMIC_RELEASE);
	return &next;
}
