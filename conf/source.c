/* SPDX-License-Identifier: MIT */
#include "conf/source.h"

#include "conf/outline.h"
#include "conf/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct file {
	const struct file *parent;
	const char *name;
	char *text;
	size_t size;
	bool known; /* device and inode */
	dev_t device;
	ino_t inode;
};

struct load {
	struct source *source;
	struct pool *names; /* lives as long as the places */
	struct pool scratch;
	struct outline outline;
	FILE *out;
	unsigned line; /* of the text, that is written next */
	unsigned depth;
	char **fault;
};

/* At what place the reader of an include, or of the first file, learns of a trouble with it. */
static bool refuse(struct load *load, const struct file *file, struct place from, const char *problem)
{
	if (file->parent)
		return fault_at(load->fault, from, "cannot include \"%.300s\": %s", file->name, problem);
	return fault_at(load->fault, (struct place){ file->name, 1 }, "cannot be read: %s", problem);
}

static bool refuse_error(struct load *load, const struct file *file, struct place from)
{
	char problem[160];
	snprintf(problem, sizeof problem, "%s; correct its name, or its permissions", strerror(errno));
	return refuse(load, file, from, problem);
}

static bool read_all(struct load *load, struct file *file, int fd, struct place from)
{
	bool ok = false;
	char *buffer = malloc(SOURCE_LIMIT + 1);
	if (!buffer)
		return fault_memory(load->fault);
	while (file->size <= SOURCE_LIMIT) {
		ssize_t got = read(fd, buffer + file->size, SOURCE_LIMIT + 1 - file->size);
		if (got == 0)
			break;
		if (got > 0) {
			file->size += (size_t)got;
		} else if (errno != EINTR) {
			refuse_error(load, file, from);
			goto cleanup;
		}
	}
	if (file->size > SOURCE_LIMIT) {
		refuse(load, file, from, "the file is larger than 1 MiB; is it a configuration?");
		goto cleanup;
	}
	file->text = pool_text(&load->scratch, buffer, file->size);
	ok = file->text || fault_memory(load->fault);
cleanup:
	free(buffer);
	return ok;
}

static bool read_file(struct load *load, struct file *file, struct place from)
{
	/* Not to hang on a FIFO. */
	int fd = open(file->name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return refuse_error(load, file, from);
	bool ok = false;
	struct stat status;
	if (fstat(fd, &status)) {
		refuse_error(load, file, from);
		goto cleanup;
	}
	if (!S_ISREG(status.st_mode)) {
		refuse(load, file, from, "it is not a regular file; name a file");
		goto cleanup;
	}
	file->known = true;
	file->device = status.st_dev;
	file->inode = status.st_ino;
	for (const struct file *outer = file->parent; outer; outer = outer->parent)
		if (outer->known && outer->device == file->device && outer->inode == file->inode) {
			refuse(load, file, from, "it includes itself; remove one of the includes");
			goto cleanup;
		}
	ok = read_all(load, file, fd, from);
cleanup:
	close(fd);
	return ok;
}

static bool put(struct load *load, const char *text, size_t size)
{
	for (const char *line = text; (line = memchr(line, '\n', size - (size_t)(line - text))); line++)
		load->line++;
	if (fwrite(text, 1, size, load->out) != size)
		return fault_memory(load->fault);
	return true;
}

/* What is put next is at PLACE. */
static bool begin_segment(struct load *load, struct place place)
{
	struct source *source = load->source;
	if (!put(load, "\n", 1))
		return false;
	struct source_segment *segments =
		reallocarray(source->segments, source->segment_count + 1, sizeof *source->segments);
	if (!segments)
		return fault_memory(load->fault);
	segments[source->segment_count++] = (struct source_segment){ load->line, place };
	source->segments = segments;
	return true;
}

static bool load_file(struct load *load, struct file *file);

/* NAME is in quotes, and relative to the directory of the file that includes it. */
static bool include(struct load *load, const struct file *parent, const char *name, size_t length, struct place place)
{
	if (memchr(name, '\\', length))
		return fault_at(load->fault, place, "no backslashes in the name of an included file; rename it");
	if (length <= 2)
		return fault_at(load->fault, place, "include wants the name of a file");
	if (load->depth == SOURCE_DEPTH)
		return fault_at(load->fault, place, "more than %d files include each other; include it from further up",
		                SOURCE_DEPTH);
	const char *slash = strrchr(parent->name, '/');
	int directory = slash && name[1] != '/' ? (int)(slash + 1 - parent->name) : 0;
	struct file file = { .parent = parent };
	file.name = pool_printf(load->names, "%.*s%.*s", directory, parent->name, (int)length - 2, name + 1);
	if (!file.name)
		return fault_memory(load->fault);
	return read_file(load, &file, place) && load_file(load, &file) && begin_segment(load, place);
}

/* One file that holds no NUL, token by token.  What has been passed is put out up to `done`. */
static bool load_tokens(struct load *load, const struct file *file)
{
	static const char opened[] = " " SOURCE_OPENED "=1 ";
	struct scan scan = { .text = file->text, .size = file->size, .line = 1 };
	size_t done = 0;
	for (;;) {
		struct scan_token token;
		scan_next(&scan, &token);
		struct place place = { file->name, token.line };
		if (token.kind == SCAN_ERROR)
			return fault_at(load->fault, place, "%s", scan.error);
		if (token.kind == SCAN_END)
			return outline_end(&load->outline, load->fault) &&
			       put(load, scan.text + done, scan.size - done);
		const char *text = scan.text + token.start;
		size_t after = token.start + token.length, until = after;
		enum outline_event event = outline_token(&load->outline, &token, text, place, load->fault);
		if (event == OUTLINE_FAULT)
			return false;
		if (event == OUTLINE_NOTHING)
			continue;
		if (event == OUTLINE_WORD)
			until = token.start;
		if (event != OUTLINE_INCLUDE && !put(load, scan.text + done, until - done))
			return false;
		if (event == OUTLINE_SECTION && !put(load, opened, sizeof opened - 1))
			return false;
		if (event == OUTLINE_INCLUDE && !include(load, file, text, token.length, place))
			return false;
		done = after;
	}
}

static bool load_file(struct load *load, struct file *file)
{
	const char *nul = memchr(file->text, '\0', file->size);
	if (nul) {
		struct place place = { file->name, 1 };
		for (const char *byte = file->text; byte < nul; byte++)
			place.line += *byte == '\n';
		return fault_at(load->fault, place, "there is a NUL byte; is this a text file?");
	}
	if (file->size > SOURCE_LIMIT || (size_t)ftello(load->out) + file->size > SOURCE_LIMIT)
		return fault_at(load->fault, (struct place){ file->name, 1 },
		                "the configuration, with all that it includes, is larger than 1 MiB; shorten it");
	load->depth++;
	bool ok = begin_segment(load, (struct place){ file->name, 1 }) && load_tokens(load, file);
	load->depth--;
	return ok;
}

bool source_load(struct source *source, struct pool *pool, const char *file_name, const char *text, size_t size,
                 char **fault)
{
	static const char end[] = "\n" SOURCE_END "=1\n";
	*source = (struct source){ 0 };
	bool ok = false;
	struct file file = { .name = file_name, .size = size };
	struct load *load = calloc(1, sizeof *load);
	if (!load)
		return fault_memory(fault);
	*load = (struct load){ .source = source, .names = pool, .line = 1, .fault = fault };
	outline_init(&load->outline, &load->scratch);
	load->out = open_memstream(&source->text, &source->size);
	if (!load->out) {
		fault_memory(fault);
		goto cleanup;
	}
	if (text) {
		file.text = pool_text(&load->scratch, text, size);
		ok = file.text || fault_memory(fault);
	} else {
		ok = read_file(load, &file, (struct place){ 0 });
	}
	ok = ok && load_file(load, &file) && put(load, end, sizeof end - 1);
	if (fclose(load->out) && ok)
		ok = fault_memory(fault);
	source->lost = load->outline.lost;
cleanup:
	pool_free(&load->scratch);
	free(load);
	return ok;
}

struct place source_place(const struct source *source, unsigned line)
{
	size_t low = 0, high = source->segment_count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (source->segments[middle].first > line)
			high = middle;
		else
			low = middle;
	}
	const struct source_segment *segment = &source->segments[low];
	return (struct place){ segment->place.file, segment->place.line + line - segment->first };
}

void source_free(struct source *source)
{
	free(source->text);
	free(source->segments);
	*source = (struct source){ 0 };
}
