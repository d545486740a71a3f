/* SPDX-License-Identifier: MIT */
/*
 * web_server.h - HTTP: libmicrohttpd, and nothing but.
 *
 * A server belongs to the thread that turns it.  It holds a bounded number of connections: whoever comes when they are used up
 * takes the place of one that has said nothing yet, or is slow to read; and nobody has more than ten seconds for a request and its
 * answer.
 */
#ifndef MPFAILOVER_WEB_SERVER_H
#define MPFAILOVER_WEB_SERVER_H

struct web_answers;
struct web_server;

/* Takes over LISTEN_FD, also in failure.  0 or -errno.  ANSWERS stays the caller's. */
int web_server_open(struct web_server **out, int listen_fd, struct web_answers *answers);

/* To be polled for reading. */
int web_server_fd(const struct web_server *server);

/* Does what there is to do.  Returns after how many milliseconds at the latest it wants to be called again, -1: only when the
 * descriptor says so. */
int web_server_turn(struct web_server *server);

/* Ends all connections.  NULL is fine. */
void web_server_close(struct web_server *server);

#endif
