/* SPDX-License-Identifier: MIT */
#include "tests/unit/next_libc.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

unsigned next_libc_refused, next_libc_asked;

static bool harmless(const char *name)
{
	char address[16], text[64];
	bool yes = !name || strcmp(name, "localhost") == 0;
	if (!yes && strlen(name) < sizeof text) {
		strcpy(text, name);
		text[strcspn(text, "%")] = '\0';
		yes = inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
	}
	if (yes)
		next_libc_asked++;
	else
		next_libc_refused++;
	return yes;
}

static int ask_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                           struct addrinfo **result)
{
	/* What is wrong with the other arguments libc says before it looks at the name. */
	if (harmless(node))
		return getaddrinfo(node, service, hints, result);
	struct addrinfo numeric = { .ai_flags = AI_NUMERICHOST };
	if (hints)
		numeric = *hints;
	if (hints && !(hints->ai_flags & ~(AI_PASSIVE | AI_CANONNAME | AI_NUMERICHOST | AI_NUMERICSERV | AI_V4MAPPED |
	                                   AI_ALL | AI_ADDRCONFIG)))
		numeric.ai_flags |= AI_NUMERICHOST;
	const int status = getaddrinfo(node, service, &numeric, result);
	return status == EAI_NONAME && !(hints && hints->ai_flags & (AI_NUMERICHOST | AI_NUMERICSERV)) ? EAI_FAIL
	                                                                                               : status;
}

static struct hostent *ask_gethostbyname(const char *name)
{
	if (harmless(name))
		return gethostbyname(name);
	h_errno = NO_RECOVERY;
	return NULL;
}

static struct hostent *ask_gethostbyname2(const char *name, int family)
{
	if (harmless(name))
		return gethostbyname2(name, family);
	h_errno = NO_RECOVERY;
	return NULL;
}

static int refuse_r(struct hostent **result, int *error)
{
	*result = NULL;
	*error = NO_RECOVERY;
	return EAGAIN;
}

static int ask_gethostbyname_r(const char *name, struct hostent *entry, char *buffer, size_t size,
                               struct hostent **result, int *error)
{
	return harmless(name) ? gethostbyname_r(name, entry, buffer, size, result, error) : refuse_r(result, error);
}

static int ask_gethostbyname2_r(const char *name, int family, struct hostent *entry, char *buffer, size_t size,
                                struct hostent **result, int *error)
{
	return harmless(name) ? gethostbyname2_r(name, family, entry, buffer, size, result, error)
	                      : refuse_r(result, error);
}

const struct next *next_functions(void)
{
	static const struct next next = {
		.connect = connect,
		.getaddrinfo = ask_getaddrinfo,
		.gethostbyname = ask_gethostbyname,
		.gethostbyname2 = ask_gethostbyname2,
		.gethostbyname_r = ask_gethostbyname_r,
		.gethostbyname2_r = ask_gethostbyname2_r,
		.dlopen = dlopen,
	};
	return &next;
}

char *next_secure_getenv(const char *name)
{
	return secure_getenv(name);
}
