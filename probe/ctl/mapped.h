/* SPDX-License-Identifier: MIT */
/*
 * mapped.h - a file's bytes, to look at.
 */
#ifndef MPFAILOVER_MAPPED_H
#define MPFAILOVER_MAPPED_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct mapped {
	const void *data; /* NULL: an empty file, or none */
	size_t size;
	struct stat st;
};

/* False and errno; EINVAL: not a regular file.  OUT can be closed in either case. */
bool mapped_open(struct mapped *out, const char *path);

void mapped_close(struct mapped *mapped);

#endif
