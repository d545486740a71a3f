/* SPDX-License-Identifier: MIT */
/*
 * reason.h - why a verdict is what it is, as a few words for a person.
 */
#ifndef MPFAILOVER_REASON_H
#define MPFAILOVER_REASON_H

#include <stdint.h>

enum { REASON_TEXT = 96 };

/* "refused", "status 503", "unreachable: No route to host" ...  REASON: enum mpf_reason; one of a newer table is "reason N".
 * Returns OUT. */
const char *reason_print(uint32_t reason, uint32_t detail, char out[REASON_TEXT]);

#endif
