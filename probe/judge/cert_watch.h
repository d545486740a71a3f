/* SPDX-License-Identifier: MIT */
/*
 * cert_watch.h - when to warn of a certificate that ends.  Pure: the clock is passed in.
 */
#ifndef MPFAILOVER_CERT_WATCH_H
#define MPFAILOVER_CERT_WATCH_H

#include <stdbool.h>
#include <stdint.h>

enum { CERT_WATCH_AGAIN_S = 86400 };

/* All zero at the start.  Times are wall-clock seconds. */
struct cert_watch {
	uint32_t until_s; /* of the certificate that was warned of */
	uint32_t told_s;
};

/* Does a certificate that lasts until UNTIL_S (0: not known) end within WARN_S (0: never mind)? */
bool cert_watch_ends(uint32_t until_s, uint32_t now_s, uint32_t warn_s);

/* The same; and it is another one than before, or a day since the last warning. */
bool cert_watch_due(struct cert_watch *watch, uint32_t until_s, uint32_t now_s, uint32_t warn_s);

#endif
