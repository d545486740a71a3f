/* SPDX-License-Identifier: MIT */
/*
 * engine.h - a configuration at work: the candidates, their table, and the heartbeat.
 */
#ifndef MPFAILOVER_ENGINE_H
#define MPFAILOVER_ENGINE_H

#include <stdbool.h>
#include <uv.h>

#include "preload/table.h"

struct conf;
struct engine;
struct news;
struct punctuality;
struct roster;
struct table_writer;

/* NAME beside the table; "" if that is too long a name for a socket. */
void engine_name_socket(char out[MPF_PATH_SIZE], const char *table, const char *name);

/* Takes the table at TABLE over, or makes it, and has it name the socket CONTROL ("": none).  0 or -errno, as
 * table_writer_open() has them. */
int engine_open(struct engine **out, uv_loop_t *loop, const char *table, const char *control);

/* Puts CONF in force, at the start as later on, and owns it then.  What stays the same goes on as it was.
 * -ENOMEM: nothing has changed, and CONF is still the caller's. */
int engine_load(struct engine *engine, struct conf *conf);

/* For commands: all candidates, their table, and whom to tell. */
const struct roster *engine_roster(const struct engine *engine);
struct table_writer *engine_table(const struct engine *engine);
struct news *engine_news(struct engine *engine);

/* How its checks keep their times. */
const struct punctuality *engine_punctuality(const struct engine *engine);

/* Does it its work, or does only the loop turn?  For a watchdog (liveness.h). */
bool engine_works(const struct engine *engine, uint64_t now_ms);

/* Cancels what is under way and lets the loop run out; the table stays.  NULL is fine. */
void engine_stop(struct engine *engine);

/* After the loop has ended.  NULL is fine. */
void engine_free(struct engine *engine);

#endif
