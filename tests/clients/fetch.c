/* SPDX-License-Identifier: MIT */
/*
 * fetch HOW HOST [PORT]: the page that the first address of HOST gives at PORT, as a simple client gets it; without PORT, the
 * addresses of HOST, one in a line.  HOW is one of lookup.h's.
 */
#include "tests/clients/lookup.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void print_addresses(const struct lookup *found)
{
	char text[INET6_ADDRSTRLEN];

	for (int i = 0; i < found->count; i++) {
		const struct sockaddr_storage *one = &found->address[i];
		const void *ip = one->ss_family == AF_INET6
				     ? (const void *)&((const struct sockaddr_in6 *)one)->sin6_addr
				     : (const void *)&((const struct sockaddr_in *)one)->sin_addr;
		puts(inet_ntop(one->ss_family, ip, text, sizeof text));
	}
}

static bool print_page(int fd)
{
	static const char request[] = "GET / HTTP/1.0\r\nHost: fetch\r\n\r\n";
	char answer[4096];
	size_t size = 0;
	ssize_t got;

	if (write(fd, request, sizeof request - 1) != (ssize_t)sizeof request - 1)
		return false;
	while ((got = read(fd, answer + size, sizeof answer - 1 - size)) > 0)
		size += (size_t)got;
	answer[size] = '\0';
	const char *body = strstr(answer, "\r\n\r\n");
	return body && fputs(body + 4, stdout) >= 0;
}

int main(int argc, char **argv)
{
	struct lookup found;

	if (argc < 3) {
		fputs("usage: fetch HOW HOST [PORT]\n", stderr);
		return 2;
	}
	if (!lookup(&found, argv[1], argv[2], argc > 3 ? (in_port_t)atoi(argv[3]) : 0)) {
		fprintf(stderr, "%s: %s\n", argv[2], found.error);
		return 1;
	}
	if (argc == 3) {
		print_addresses(&found);
		return 0;
	}
	int fd = socket(found.address[0].ss_family, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&found.address[0], lookup_length(&found.address[0])) != 0) {
		perror("connect");
		return 1;
	}
	return print_page(fd) ? 0 : 1;
}
