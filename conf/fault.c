/* SPDX-License-Identifier: MIT */
#include "conf/fault.h"

#include "conf/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { FAULT_SIZE = 1024 };

/* What a terminal, a log and JSON can take. */
static void one_line(char *text)
{
	while (*text) {
		uint32_t code;
		unsigned length = text_utf8(text, &code);
		if (!length || text_is_control(code))
			*text = '?';
		text += *text == '?' ? 1 : length;
	}
}

bool fault_at(char **fault, struct place place, const char *format, ...)
{
	if (*fault)
		return false;
	char text[FAULT_SIZE];
	int used = snprintf(text, sizeof text, "%.500s:%u: ", place.file, place.line);
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text + used, sizeof text - (size_t)used, format, arguments);
	va_end(arguments);
	one_line(text);
	*fault = strdup(text);
	return false;
}

bool fault_memory(char **fault)
{
	if (!*fault)
		*fault = strdup("out of memory; nothing was changed");
	return false;
}
