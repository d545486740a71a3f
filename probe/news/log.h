/* SPDX-License-Identifier: MIT */
/*
 * log.h - lines of key=value to stderr, one write(2) each.
 *
 * Under journald a line starts with its priority ("<6>"), elsewhere with the time and the level.  A line is dropped, and
 * counted in the next one, when stderr would block: a stopped reader must not stop the checks.  errno is left alone.
 */
#ifndef MPFAILOVER_LOG_H
#define MPFAILOVER_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LEVEL_ERROR, LEVEL_WARN, LEVEL_INFO, LEVEL_DEBUG };

const char *log_level_name(enum log_level level);

void log_set_level(enum log_level level); /* what is less urgent is not written; LEVEL_INFO at the start */
bool log_wants(enum log_level level);

/* A line under construction.  What does not fit is cut. */
struct log_line {
	enum log_level level;
	size_t size;
	char text[2048];
};

void log_begin(struct log_line *line, enum log_level level, const char *event);
void log_text(struct log_line *line, const char *key, const char *value);
void log_number(struct log_line *line, const char *key, uint64_t value);
void log_write(struct log_line *line);

/* A line of one event and one sentence for a person: event=EVENT msg="...". */
void log_say(enum log_level level, const char *event, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
