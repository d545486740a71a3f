/* SPDX-License-Identifier: MIT */
/*
 * shebang.h - who runs a script, by its first line.  Pure.
 */
#ifndef MPFAILOVER_SHEBANG_H
#define MPFAILOVER_SHEBANG_H

#include <stdbool.h>
#include <stddef.h>

enum { SHEBANG_SIZE = 256 }; /* the kernel reads no more */

struct shebang {
	char interpreter[SHEBANG_SIZE];
	char argument[SHEBANG_SIZE]; /* all that follows it, "": nothing */
};

/* As the kernel reads "#!INTERPRETER ARGUMENT".  False: no such line. */
bool shebang_read(struct shebang *out, const void *data, size_t size);

/* What env(1) runs with that ARGUMENT: "python3", "-S -i perl -w" ...; "": nothing.  *DROPS is set if LD_PRELOAD does not
 * get there. */
void shebang_env(const char *argument, char command[SHEBANG_SIZE], bool *drops);

#endif
