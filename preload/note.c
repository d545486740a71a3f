/* SPDX-License-Identifier: MIT */
#include "preload/note.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>

#include "preload/system.h"

enum { LINE = 512 };

static const char *log_path;
static bool to_stderr;
static system_stat stderr_then;

struct line {
	char text[LINE];
	size_t length;
};

void note_init(const char *target)
{
	if (!target || !*target)
		return;
	if (strcmp(target, "stderr") != 0)
		log_path = target;
	else
		to_stderr = system_stat_at(STDERR_FILENO, NULL, &stderr_then) == 0;
}

static void put(struct line *line, const char *text)
{
	for (; *text && line->length < LINE - 2; text++) /* room for the end of line */
		line->text[line->length++] = *text;
}

/* A value that may hold anything: what would break the line apart becomes '_'. */
static void put_word(struct line *line, const char *text)
{
	for (; *text && line->length < LINE - 2; text++)
		line->text[line->length++] = *text > ' ' && *text != '"' && *text != 0x7f ? *text : '_';
}

static void put_number(struct line *line, uint64_t number)
{
	char digits[21];
	unsigned at = sizeof digits;
	digits[--at] = '\0';
	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	put(line, digits + at);
}

static void put_endpoint(struct line *line, const struct endpoint *endpoint)
{
	char text[ENDPOINT_TEXT];
	endpoint_print(endpoint->address, endpoint->scope, endpoint->port, text);
	put(line, text);
}

/* The client may have closed descriptor 2 and opened something of its own there. */
static bool stderr_still_it(void)
{
	system_stat now;
	/* A pipe that is full would hold the client, one that nobody reads would end it. */
	return system_poll_now(STDERR_FILENO, POLLOUT) == POLLOUT && system_stat_at(STDERR_FILENO, NULL, &now) == 0 &&
	       now.st_dev == stderr_then.st_dev && now.st_ino == stderr_then.st_ino &&
	       now.st_rdev == stderr_then.st_rdev;
}

/* Without the signal that comes with some failures and ends the client: nobody reads a pipe, or a limit on the size of files is reached.  All are
 * held off while this runs. */
static void write_unharmed(int fd, const struct line *line)
{
	static const uint64_t both = 1u << (SIGPIPE - 1) | 1u << (SIGXFSZ - 1);
	static const struct timespec at_once;
	/* A full disk is not the client's business. */
	if (system_write(fd, line->text, line->length) < 0 && (errno == EPIPE || errno == EFBIG))
		syscall(SYS_rt_sigtimedwait, &both, NULL, &at_once, sizeof both);
}

static void emit(struct line *line)
{
	int fd = STDERR_FILENO;
	line->text[line->length++] = '\n';
	if (log_path) {
		fd = system_open(log_path, O_WRONLY | O_APPEND | O_CREAT, 0644);
		if (fd < 0)
			return;
	} else if (!stderr_still_it()) {
		return;
	}
	/* Below 3 it would be, for a moment, a standard stream that the client has closed: leave that number alone. */
	if (!log_path || fd > STDERR_FILENO)
		write_unharmed(fd, line);
	if (log_path)
		system_close(fd);
}

void note_moved(const struct snapshot *snapshot, const struct endpoint *asked, const struct endpoint *used,
                const char *why, uint32_t elapsed_us)
{
	if (!log_path && !to_stderr)
		return;
	int error = errno;
	struct line line = { .length = 0 };
	put(&line, "mpfailover: program=");
	put_word(&line, program_invocation_short_name);
	put(&line, " pid=");
	put_number(&line, (uint64_t)getpid());
	put(&line, " service=");
	put_word(&line, (const char *)snapshot->service.name);
	put(&line, " asked=");
	put_endpoint(&line, asked);
	put(&line, " used=");
	put_endpoint(&line, used);
	put(&line, " why=");
	put(&line, why);
	put(&line, " ms=");
	put_number(&line, elapsed_us / 1000);
	put(&line, ".");
	put_number(&line, elapsed_us / 100 % 10);
	emit(&line);
	errno = error;
}
