/* SPDX-License-Identifier: MIT */
/*
 * scan.h - the words of one configuration file.  Pure.
 *
 * libconfuse miscounts lines at every comment, drops stray bytes, expands ${X}, and calls a file good that ends inside a
 * comment or a brace.  So it never sees such a file: scanning one to its end without an error makes sure that every
 * comment is blanked (its line breaks stay), every quote, comment and brace is closed, nothing but words and numbers
 * stands outside quotes, and every text in quotes means the same to a reader and to libconfuse.
 */
#ifndef MPFAILOVER_SCAN_H
#define MPFAILOVER_SCAN_H

#include <stddef.h>

enum scan_kind {
	SCAN_WORD,
	SCAN_NUMBER,
	SCAN_TEXT, /* in single or double quotes */
	SCAN_EQUALS,
	SCAN_COMMA,
	SCAN_OPEN,  /* { */
	SCAN_CLOSE, /* } */
	SCAN_END,
	SCAN_ERROR, /* `error` says what, `line` where: the opening line of what is not closed */
};

enum { SCAN_DEPTH = 8 };

struct scan {
	char *text; /* without NUL bytes; comments are blanked as the scan passes them */
	size_t size;
	size_t at;                   /* start with 0 */
	unsigned line;               /* start with 1 */
	unsigned opened[SCAN_DEPTH]; /* lines of the open braces */
	unsigned depth;              /* start with 0 */
	char error[200];
};

struct scan_token {
	enum scan_kind kind;
	size_t start, length; /* in scan.text, quotes included */
	unsigned line;        /* of its first byte */
};

void scan_next(struct scan *scan, struct scan_token *token);

#endif
