/* SPDX-License-Identifier: MIT */
/*
 * program.h - the program that the kernel would run for a command, scripts and their interpreters followed.
 */
#ifndef MPFAILOVER_PROGRAM_H
#define MPFAILOVER_PROGRAM_H

#include <limits.h>
#include <stdbool.h>

#include "probe/ctl/elf.h"
#include "probe/ctl/mapped.h"

enum program_state {
	PROGRAM_FOUND,
	PROGRAM_MISSING,
	PROGRAM_NOT_EXECUTABLE,
	PROGRAM_UNREADABLE, /* it may be run, but not looked into; errno in `error` */
	PROGRAM_FOREIGN,    /* neither an ELF file nor a script */
	PROGRAM_ENDLESS,    /* scripts that are run by scripts */
};

enum { PROGRAM_SCRIPTS = 5 }; /* the kernel follows no more */

struct program {
	enum program_state state;
	int error;
	char path[PATH_MAX]; /* the program, or where the search ended */
	unsigned script_count;
	char script[PROGRAM_SCRIPTS][PATH_MAX]; /* each run by the next, the last one by `path` */
	bool drops_preload;                     /* env(1) on the way does not hand LD_PRELOAD on */
	struct mapped file;                     /* if it was found */
	struct elf elf;
};

/* By $PATH, as execvp(3) and shells search.  COMMAND: its words, NULL at their end; only env(1)'s are looked at. */
void program_find(struct program *out, char *const *command);

/* The file at PATH itself. */
void program_read(struct program *out, const char *path);

void program_close(struct program *program);

#endif
