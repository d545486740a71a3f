/* SPDX-License-Identifier: MIT */
/*
 * web.h - the metrics section of a configuration at work: figures, the page, and the history for it.
 *
 * Who asks is answered by a thread of its own, at a low priority, which reads the table as any client does.  The loop only
 * stores what it has to tell, and never waits for anybody.
 */
#ifndef MPFAILOVER_WEB_H
#define MPFAILOVER_WEB_H

#include <stdbool.h>
#include <uv.h>

struct conf;
struct engine;
struct web;

/* Nothing is served yet.  TABLE must stay valid.  NULL: no memory. */
struct web *web_new(uv_loop_t *loop, struct engine *engine, const char *table);

/* Listens where CONF says, beside what is in force, which goes on.  False: that cannot be had, and *ERROR (to be freed; NULL:
 * no memory) says why, with file and line. */
bool web_prepare(struct web *web, const struct conf *conf, char **error);

/* Serves what was prepared, and nothing else any more; or forgets that it was. */
void web_commit(struct web *web);
void web_cancel(struct web *web);

/* How the last reload went. */
void web_note_reload(struct web *web, bool accepted);

/* Lets the loop run out.  NULL is fine. */
void web_stop(struct web *web);

/* After the loop has ended, and before the engine goes.  NULL is fine. */
void web_free(struct web *web);

#endif
