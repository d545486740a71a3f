/* SPDX-License-Identifier: MIT */
/*
 * hostent.h - lays out a struct hostent in a caller's buffer, as the gethostbyname family promises.  Pure.
 */
#ifndef MPFAILOVER_HOSTENT_H
#define MPFAILOVER_HOSTENT_H

#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* FAMILY: AF_INET or AF_INET6; ADDRESSES: COUNT of them in the table's form.  Everything that OUT points to is in BUFFER: NAME,
 * an empty alias list, the addresses.  False: BUFFER is too small (the caller's ERANGE). */
bool hostent_fill(struct hostent *out, char *buffer, size_t size, const char *name, int family, const uint8_t (*addresses)[16],
		  size_t count);

#endif
