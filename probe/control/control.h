/* SPDX-License-Identifier: MIT */
/*
 * control.h - the socket at which an operator's commands arrive: lines of JSON, one request each, and lines of JSON in answer.
 *
 * Who may connect is decided by the socket's permissions.  Clients are few, requests short, and one who does not read is
 * dropped: nobody can hold up the daemon.
 */
#ifndef MPFAILOVER_CONTROL_H
#define MPFAILOVER_CONTROL_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>
#include <uv.h>

enum {
	CONTROL_VERSION = 1,
	CONTROL_CLIENTS = 32,
	CONTROL_REQUEST_BYTES = 4096,
	CONTROL_WAITING_BYTES = 1 << 20, /* for a client that does not read */
	CONTROL_REQUEST_MS = 10000,      /* for a client to say what it wants */
};

struct control;
struct control_client;

/* A request, which is an object.  It is to be answered, now or later, by control_answer(). */
typedef void control_asked(void *owner, struct control_client *client, const json_t *request);

/* Listens at PATH, for the owner and for GROUP ("": the daemon's).  What is in its way is removed if it is a socket at which nobody
 * listens.  0 or -errno: -EADDRINUSE where another daemon does, -EEXIST where it is no socket. */
int control_open(struct control **out, uv_loop_t *loop, const char *path, const char *group, control_asked *asked,
                 void *owner);

/* Takes it away, and drops all clients.  NULL is fine. */
void control_close(struct control *control);

/* A line before the answer.  Takes over LINE.  False: the client is gone, and its `ended` has been called. */
bool control_send(struct control_client *client, json_t *line);
bool control_send_text(struct control_client *client, const char *line); /* without the newline */

/* The answer: the next request may follow. */
void control_answer(struct control_client *client, json_t *answer);

/* ENDED is called if the client goes before it is answered.  There is one at a time, until then.  WHEN_SILENT: it has gone as soon
 * as it says that it will ask nothing more, else it then still gets its answer. */
void control_on_end(struct control_client *client, void (*ended)(void *state), void *state, bool when_silent);

/* Who that is, as the kernel says; pid 0: not known. */
struct control_peer {
	uid_t uid;
	pid_t pid;
};
struct control_peer control_peer(const struct control_client *client);

#endif
