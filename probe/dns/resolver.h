/* SPDX-License-Identifier: MIT */
/*
 * resolver.h - what DNS answers for a name, by c-ares, on the loop.  /etc/hosts and search domains do not count.
 *
 * The servers are those of /etc/resolv.conf, as it has become.
 */
#ifndef MPFAILOVER_RESOLVER_H
#define MPFAILOVER_RESOLVER_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

enum { RESOLVER_MOST = 16 };

struct resolver;
struct resolver_query;

struct resolver_answer {
	const char *error; /* NULL: none */
	bool is_empty;     /* the name exists, but has no address of that family; that is an error, too */
	unsigned count;    /* at least 1 without an error; what is beyond RESOLVER_MOST is left out */
	uint8_t address[RESOLVER_MOST][16]; /* in the table's form */
	uint32_t ttl_s;                     /* the least of all records' */
};

/* Called once, never from within resolver_ask().  The query is gone then. */
typedef void resolver_done(void *owner, const struct resolver_answer *answer);

/* 0 or -errno. */
int resolver_open(struct resolver **out, uv_loop_t *loop);

/* For the addresses of FAMILY (AF_INET or AF_INET6).  NULL: no memory. */
struct resolver_query *resolver_ask(struct resolver *resolver, const char *host, int family, resolver_done *done,
                                    void *owner);

/* Nobody wants to know any more. */
void resolver_forget(struct resolver_query *query);

/* All queries are to be forgotten before.  NULL is fine. */
void resolver_close(struct resolver *resolver);

#endif
