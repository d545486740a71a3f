/* SPDX-License-Identifier: MIT */
/*
 * A library whose constructor connects: to $EARLY_ADDRESS, $EARLY_PORT.  It says "early: PEER" or the error on stderr.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

__attribute__((constructor)) static void connect_early(void)
{
	const char *address = getenv("EARLY_ADDRESS"), *port = getenv("EARLY_PORT");
	struct sockaddr_in to = { .sin_family = AF_INET }, peer;
	socklen_t length = sizeof peer;

	if (!address || !port || inet_pton(AF_INET, address, &to.sin_addr) != 1)
		return;
	to.sin_port = htons((in_port_t)atoi(port));
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0 ||
	    getpeername(fd, (struct sockaddr *)&peer, &length) != 0)
		perror("early");
	else
		fprintf(stderr, "early: %s\n", inet_ntoa(peer.sin_addr));
	close(fd);
}

/* So that a program can be linked against it. */
__attribute__((visibility("default"))) int early_loaded(void);
int early_loaded(void)
{
	return 1;
}
