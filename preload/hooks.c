/* SPDX-License-Identifier: MIT */
/*
 * hooks.c - what the library exports: a thin symbol over each function that can be tested without preloading.
 */
#include <dlfcn.h>

#include "preload/connect.h"
#include "preload/deepbind.h"
#include "preload/names.h"
#include "preload/next.h"

#define HOOK __attribute__((visibility("default")))

HOOK int connect(int fd, const struct sockaddr *address, socklen_t length)
{
	return connect_moved(fd, address, length);
}

HOOK int getaddrinfo(const char *restrict node, const char *restrict service, const struct addrinfo *restrict hints,
                     struct addrinfo **restrict result)
{
	return names_getaddrinfo(node, service, hints, result);
}

HOOK struct hostent *gethostbyname(const char *name)
{
	return names_gethostbyname(name);
}

HOOK struct hostent *gethostbyname2(const char *name, int family)
{
	return names_gethostbyname2(name, family);
}

HOOK int gethostbyname_r(const char *restrict name, struct hostent *restrict entry, char *restrict buffer, size_t size,
                         struct hostent **restrict result, int *restrict error)
{
	return names_gethostbyname_r(name, entry, buffer, size, result, error);
}

HOOK int gethostbyname2_r(const char *restrict name, int family, struct hostent *restrict entry, char *restrict buffer,
                          size_t size, struct hostent **restrict result, int *restrict error)
{
	return names_gethostbyname2_r(name, family, entry, buffer, size, result, error);
}

#if defined(__GLIBC__) && defined(__i386__)
/* Programs that were linked before glibc 2.1.2 ask for another version of these two, which makes -1 of any error. */
HOOK int gethostbyname_r_of_2_0(const char *name, struct hostent *entry, char *buffer, size_t size,
                                struct hostent **result, int *error);
HOOK int gethostbyname2_r_of_2_0(const char *name, int family, struct hostent *entry, char *buffer, size_t size,
                                 struct hostent **result, int *error);
__asm__(".symver gethostbyname_r, gethostbyname_r@@@GLIBC_2.1.2");
__asm__(".symver gethostbyname_r_of_2_0, gethostbyname_r@GLIBC_2.0");
__asm__(".symver gethostbyname2_r, gethostbyname2_r@@@GLIBC_2.1.2");
__asm__(".symver gethostbyname2_r_of_2_0, gethostbyname2_r@GLIBC_2.0");

int gethostbyname_r_of_2_0(const char *name, struct hostent *entry, char *buffer, size_t size, struct hostent **result,
                           int *error)
{
	return names_gethostbyname_r(name, entry, buffer, size, result, error) == 0 ? 0 : -1;
}

int gethostbyname2_r_of_2_0(const char *name, int family, struct hostent *entry, char *buffer, size_t size,
                            struct hostent **result, int *error)
{
	return names_gethostbyname2_r(name, family, entry, buffer, size, result, error) == 0 ? 0 : -1;
}
#endif

/*
 * libc looks at its caller to find the RUNPATH that counts, so libc must be entered by a jump: then its caller is ours.  A compiler
 * makes a jump of this only when it optimises and does not instrument; another build does without the hook (a test
 * looks at the object for the jump).
 */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1 /* as gcc says it */
#endif
#endif
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__)
HOOK void *dlopen(const char *file, int flags)
{
	return next_dlopen()(file, deepbind_flags(flags));
}
#endif
