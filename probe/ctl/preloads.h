/* SPDX-License-Identifier: MIT */
/*
 * preloads.h - the libraries that are preloaded into a program, in the order in which their symbols count.
 */
#ifndef MPFAILOVER_PRELOADS_H
#define MPFAILOVER_PRELOADS_H

#include <stdbool.h>

#include "probe/ctl/library.h"

struct preload {
	char path[PATH_MAX]; /* as it is opened */
	bool machine_wide;   /* named by /etc/ld.so.preload, not by LD_PRELOAD */
	bool ours;
	bool seen;      /* it could be looked into */
	unsigned hooks; /* bit i: it defines library_hooks[i] */
};

enum { PRELOADS = 16 }; /* as many are listed */

/* Those that VARIABLE, the value of LD_PRELOAD (NULL: unset), and /etc/ld.so.preload name for PROGRAM; LIBRARY is the path
 * of ours.  Returns how many. */
unsigned preloads_list(struct preload out[PRELOADS], const char *variable, const struct elf *program,
                       const struct loader *loader, const char *library);

/* Their names: "connect, getaddrinfo". */
enum { PRELOADS_TEXT = 128 };
const char *preloads_hooks(unsigned hooks, char out[PRELOADS_TEXT]);

#endif
