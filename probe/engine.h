/* SPDX-License-Identifier: MIT */
/*
 * engine.h - a configuration at work: the candidates, their table, and the heartbeat.
 */
#ifndef MPFAILOVER_ENGINE_H
#define MPFAILOVER_ENGINE_H

#include <uv.h>

struct conf;
struct engine;

/* Takes the table at TABLE over, or makes it.  0 or -errno, as table_writer_open() has them. */
int engine_open(struct engine **out, uv_loop_t *loop, const char *table);

/* Puts CONF in force, at the start as later on, and owns it then.  What stays the same goes on as it was.
 * -ENOMEM: nothing has changed, and CONF is still the caller's. */
int engine_load(struct engine *engine, struct conf *conf);

/* Cancels what is under way and lets the loop run out; the table stays.  NULL is fine. */
void engine_stop(struct engine *engine);

/* After the loop has ended.  NULL is fine. */
void engine_free(struct engine *engine);

#endif
