/* SPDX-License-Identifier: MIT */
/*
 * odd_server.h - servers on loopback that behave well, or in one particular bad way, each in a process of its own.
 */
#ifndef MPFAILOVER_ODD_SERVER_H
#define MPFAILOVER_ODD_SERVER_H

#include <stdint.h>
#include <sys/types.h>

enum odd_way {
	ODD_HTTP,        /* "GET /status/N": status N; its body is the client's address, then the whole request */
	ODD_SPLIT,       /* HTTP, "status: up" in two pieces, 30 ms apart */
	ODD_SLOW,        /* the same, 200 ms apart */
	ODD_ENDLESS,     /* HTTP, 2 MiB of nothing, then "status: up" */
	ODD_DRIP,        /* HTTP, a character of the body every 50 ms, for a minute */
	ODD_DRIP_HEADER, /* the same within the header */
	ODD_GARBAGE,     /* greets, and not in HTTP */
	ODD_RESET,       /* RST at once */
	ODD_CLOSE,       /* FIN after the request */
	ODD_SILENT,      /* never says anything */
	ODD_FULL,        /* does not even complete handshakes */
	ODD_GONE,        /* refuses */
};

struct odd_server {
	uint16_t port;
	pid_t pid;    /* 0: none */
	int held[16]; /* descriptors */
	unsigned held_count;
};

/* ADDRESS: of loopback, "127.0.0.1" or "::1".  Port 0: it could not be had. */
struct odd_server odd_start(const char *address, enum odd_way way);
struct odd_server odd_start_at(const char *address, uint16_t port, enum odd_way way);
void odd_stop(struct odd_server *server);

/* A port of 127.0.0.1 that nobody uses at the moment. */
uint16_t odd_free_port(void);

#endif
