/* SPDX-License-Identifier: MIT */
#include "conf/unacted.h"

#include <stddef.h>
#include <string.h>

static const struct {
	const char *section; /* "": the file itself */
	const char *option;  /* NULL: the section */
	const char *value;   /* NULL: any but "", which asks for nothing */
} table[] = {
	{ "", "user", NULL },
	{ "metrics", NULL, NULL },
};

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

bool unacted(const char *section, const char *option, const char *value)
{
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		if (!same(table[i].section, section) || !same(table[i].option, option))
			continue;
		if (!option || (table[i].value ? same(table[i].value, value) : *value != '\0'))
			return true;
	}
	return false;
}
