/* SPDX-License-Identifier: MIT */
/*
 * route.h - what the kernel says of the way that a packet would take.  Nothing is sent.
 */
#ifndef MPFAILOVER_ROUTE_H
#define MPFAILOVER_ROUTE_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

/* The device by which a packet to TO would leave, from SOURCE if that is not NULL.  Addresses are in the table's form and of one
 * family.  0 or -errno: -ENETUNREACH and the like as connect() would have them. */
int route_device(const uint8_t to[16], const uint8_t *source, char device[IF_NAMESIZE]);

/* Has this machine ADDRESS? */
bool route_is_own(const uint8_t address[16]);

/* The device that ADDRESS is configured on, if that leads out of this machine. */
bool route_owner(const uint8_t address[16], char device[IF_NAMESIZE]);

#endif
