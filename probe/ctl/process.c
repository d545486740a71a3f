/* SPDX-License-Identifier: MIT */
#include "probe/ctl/process.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *process_path(char out[PROCESS_PATH], pid_t pid, const char *name)
{
	snprintf(out, PROCESS_PATH, "/proc/%d/%s", (int)pid, name);
	return out;
}

/* All of a file of /proc, which has no size, and a NUL behind it; NULL and errno. */
static char *read_all(pid_t pid, const char *name, size_t *size)
{
	char path[PROCESS_PATH], part[4096], *data = NULL;
	size_t count;
	FILE *file = fopen(process_path(path, pid, name), "re");
	FILE *all = file ? open_memstream(&data, size) : NULL;
	if (all) {
		while ((count = fread(part, 1, sizeof part, file)) > 0)
			fwrite(part, 1, count, all);
		const int error = ferror(file) ? errno : 0;
		if (fclose(all) != 0 || error) {
			free(data);
			data = NULL;
			errno = error ? error : ENOMEM;
		}
	}
	const int error = errno;
	if (file)
		fclose(file);
	errno = error;
	return data;
}

/* From auxv, whose entries are pairs of the process's own words; no type is above 32 bits, and the first value is not 0. */
static bool is_secure(pid_t pid)
{
	size_t size;
	bool secure = false;
	char *data = read_all(pid, "auxv", &size);
	const uint32_t *narrow = (const uint32_t *)data;
	const uint64_t *wide = (const uint64_t *)data;
	const bool is_wide = size >= sizeof wide[0] && (!narrow[0] || !narrow[1]);
	for (size_t i = 0; is_wide && i + 1 < size / sizeof wide[0]; i += 2)
		secure |= wide[i] == AT_SECURE && wide[i + 1];
	for (size_t i = 0; !is_wide && i + 1 < size / sizeof narrow[0]; i += 2)
		secure |= narrow[i] == AT_SECURE && narrow[i + 1];
	free(data);
	return secure;
}

static void read_status(struct process *out)
{
	size_t size;
	char *status = read_all(out->pid, "status", &size);
	for (char *rest, *line = status ? strtok_r(status, "\n", &rest) : NULL; line;
	     line = strtok_r(NULL, "\n", &rest)) {
		unsigned id;
		if (sscanf(line, "Name: %31[^\n]", out->name) == 1)
			continue;
		if (sscanf(line, "Uid: %*u %u", &id) == 1)
			out->uid = id;
		else if (sscanf(line, "Gid: %*u %u", &id) == 1)
			out->gid = id;
	}
	free(status);
}

/* Its root may be another directory, or the same path in another mount namespace. */
static void read_root(struct process *out)
{
	char path[PROCESS_PATH];
	struct stat own, its;
	process_path(path, out->pid, "root");
	if (stat("/", &own) == 0 && stat(path, &its) == 0 && (own.st_dev != its.st_dev || own.st_ino != its.st_ino))
		snprintf(out->root, sizeof out->root, "%s", path);
}

enum process_state process_read(struct process *out, pid_t pid)
{
	char path[PROCESS_PATH];
	*out = (struct process){ .pid = pid };
	if (access(process_path(path, pid, ""), F_OK) < 0)
		return PROCESS_NONE;
	read_status(out);
	if (readlink(process_path(path, pid, "exe"), out->program, sizeof out->program - 1) < 0)
		return errno == ENOENT ? PROCESS_NO_PROGRAM : errno == ESRCH ? PROCESS_NONE : PROCESS_FORBIDDEN;
	out->environment = read_all(pid, "environ", &out->environment_size);
	if (!out->environment)
		return errno == ESRCH ? PROCESS_NONE : PROCESS_FORBIDDEN;
	out->secure = is_secure(pid);
	read_root(out);
	return PROCESS_READ;
}

void process_close(struct process *process)
{
	free(process->environment);
	process->environment = NULL;
}

const char *process_variable(const struct process *process, const char *name)
{
	const size_t length = strlen(name);
	const char *at = process->environment, *end = at + process->environment_size;
	for (; at < end; at += strlen(at) + 1)
		if (!strncmp(at, name, length) && at[length] == '=')
			return at + length + 1;
	return NULL;
}

/* "START-END rw-s OFFSET DEVICE INODE   PATH"; false: not a file's. */
static bool parse_mapping(struct mapping *out, char *line)
{
	static const char deleted[] = " (deleted)";
	unsigned long offset, inode;
	char rights[8] = "";
	int path = 0;
	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%*x-%*x %7s %lx %*s %lu %n", rights, &offset, &inode, &path) != 3 || line[path] != '/')
		return false;
	snprintf(out->path, sizeof out->path, "%s", line + path);
	const size_t length = strlen(out->path), suffix = sizeof deleted - 1;
	out->gone = length > suffix && !strcmp(out->path + length - suffix, deleted);
	if (out->gone)
		out->path[length - suffix] = '\0';
	out->inode = inode;
	out->shared = rights[3] == 's' && !offset;
	return true;
}

bool process_mapping(struct mapping *out, const struct process *process, process_match *match, const void *argument)
{
	char path[PROCESS_PATH], *line = NULL;
	size_t room = 0;
	bool found = false;
	FILE *maps = fopen(process_path(path, process->pid, "maps"), "re");
	while (maps && !found && getline(&line, &room, maps) > 0)
		found = parse_mapping(out, line) && match(out, argument);
	free(line);
	if (maps)
		fclose(maps);
	return found;
}
