/* SPDX-License-Identifier: MIT */
/*
 * reload.h - the configuration's file: read it, and put it in force in a daemon that runs.  A faulty one changes nothing.
 */
#ifndef MPFAILOVER_RELOAD_H
#define MPFAILOVER_RELOAD_H

#include <jansson.h>

#include "conf/conf.h"

struct engine;
struct web;

typedef void reload_told(void *owner, const char *line);

/* NULL: refused, and *ERROR (to be freed; NULL: no memory) says why.  WARN is told what is worth a look. */
struct conf *reload_read(const char *file, reload_told *warn, void *owner, char **error);

struct reload {
	struct engine *engine;
	struct web *web;
	const char *file;
	/* What was configured at the start, and stays so until the next one.  NULL: given otherwise, so that it does not matter. */
	const char *table, *control_socket, *control_group, *user;
};

/* Does it, logs it, and makes the answer to who asked for it: as command.h has them, with "warnings". */
json_t *reload_run(const struct reload *reload);

#endif
