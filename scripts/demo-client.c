/* SPDX-License-Identifier: MIT */
/*
 * demo-client HOST PORT - fetches a page as programs of the nineties do: gethostbyname(), and of its answer the first address only.
 */
#include <err.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char answer[4096];
	size_t size = 0;
	ssize_t got;
	if (argc != 3)
		errx(2, "usage: demo-client HOST PORT");
	const struct hostent *host = gethostbyname(argv[1]);
	if (!host)
		errx(1, "%s: %s", argv[1], hstrerror(h_errno));
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[2])) };
	memcpy(&address.sin_addr, host->h_addr_list[0], sizeof address.sin_addr);

	int server = socket(AF_INET, SOCK_STREAM, 0);
	if (server < 0 || connect(server, (struct sockaddr *)&address, sizeof address) < 0)
		err(1, "connect to %s", argv[1]);
	dprintf(server, "GET / HTTP/1.0\r\nHost: %s\r\n\r\n", argv[1]);
	while (size < sizeof answer - 1 && (got = read(server, answer + size, sizeof answer - 1 - size)) > 0)
		size += (size_t)got;
	close(server);
	answer[size] = '\0';
	const char *body = strstr(answer, "\r\n\r\n");
	if (!body)
		errx(1, "%s: no page", argv[1]);
	fputs(body + 4, stdout);
	return 0;
}
