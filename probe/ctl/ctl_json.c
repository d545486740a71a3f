/* SPDX-License-Identifier: MIT */
#include "probe/ctl/ctl_json.h"

bool ctl_json_print(FILE *out, json_t *object, bool on_one_line)
{
	if (!object)
		return false;
	const size_t flags = JSON_PRESERVE_ORDER | (on_one_line ? JSON_COMPACT : JSON_INDENT(2));
	const bool done = json_dumpf(object, out, flags) == 0;
	fputc('\n', out);
	json_decref(object);
	return done;
}
