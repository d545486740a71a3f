/* SPDX-License-Identifier: MIT */
#include "probe/news/log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const struct {
	const char *name;
	int priority; /* syslog's */
} levels[] = {
	[LEVEL_ERROR] = { "error", 3 },
	[LEVEL_WARN] = { "warn", 4 },
	[LEVEL_INFO] = { "info", 6 },
	[LEVEL_DEBUG] = { "debug", 7 },
};

static enum log_level wanted = LEVEL_INFO;
static uint64_t dropped;

const char *log_level_name(enum log_level level)
{
	return levels[level].name;
}
void log_set_level(enum log_level level)
{
	wanted = level;
}
bool log_wants(enum log_level level)
{
	return level <= wanted;
}

/* JOURNAL_STREAM names the journal's stream, by device and inode: is stderr that one? */
static bool is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat status;
	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(STDERR_FILENO, &status) == 0 &&
	       status.st_dev == device && status.st_ino == inode;
}

static bool would_block(void)
{
	struct pollfd out = { .fd = STDERR_FILENO, .events = POLLOUT };
	return poll(&out, 1, 0) == 0;
}

static void put(struct log_line *line, const char *format, ...)
{
	size_t room = sizeof line->text - 1 - line->size; /* the newline has its place */
	va_list arguments;
	va_start(arguments, format);
	int size = vsnprintf(line->text + line->size, room, format, arguments);
	va_end(arguments);
	if (size > 0)
		line->size += (size_t)size < room ? (size_t)size : room - 1;
}

static void put_time(struct log_line *line)
{
	struct timespec now;
	struct tm utc;
	char text[32];
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
	put(line, "time=%s.%03ldZ level=%s ", text, now.tv_nsec / 1000000, levels[line->level].name);
}

void log_begin(struct log_line *line, enum log_level level, const char *event)
{
	line->level = level;
	line->size = 0;
	if (!log_wants(level))
		return;
	if (is_journal())
		put(line, "<%d>", levels[level].priority);
	else
		put_time(line);
	put(line, "event=%s", event);
}

static bool needs_quotes(const char *value)
{
	if (!*value)
		return true;
	for (; *value; value++)
		if ((unsigned char)*value <= ' ' || *value == '"' || *value == '\\' || *value == '=' || *value == 0x7f)
			return true;
	return false;
}

static void put_escaped(struct log_line *line, char character)
{
	if (character == '"' || character == '\\')
		put(line, "\\%c", character);
	else if (character == '\n')
		put(line, "\\n");
	else if ((unsigned char)character < ' ' || character == 0x7f)
		put(line, "\\x%02x", (unsigned char)character);
	else
		put(line, "%c", character);
}

void log_text(struct log_line *line, const char *key, const char *value)
{
	if (!log_wants(line->level))
		return;
	put(line, " %s=", key);
	if (!needs_quotes(value)) {
		put(line, "%s", value);
		return;
	}
	put(line, "\"");
	for (; *value; value++)
		put_escaped(line, *value);
	put(line, "\"");
}

void log_number(struct log_line *line, const char *key, uint64_t value)
{
	if (log_wants(line->level))
		put(line, " %s=%llu", key, (unsigned long long)value);
}

void log_write(struct log_line *line)
{
	int saved = errno;
	if (!log_wants(line->level))
		return;
	if (would_block()) {
		dropped++;
		goto out;
	}
	if (dropped)
		log_number(line, "lines_dropped", dropped);
	dropped = 0;
	line->text[line->size++] = '\n';
	if (write(STDERR_FILENO, line->text, line->size) < 0)
		dropped++;
out:
	errno = saved;
}

void log_say(enum log_level level, const char *event, const char *format, ...)
{
	if (!log_wants(level))
		return;
	int saved = errno;
	struct log_line line;
	char text[1024];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	log_begin(&line, level, event);
	log_text(&line, "msg", text);
	log_write(&line);
	errno = saved;
}
