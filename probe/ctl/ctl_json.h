/* SPDX-License-Identifier: MIT */
/*
 * ctl_json.h - what the commands that print JSON have in common.
 */
#ifndef MPFAILOVER_CTL_JSON_H
#define MPFAILOVER_CTL_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* OBJECT, which is freed, and a newline; ON_ONE_LINE, or indented.  False: no memory. */
bool ctl_json_print(FILE *out, json_t *object, bool on_one_line);

#endif
