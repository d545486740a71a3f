/* SPDX-License-Identifier: MIT */
/*
 * ctl_json.h - what the commands that print JSON have in common.
 */
#ifndef MPFAILOVER_CTL_JSON_H
#define MPFAILOVER_CTL_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* BYTES as a string; where they are not UTF-8, which a file's name may be, with '?' for what JSON cannot hold. */
json_t *ctl_json_text(const char *bytes);

/* OBJECT, which is freed, and a newline; ON_ONE_LINE, or indented.  False: no memory. */
bool ctl_json_print(FILE *out, json_t *object, bool on_one_line);

#endif
