/* SPDX-License-Identifier: MIT */
#include "probe/ctl/preloads.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/ctl/mapped.h"

static const char machine_file[] = "/etc/ld.so.preload", separators[] = " :\t\n";

/* A name without a slash is searched for where libraries of that word size are; OUT stays the name if it is not there. */
static bool open_library(struct mapped *file, const struct loader *loader, char out[PATH_MAX])
{
	const char *own = loader->directory ? loader->directory : "lib";
	const char *const places[][2] = { { "/", own },   { "/usr/", own },   { "/usr/local/", own },
		                          { "/", "lib" }, { "/usr/", "lib" }, { "/usr/local/", "lib" } };
	char path[PATH_MAX];
	if (strchr(out, '/'))
		return mapped_open(file, out);
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
		if (snprintf(path, sizeof path, "%s%s/%s", places[i][0], places[i][1], out) < PATH_MAX &&
		    mapped_open(file, path)) {
			memcpy(out, path, sizeof path);
			return true;
		}
	return false;
}

static bool is_ours(const struct mapped *file, const struct stat *ours)
{
	return file->data && file->st.st_dev == ours->st_dev && file->st.st_ino == ours->st_ino;
}

static void look(struct preload *out, const struct elf *program, const struct loader *loader, const struct stat *ours)
{
	struct mapped file = { 0 };
	struct elf elf;
	if (open_library(&file, loader, out->path) && elf_read(&elf, file.data, file.size) &&
	    elf.bits == program->bits) {
		out->seen = true;
		out->ours = is_ours(&file, ours) || !strcmp(strrchr(out->path, '/'), "/libmpfailover.so");
		for (unsigned i = 0; i < LIBRARY_HOOKS; i++)
			if (elf_defines(file.data, file.size, library_hooks[i]))
				out->hooks |= 1u << i;
	}
	mapped_close(&file);
}

/* What stands behind a # is not for the linker. */
static void blank_comments(char *text)
{
	while (text && (text = strchr(text, '#')))
		while (*text && *text != '\n')
			*text++ = ' ';
}

unsigned preloads_list(struct preload out[PRELOADS], const char *variable, const struct elf *program,
                       const struct loader *loader, const char *library)
{
	char *lists[2] = { variable ? strdup(variable) : NULL, NULL }, *rest, *name;
	struct mapped file = { 0 };
	struct stat ours = { 0 };
	unsigned count = 0;
	if (loader->libc == LIBC_GLIBC && mapped_open(&file, machine_file) && file.size)
		lists[1] = strndup(file.data, file.size);
	blank_comments(lists[1]);
	stat(library, &ours);
	for (int i = 0; i < 2; i++) {
		name = lists[i] ? strtok_r(lists[i], separators, &rest) : NULL;
		for (; name && count < PRELOADS; name = strtok_r(NULL, separators, &rest)) {
			struct preload *preload = &out[count++];
			memset(preload, 0, sizeof *preload);
			preload->machine_wide = i == 1;
			library_expand(name, loader, preload->path);
			look(preload, program, loader, &ours);
		}
	}
	mapped_close(&file);
	free(lists[0]);
	free(lists[1]);
	return count;
}

const char *preloads_hooks(unsigned hooks, char out[PRELOADS_TEXT])
{
	size_t length = 0;
	*out = '\0';
	for (unsigned i = 0; i < LIBRARY_HOOKS; i++)
		if (hooks & 1u << i)
			length += (size_t)snprintf(out + length, PRELOADS_TEXT - length, "%s%s", length ? ", " : "",
			                           library_hooks[i]);
	return out;
}
