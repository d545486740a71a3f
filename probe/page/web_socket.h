/* SPDX-License-Identifier: MIT */
/*
 * web_socket.h - a socket that listens for HTTP.
 */
#ifndef MPFAILOVER_WEB_SOCKET_H
#define MPFAILOVER_WEB_SOCKET_H

/* At WHERE, "ADDRESS:PORT" or "[ADDRESS]:PORT", which may overlap with that of BESIDE, another such socket of this process (-1:
 * there is none).  The descriptor, or -errno. */
int web_socket_open(const char *where, int beside);

/* What to do about a failure, for a person. */
const char *web_socket_advice(int error);

#endif
