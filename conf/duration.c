/* SPDX-License-Identifier: MIT */
#include "conf/duration.h"

#include <stddef.h>
#include <string.h>

enum { DIGITS = 12 }; /* fits into 64 bits in any unit */

/* How many digits TEXT starts with, -1: a leading zero that says octal to some. */
static int digits(const char *text, int64_t *number)
{
	size_t count = strspn(text, "0123456789");
	*number = 0;
	for (size_t i = 0; i < count && i < DIGITS; i++)
		*number = *number * 10 + (text[i] - '0');
	return count > 1 && text[0] == '0' ? -1 : (int)count;
}

static const char leading_zero[] = "leading zeros are ambiguous (octal?); leave them out";
static const char too_large[] = "far too large; look for superfluous digits";

const char *duration_parse(const char *text, uint64_t *ms)
{
	static const struct {
		const char *name;
		uint64_t ms;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 } };
	int64_t number;
	int count = digits(text, &number);
	if (count < 0)
		return leading_zero;
	if (count > DIGITS)
		return too_large;
	const char *unit = text + count;
	if (count == 0)
		return "not a duration; write digits and a unit (ms, s, m, h or d), as in \"5s\"";
	if (!*unit)
		return "a duration needs its unit (ms, s, m, h or d), as in \"5s\"";
	if (*unit == '.' || *unit == ',')
		return "whole numbers only; use a smaller unit, as in \"1500ms\"";
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (!strcmp(unit, units[i].name)) {
			*ms = (uint64_t)number * units[i].ms;
			return NULL;
		}
	return "unknown unit; use one of ms, s, m, h, d right after the digits, as in \"5s\"";
}

const char *number_parse(const char *text, int64_t *number)
{
	int sign = *text == '-' ? -1 : 1;
	text += *text == '-';
	int count = digits(text, number);
	if (count < 0)
		return leading_zero;
	if (count == 0 || text[count])
		return "not a number; write digits only, as in 80";
	if (count > DIGITS)
		return too_large;
	*number *= sign;
	return NULL;
}
