/* SPDX-License-Identifier: MIT */
/*
 * web_host.h - may a request with this Host header be answered?  Pure.
 *
 * A page from elsewhere can have its own name resolve to this machine, and then read what is meant for others.  A name that
 * an attacker owns has a dot in it, so what is taken is: an address, a name without a dot, and this machine's own name with
 * any domain behind it.
 */
#ifndef MPFAILOVER_WEB_HOST_H
#define MPFAILOVER_WEB_HOST_H

#include <stdbool.h>

/* HOST NULL: an older client, which is no browser.  MACHINE: as gethostname() has it. */
bool web_host_allowed(const char *host, const char *machine);

#endif
