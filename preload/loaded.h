/* SPDX-License-Identifier: MIT */
/*
 * loaded.h - the functions of the objects that the dynamic linker has loaded.
 *
 * dlsym() would do, but until glibc 2.34 it lives in libdl: a library that is to run there must name libdl, and mapping that costs
 * each exec more than all else that the library does at its start.
 */
#ifndef MPFAILOVER_LOADED_H
#define MPFAILOVER_LOADED_H

#include <link.h>

struct loaded_function {
	const char *name;
	void *address; /* NULL: not found, so far */
};

/* Gives each of the COUNT FUNCTIONS that has no address the one that OBJECT defines for others under its name: of several versions
 * the default one, and none that is to be chosen by calling it (STT_GNU_IFUNC).  Returns how many have no address then.  OBJECT is as
 * dl_iterate_phdr() tells of it. */
unsigned loaded_find(const struct dl_phdr_info *object, struct loaded_function functions[], unsigned count);

/* The same with the next object after the one that holds HERE, in the order of loading, as RTLD_NEXT does, and the next one after
 * that; last come those before it (a library that was loaded by dlopen() is behind libc).  Takes the dynamic linker's lock, as
 * dlsym() does; allocates nothing. */
unsigned loaded_after(const void *here, struct loaded_function functions[], unsigned count);

#endif
