/* SPDX-License-Identifier: MIT */
#include "probe/news/json_text.h"

#include <stdlib.h>
#include <string.h>

json_t *json_text(const char *bytes)
{
	json_t *string = json_string(bytes);
	if (string)
		return string;
	char *ascii = strdup(bytes);
	if (!ascii)
		return NULL;
	for (char *at = ascii; *at; at++)
		if ((unsigned char)*at >= 0x80)
			*at = '?';
	string = json_string(ascii);
	free(ascii);
	return string;
}
