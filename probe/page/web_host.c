/* SPDX-License-Identifier: MIT */
#include "probe/page/web_host.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

enum { HOST_SIZE = 256 };

/* HOST without its port, and without brackets.  False: it cannot be a host. */
static bool cut_port(const char *host, char out[HOST_SIZE])
{
	const char *end = host[0] == '[' ? strchr(host, ']') : host + strcspn(host, ":");
	const char *start = host[0] == '[' ? host + 1 : host;
	if (!end || end == start || end - start >= HOST_SIZE)
		return false;
	const char *port = *end == ']' ? end + 1 : end;
	if (*port && (*port != ':' || strspn(port + 1, "0123456789") != strlen(port + 1)))
		return false;
	memcpy(out, start, (size_t)(end - start));
	out[end - start] = '\0';
	return true;
}

static bool is_address(const char *name)
{
	struct in6_addr address;
	return inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1;
}

bool web_host_allowed(const char *host, const char *machine)
{
	char name[HOST_SIZE];
	if (!host)
		return true;
	if (!cut_port(host, name))
		return false;
	if (is_address(name) || !strchr(name, '.') || !strcasecmp(name, machine))
		return true;
	const size_t label = strcspn(machine, ".");
	return label && !strncasecmp(name, machine, label) && name[label] == '.';
}
