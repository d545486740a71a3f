/* SPDX-License-Identifier: MIT */
/*
 * unacted.h - what is read and validated, but not acted on yet.
 *
 * One table: what the daemon and the library learn to do leaves it.
 */
#ifndef MPFAILOVER_UNACTED_H
#define MPFAILOVER_UNACTED_H

#include <stdbool.h>

/* Whether saying OPTION = VALUE (or, OPTION NULL, opening such a section) has no effect yet. */
bool unacted(const char *section, const char *option, const char *value);

#endif
