/* SPDX-License-Identifier: MIT */
#include "probe/check/needle.h"

#include <stdlib.h>
#include <string.h>

/* Knuth, Morris and Pratt: nothing of the stream is kept, only how much of the text its end matches. */
struct needle {
	size_t size, matched;
	char *text;       /* behind the borders, in the same block */
	size_t borders[]; /* of the first I + 1 characters: the longest proper prefix that is their suffix, too */
};

static size_t advance(const struct needle *needle, size_t matched, char next)
{
	while (matched && needle->text[matched] != next)
		matched = needle->borders[matched - 1];
	return needle->text[matched] == next ? matched + 1 : 0;
}

struct needle *needle_new(const char *text)
{
	size_t size = strlen(text);
	struct needle *needle = malloc(sizeof *needle + size * sizeof(size_t) + size + 1);
	if (!needle)
		return NULL;
	needle->size = size;
	needle->matched = 0;
	needle->text = (char *)&needle->borders[size];
	memcpy(needle->text, text, size + 1);
	needle->borders[0] = 0;
	for (size_t i = 1; i < size; i++)
		needle->borders[i] = advance(needle, needle->borders[i - 1], text[i]);
	return needle;
}

bool needle_feed(struct needle *needle, const char *data, size_t size)
{
	for (size_t i = 0; i < size && needle->matched < needle->size; i++)
		needle->matched = advance(needle, needle->matched, data[i]);
	return needle_found(needle);
}

bool needle_found(const struct needle *needle)
{
	return needle->matched == needle->size;
}
