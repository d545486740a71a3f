/* SPDX-License-Identifier: MIT */
#include "tests/clients/lookup.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

socklen_t lookup_length(const struct sockaddr_storage *address)
{
	return address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

static bool by_addrinfo(struct lookup *out, const char *name, in_port_t port, int family)
{
	struct addrinfo hints = { .ai_family = family, .ai_socktype = SOCK_STREAM };
	struct addrinfo *list;
	char service[8];

	snprintf(service, sizeof service, "%u", port);
	int error = getaddrinfo(name, service, &hints, &list);
	if (error) {
		snprintf(out->error, sizeof out->error, "%s", gai_strerror(error));
		return false;
	}
	for (struct addrinfo *one = list; one && out->count < LOOKUP_MAX; one = one->ai_next)
		memcpy(&out->address[out->count++], one->ai_addr, one->ai_addrlen);
	freeaddrinfo(list);
	return true;
}

static void take_hostent(struct lookup *out, const struct hostent *host, in_port_t port)
{
	for (char **one = host->h_addr_list; *one && out->count < LOOKUP_MAX; one++) {
		struct sockaddr_storage *to = &out->address[out->count++];
		if (host->h_addrtype == AF_INET6) {
			struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)to;
			*in6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons(port) };
			memcpy(&in6->sin6_addr, *one, sizeof in6->sin6_addr);
		} else {
			struct sockaddr_in *in4 = (struct sockaddr_in *)to;
			*in4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port) };
			memcpy(&in4->sin_addr, *one, sizeof in4->sin_addr);
		}
	}
}

bool lookup(struct lookup *out, const char *how, const char *name, in_port_t port)
{
	char buffer[8192];
	struct hostent host, *found = NULL;
	int error = h_errno;

	out->count = 0;
	if (strcmp(how, "getaddrinfo") == 0)
		return by_addrinfo(out, name, port, AF_UNSPEC);
	if (strcmp(how, "getaddrinfo6") == 0)
		return by_addrinfo(out, name, port, AF_INET6);
	if (strcmp(how, "gethostbyname_r") == 0) {
		gethostbyname_r(name, &host, buffer, sizeof buffer, &found, &error);
	} else if (strcmp(how, "gethostbyname2_r") == 0) {
		gethostbyname2_r(name, AF_INET, &host, buffer, sizeof buffer, &found, &error);
	} else {
		found = strcmp(how, "gethostbyname2") == 0 ? gethostbyname2(name, AF_INET) : gethostbyname(name);
		error = h_errno;
	}
	if (!found) {
		snprintf(out->error, sizeof out->error, "%s", hstrerror(error));
		return false;
	}
	take_hostent(out, found, port);
	return true;
}
