/* SPDX-License-Identifier: MIT */
#include "probe/ctl/library.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe/ctl/mapped.h"

static const char file_name[] = "libmpfailover.so";

const char *const library_hooks[LIBRARY_HOOKS] = {
	"connect", "getaddrinfo", "gethostbyname", "gethostbyname2", "gethostbyname_r", "gethostbyname2_r", "dlopen",
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

enum libc libc_of(const char *interpreter)
{
	const char *name = base_name(interpreter);
	if (begins(name, "ld-musl-"))
		return LIBC_MUSL;
	if (begins(name, "ld-linux") || begins(name, "ld64.so.") || begins(name, "ld.so.") || begins(name, "ld-2."))
		return LIBC_GLIBC;
	return LIBC_OTHER;
}

const char *libc_name(enum libc libc)
{
	static const char *const names[] = {
		[LIBC_GLIBC] = "glibc",
		[LIBC_MUSL] = "musl",
		[LIBC_OTHER] = "another libc",
	};
	return names[libc];
}

/* A whole text among others, as a compiler lays them out; the linker may have made it the end of a path. */
static bool holds_text(const struct mapped *file, const char *text)
{
	const char *at = file->data, *end = at + file->size;
	const size_t size = strlen(text) + 1;
	while (at && (at = memmem(at, (size_t)(end - at), text, size))) {
		if (at > (const char *)file->data && (at[-1] == '\0' || at[-1] == '/'))
			return true;
		at++;
	}
	return false;
}

void library_ask_loader(struct loader *out, const char *interpreter)
{
	/* Those that a shorter one is an end of come first. */
	static const char *const known[] = {
		"lib/x86_64-linux-gnu",
		"lib/i386-linux-gnu",
		"lib/x86_64-linux-gnux32",
		"lib/aarch64-linux-gnu",
		"lib/arm-linux-gnueabihf",
		"lib/arm-linux-gnueabi",
		"lib/riscv64-linux-gnu",
		"lib/s390x-linux-gnu",
		"lib/powerpc64le-linux-gnu",
		"lib64",
		"lib32",
		"libx32",
		"lib",
	};
	struct mapped file;
	*out = (struct loader){ .libc = libc_of(interpreter) };
	if (out->libc != LIBC_GLIBC)
		return;
	if (mapped_open(&file, interpreter))
		for (size_t i = 0; !out->directory && i < sizeof known / sizeof known[0]; i++)
			if (holds_text(&file, known[i]))
				out->directory = known[i];
	mapped_close(&file);
}

void library_expand(const char *path, const struct loader *loader, char out[PATH_MAX])
{
	static const char *const forms[] = { "$LIB", "${LIB}" };
	size_t length = 0;
	while (*path && length < PATH_MAX - 1) {
		const char *form = NULL;
		for (size_t i = 0; loader->directory && i < 2; i++)
			if (begins(path, forms[i]))
				form = forms[i];
		if (form) {
			length += (size_t)snprintf(out + length, PATH_MAX - length, "%s", loader->directory);
			path += strlen(form);
		} else
			out[length++] = *path++;
	}
	out[length < PATH_MAX ? length : PATH_MAX - 1] = '\0';
}

enum library_state library_state(const char *path, const struct elf *program, struct elf *found, int *error)
{
	struct mapped file;
	enum library_state state = LIBRARY_OTHER;
	*found = (struct elf){ 0 };
	if (!mapped_open(&file, path)) {
		*error = errno;
		state = LIBRARY_ABSENT;
	} else if (elf_read(found, file.data, file.size) && found->relocatable && found->bits == program->bits &&
	           found->machine == program->machine && found->big_endian == program->big_endian)
		state = LIBRARY_FITS;
	mapped_close(&file);
	found->interpreter = NULL;
	return state;
}

/* Cuts the last name off PATH. */
static void to_parent(char *path)
{
	char *slash = strrchr(path, '/');
	if (slash)
		*slash = '\0';
}

void library_default(char out[PATH_MAX])
{
	/* The link that is called $LIB is there for musl, and is not expanded here either. */
	static const char *const forms[] = { "$LIB/", "lib/", "" };
	const char *given = getenv("MPFAILOVER_LIBRARY");
	char directory[PATH_MAX - 32] = "";
	if (given && *given) {
		snprintf(out, PATH_MAX, "%s", given);
		return;
	}
	if (readlink("/proc/self/exe", directory, sizeof directory - 1) < 0)
		*directory = '\0';
	/* From a build directory, and from PREFIX/sbin. */
	for (int up = 0; up < 2; up++) {
		to_parent(directory);
		for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
			snprintf(out, PATH_MAX, "%s/%s%s", directory, forms[i], file_name);
			if (access(out, F_OK) == 0)
				return;
		}
	}
	snprintf(out, PATH_MAX, "%s/$LIB/%s", directory, file_name);
}
