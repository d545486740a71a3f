/* SPDX-License-Identifier: MIT */
/*
 * pool.h - memory that is given back all at once.
 */
#ifndef MPFAILOVER_POOL_H
#define MPFAILOVER_POOL_H

#include <stddef.h>

struct pool {
	struct pool_block *blocks; /* start with NULL */
};

/* COUNT elements of SIZE bytes, zeroed; NULL: no memory. */
void *pool_alloc(struct pool *pool, size_t count, size_t size) __attribute__((alloc_size(2, 3)));

/* A copy of TEXT, which need not end in NUL. */
char *pool_text(struct pool *pool, const char *text, size_t length);

char *pool_printf(struct pool *pool, const char *format, ...) __attribute__((format(printf, 2, 3)));

void pool_free(struct pool *pool);

#endif
