/* SPDX-License-Identifier: MIT */
/*
 * next_libc.h - libc's functions behind the hooks, without the network: for unit tests, in place of preload/next.o.
 *
 * What libc cannot answer from the text of a name alone (an address, "localhost") it is not asked; such a call is counted and
 * gets EAI_FAIL or NO_RECOVERY.
 */
#ifndef MPFAILOVER_TEST_NEXT_LIBC_H
#define MPFAILOVER_TEST_NEXT_LIBC_H

#include "preload/next.h"

extern unsigned next_libc_refused; /* names that were not asked for */
extern unsigned next_libc_asked;   /* calls that reached libc */

#endif
