/* SPDX-License-Identifier: MIT */
/*
 * news.h - what has happened, told once: as a line of the log, as one of the last events, and to hooks.
 *
 * An event is a flat JSON object.  Its keys are those of the log line, and, as MPF_NAME, the variables of a hook.
 */
#ifndef MPFAILOVER_NEWS_H
#define MPFAILOVER_NEWS_H

#include <jansson.h>
#include <stdint.h>
#include <uv.h>

#include "probe/news/events.h"
#include "probe/news/hook.h"
#include "probe/news/log.h"

struct news {
	struct events events;
	struct hooks *hooks;
};

/* 0 or -ENOMEM. */
int news_open(struct news *news, uv_loop_t *loop);

/* {"at_ms": now, "event": EVENT}.  NULL: no memory. */
json_t *news_event(const char *event);

/* Each does nothing to NULL, and leaves out what there is no memory for. */
void news_put_text(json_t *event, const char *key, const char *value);
void news_put_number(json_t *event, const char *key, uint64_t value);
void news_put_flag(json_t *event, const char *key, bool value);

/* Logs EVENT and keeps it among the last ones.  Takes over the reference. */
void news_tell(struct news *news, enum log_level level, json_t *event);

/* An event of one sentence for a person. */
void news_say(struct news *news, enum log_level level, const char *event, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Runs the hooks that want KIND.  SUBJECT: as hook_queue.h has it.  Takes over the reference. */
void news_run_hooks(struct news *news, enum conf_event kind, const char *subject, json_t *event);

/* While the loop still runs; */
void news_stop(struct news *news);
/* and after it. */
void news_free(struct news *news);

#endif
