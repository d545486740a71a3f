/* SPDX-License-Identifier: MIT */
#include "probe/ctl/program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe/ctl/shebang.h"

static enum program_state state_of(const char *path)
{
	struct stat st;
	if (stat(path, &st) < 0)
		return errno == EACCES ? PROGRAM_NOT_EXECUTABLE : PROGRAM_MISSING;
	return S_ISREG(st.st_mode) && access(path, X_OK) == 0 ? PROGRAM_FOUND : PROGRAM_NOT_EXECUTABLE;
}

/* Sets path and state. */
static void search(struct program *out, const char *command)
{
	const char *directories = getenv("PATH");
	if (strchr(command, '/')) {
		snprintf(out->path, sizeof out->path, "%s", command);
		out->state = state_of(out->path);
		return;
	}
	enum program_state best = PROGRAM_MISSING;
	for (const char *at = directories ? directories : "/bin:/usr/bin"; *command;) {
		const int length = (int)strcspn(at, ":");
		const char *between = length ? "/" : "./"; /* an empty one is the current directory */
		if (snprintf(out->path, sizeof out->path, "%.*s%s%s", length, at, between, command) < PATH_MAX) {
			out->state = state_of(out->path);
			if (out->state == PROGRAM_FOUND)
				return;
			if (out->state == PROGRAM_NOT_EXECUTABLE)
				best = out->state;
		}
		at += length;
		if (!*at++)
			break;
	}
	snprintf(out->path, sizeof out->path, "%s", command);
	out->state = best;
}

/* What execvp(3) hands to the shell when the kernel refuses it: no byte that a text does not have. */
static bool is_text(const struct mapped *file)
{
	enum { LOOKED_AT = 256 };
	return file->size && !memchr(file->data, '\0', file->size < LOOKED_AT ? file->size : LOOKED_AT);
}

static bool is_env(const char *path)
{
	const char *name = strrchr(path, '/');
	return !strcmp(name ? name + 1 : path, "env");
}

/* Goes on from a script to what runs it. */
static void follow(struct program *out, const char *interpreter, const char *argument)
{
	char command[SHEBANG_SIZE] = "";
	if (is_env(interpreter))
		shebang_env(argument, command, &out->drops_preload);
	if (out->script_count == PROGRAM_SCRIPTS) {
		out->state = PROGRAM_ENDLESS;
		return;
	}
	snprintf(out->script[out->script_count++], PATH_MAX, "%s", out->path);
	if (*command)
		search(out, command);
	else {
		snprintf(out->path, sizeof out->path, "%s", interpreter);
		out->state = state_of(out->path);
	}
}

/* Goes on from env(1) to what it runs. */
static void follow_words(struct program *out, char *const *words)
{
	enum { FOR_BLANK = '\v' }; /* in a word of its own, what env(1) sees is no blank between words */
	char argument[4096] = "", command[SHEBANG_SIZE];
	size_t length = 0;
	for (; *words && length < sizeof argument - 1; words++) {
		const size_t begin = length;
		length += (size_t)snprintf(argument + length, sizeof argument - length, "%s ", *words);
		for (size_t i = begin; i + 1 < length && i < sizeof argument - 1; i++)
			if (argument[i] == ' ' && strncmp(*words, "-S", 2) != 0)
				argument[i] = FOR_BLANK;
	}
	shebang_env(argument, command, &out->drops_preload);
	for (char *at = command; (at = strchr(at, FOR_BLANK)); at++)
		*at = ' ';
	if (*command)
		search(out, command);
}

/* Looks into `path`.  True: it was a script, and there is more to look into. */
static bool look(struct program *out)
{
	struct shebang shebang;
	if (!mapped_open(&out->file, out->path)) {
		out->error = errno;
		out->state = PROGRAM_UNREADABLE;
		return false;
	}
	if (elf_read(&out->elf, out->file.data, out->file.size) && out->elf.executable)
		return false;
	if (shebang_read(&shebang, out->file.data, out->file.size))
		follow(out, shebang.interpreter, shebang.argument);
	else if (is_text(&out->file))
		follow(out, "/bin/sh", "");
	else
		out->state = PROGRAM_FOREIGN;
	mapped_close(&out->file);
	return out->state == PROGRAM_FOUND;
}

void program_find(struct program *out, char *const *command)
{
	*out = (struct program){ 0 };
	search(out, *command);
	if (out->state == PROGRAM_FOUND && is_env(out->path))
		follow_words(out, command + 1);
	while (out->state == PROGRAM_FOUND && look(out))
		;
}

void program_read(struct program *out, const char *path)
{
	*out = (struct program){ .state = PROGRAM_FOUND };
	snprintf(out->path, sizeof out->path, "%s", path);
	look(out);
}

void program_close(struct program *program)
{
	mapped_close(&program->file);
}
