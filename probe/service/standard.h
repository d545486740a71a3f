/* SPDX-License-Identifier: MIT */
/*
 * standard.h - descriptors 0, 1 and 2, which whoever starts a program may have closed.
 */
#ifndef MPFAILOVER_STANDARD_H
#define MPFAILOVER_STANDARD_H

/* Opens /dev/null with FLAGS under those of the three numbers that are closed, so that nothing that is opened later becomes one of them.
 * O_RDONLY: writing to what was closed still fails.  Where there is no /dev/null they stay closed. */
void standard_fill(int flags);

#endif
