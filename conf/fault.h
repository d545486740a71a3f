/* SPDX-License-Identifier: MIT */
/*
 * fault.h - the one error that refuses a configuration.
 */
#ifndef MPFAILOVER_FAULT_H
#define MPFAILOVER_FAULT_H

#include <stdbool.h>

struct place {
	const char *file;
	unsigned line;
};

/* Makes *FAULT "FILE:LINE: what is wrong; what to do", unless there is one already.  Always false, for the caller to
 * return.  One line: what is no text is shown as '?'. */
bool fault_at(char **fault, struct place place, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Likewise: there is no memory left. */
bool fault_memory(char **fault);

#endif
