/* SPDX-License-Identifier: MIT */
/*
 * address.h - addresses as they are written, and what may be connected to.
 *
 * Each parser gives NULL, or what is wrong with the text.  Asks the system for interfaces only.
 */
#ifndef MPFAILOVER_ADDRESS_H
#define MPFAILOVER_ADDRESS_H

#include "conf/conf.h"

/* "192.0.2.80", "2001:db8::80", "fe80::80%eth0". */
const char *address_parse(const char *text, struct conf_address *out);

/* ADDRESS:PORT or [ADDRESS]:PORT, to listen on. */
const char *address_check_listen(const char *text);

bool address_is_ipv4(const struct conf_address *address);
bool address_same(const struct conf_address *a, const struct conf_address *b);

#endif
