/* SPDX-License-Identifier: MIT */
#include "probe/ctl/haproxy_word.h"

#include <string.h>

static bool is_plain(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c && strchr("-_:", c));
}

void haproxy_put_word(FILE *out, const char *text, bool is_format)
{
	size_t plain = 0;
	while (is_plain(text[plain]) || (text[plain] && strchr("./?&=,;+~@", text[plain])))
		plain++;
	if (plain && !text[plain]) {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	for (; *text; text++) {
		const unsigned char c = (unsigned char)*text;
		if (c < 0x20 || c >= 0x7f) {
			fprintf(out, "\\x%02x", c);
			continue;
		}
		if (strchr("\"\\$", c))
			fputc('\\', out);
		if (c == '%' && is_format)
			fputc('%', out);
		fputc(c, out);
	}
	fputc('"', out);
}

const char *haproxy_name(const char *text, size_t number, char out[HAPROXY_NAME_SIZE])
{
	size_t size = 0;
	bool changed = false;
	for (; *text && size < HAPROXY_NAME_SIZE - 8; text++) {
		const bool plain = is_plain(*text);
		out[size++] = plain ? *text : '_';
		changed |= !plain;
	}
	out[size] = '\0';
	if (changed)
		snprintf(out + size, HAPROXY_NAME_SIZE - size, ".%zu", number + 1);
	return out;
}
