/* SPDX-License-Identifier: MIT */
/*
 * library.h - where libmpfailover.so is, and which file the dynamic linker of a program takes for a preload's path.
 */
#ifndef MPFAILOVER_LIBRARY_H
#define MPFAILOVER_LIBRARY_H

#include <limits.h>
#include <stdbool.h>

#include "probe/ctl/elf.h"

enum libc { LIBC_GLIBC, LIBC_MUSL, LIBC_OTHER };

/* By the name of the dynamic linker. */
enum libc libc_of(const char *interpreter);
const char *libc_name(enum libc libc);

/* What a dynamic linker makes of a preload's path. */
struct loader {
	enum libc libc;
	const char *directory; /* what $LIB means to it: "lib/x86_64-linux-gnu", "lib64", "lib32" ...; NULL: nothing */
};

/* By looking into it. */
void library_ask_loader(struct loader *out, const char *interpreter);

/* PATH as it is opened. */
void library_expand(const char *path, const struct loader *loader, char out[PATH_MAX]);

enum library_state {
	LIBRARY_FITS,
	LIBRARY_ABSENT, /* or not readable: errno in *ERROR */
	LIBRARY_OTHER,  /* it is for another machine or word size, or none at all */
};

/* Is the file at PATH one that PROGRAM can load?  FOUND is set to what it is, unless it is absent. */
enum library_state library_state(const char *path, const struct elf *program, struct elf *found, int *error);

/* The library that belongs to this installation or build directory, as the launcher names it: MPFAILOVER_LIBRARY, or found from
 * where this program is; with $LIB, where that leads to one. */
void library_default(char out[PATH_MAX]);

/* The functions that it stands in front of. */
enum { LIBRARY_HOOKS = 7 };
extern const char *const library_hooks[LIBRARY_HOOKS];

#endif
