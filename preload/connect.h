/* SPDX-License-Identifier: MIT */
/*
 * connect.h - connect(), moved to a candidate that lives.
 */
#ifndef MPFAILOVER_CONNECT_H
#define MPFAILOVER_CONNECT_H

#include <sys/socket.h>

/* As connect(2).  Async-signal-safe; spends no system call until ADDRESS is found to be one of ours. */
int connect_moved(int fd, const struct sockaddr *address, socklen_t length);

#endif
