/* SPDX-License-Identifier: MIT */
/*
 * socket.h - the client's socket: what it is, and one attempt after the other on the same descriptor.
 *
 * Whatever is done here, the socket is afterwards as the client set it: options, bind, O_NONBLOCK, epoll registration.
 */
#ifndef MPFAILOVER_SOCKET_H
#define MPFAILOVER_SOCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/choose.h"
#include "preload/endpoint.h"

struct client_socket {
	int fd;         /* the client's descriptor, or, while it is pinned, one of our own */
	int number;     /* the client's */
	int family;     /* of the address that the client gave: AF_INET or AF_INET6 */
	int flags;      /* F_GETFL */
	bool checked;   /* it is known to be a fresh TCP socket */
	bool bound;     /* to an uplink's source address, by us */
	bool clients_bind; /* the client has bound it itself (found out when the first uplink comes up) */
	bool timed;     /* it has an SO_SNDTIMEO, so that every signal interrupts a native connect() */
	bool known;     /* the rest is filled in */
	int mss;        /* TCP_MAXSEG as the client set it, 0: not set */
	int clamp;      /* TCP_WINDOW_CLAMP as the client set it, 0: not set */
	int quickack;   /* TCP_QUICKACK */
	uint64_t cookie; /* SO_COOKIE: another thread may close the number and open it again */
};

enum socket_state { SOCKET_CONNECTING, SOCKET_CONNECTED, SOCKET_CLOSED, SOCKET_STRANGE };

/* A TCP socket on which nothing has been tried yet, or whose last attempt the client has been told of?  On any other one
 * connect() has an answer of its own to give (EALREADY, EISCONN, the pending error). */
bool socket_is_fresh(int fd);

bool socket_is_tcp(int fd);

enum choose_reach socket_reach(int fd, const struct endpoint *asked);

/* False: no descriptor at all. */
bool socket_begin(struct client_socket *socket, int fd, int family);

bool socket_is_blocking(const struct client_socket *socket);

/* Starts a connection, never waiting.  0: it is there already (loopback).  EINPROGRESS: under way.  Another errno: what connect() said;
 * *BEGAN tells whether it said so of this attempt, or at once, when it may be about an earlier one of the client's, or the socket is not
 * TCP's.
 * The client's O_NONBLOCK is back when it returns; TCP_FASTOPEN_CONNECT, with which connect() "succeeds" to a dead host, is cleared.
 * To be called with signals held. */
int socket_start(struct client_socket *socket, const struct endpoint *to, bool *began);

/* Makes the next attempt leave from SOURCE (in the table's form; NULL: from wherever the kernel chooses), unless the client has bound the
 * socket itself.  -1 and errno: that address is not to be had on this machine. */
int socket_bind_source(struct client_socket *socket, const uint8_t *source);

/* On a closed socket: was it not the attempt that failed, but another thread that ended it, by shutdown() or AF_UNSPEC?  Then connect() would
 * begin anew; errno is what a native one says. */
bool socket_was_ended(int fd);

/* After the kernel has said that the attempt is over: connect() once more, for 0 or its own errno. */
int socket_finish(const struct client_socket *socket, const struct endpoint *to);

/* The state of the attempt; SOCKET_STRANGE: no longer the socket that it was. */
enum socket_state socket_state(struct client_socket *socket);

/* Remembers identity and options, while an attempt is under way; cheap only in comparison with waiting. */
void socket_learn(struct client_socket *socket);

/* Gives the attempt up and makes the socket fit for another: SOCKET_CLOSED.  If it has connected meanwhile, or is not the socket that it was,
 * it is left alone: SOCKET_CONNECTED, SOCKET_STRANGE.  To be called with signals held. */
enum socket_state socket_reset(struct client_socket *socket);

/* Takes a descriptor of our own for the socket: what another thread may put in the place of the client's meanwhile is not touched then.
 * To be called with signals held, once it is learnt; to be released before they are let in. */
void socket_pin(struct client_socket *socket);
void socket_unpin(struct client_socket *socket);

/* Throws away the ICMP errors that the kernel keeps with a socket since Linux 5.8: each makes poll() say POLLERR for ever.
 * True if there were any. */
bool socket_purge_errors(int fd);

/* SO_SNDTIMEO in microseconds, 0: none. */
uint64_t socket_send_timeout_us(int fd);

/* How long the kernel would try on this socket: TCP_SYNCNT, and TCP_USER_TIMEOUT if it is set. */
uint64_t socket_patience_us(int fd);

/* Clears TCP_FASTOPEN_CONNECT; true if it was set. */
bool socket_clear_fastopen(int fd);

#endif
