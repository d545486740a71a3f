/* SPDX-License-Identifier: MIT */
/*
 * elf.h - what an ELF file says of itself, as far as it decides whether a library can be preloaded into it.  Pure.
 *
 * Reads nothing outside of the SIZE bytes at DATA, whatever they hold, of either word size and byte order.
 */
#ifndef MPFAILOVER_ELF_H
#define MPFAILOVER_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf {
	unsigned bits; /* 32 or 64 */
	bool big_endian;
	uint16_t machine;        /* EM_* */
	bool executable;         /* a program, or what may be one: not an object file, not a core */
	bool relocatable;        /* it can be loaded anywhere: a library, or a program that is position-independent */
	bool has_dynamic;        /* with a dynamic section, */
	bool needs_libraries;    /* which names libraries */
	const char *interpreter; /* the dynamic linker, within DATA; NULL: none */
	bool go;                 /* built by the Go compiler */
	bool pascal;             /* built by Free Pascal */
};

/* False: not an ELF file, or its header makes no sense. */
bool elf_read(struct elf *out, const void *data, size_t size);

/* Does it define the function NAME for other objects? */
bool elf_defines(const void *data, size_t size, const char *name);

/* "x86-64" ...; "machine 4711" for one that is not known. */
enum { ELF_TEXT = 32 };
const char *elf_machine_name(uint16_t machine, char out[ELF_TEXT]);

#endif
