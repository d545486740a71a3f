/* SPDX-License-Identifier: MIT */
#include "probe/ctl/ctl_doctor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe/ctl/ctl_table.h"
#include "probe/ctl/ctl_text.h"
#include "probe/ctl/library.h"

/* The dynamic linkers that programs name, each for a width and a libc. */
static const struct {
	const char *path, *programs;
} loaders[] = {
	{ "/lib64/ld-linux-x86-64.so.2", "64-bit programs" },
	{ "/lib/ld-linux-aarch64.so.1", "64-bit programs" },
	{ "/lib/ld-linux.so.2", "32-bit programs" },
	{ "/lib/ld-linux-armhf.so.3", "32-bit programs" },
	{ "/lib/ld-musl-x86_64.so.1", "64-bit programs, musl" },
	{ "/lib/ld-musl-aarch64.so.1", "64-bit programs, musl" },
	{ "/lib/ld-musl-i386.so.1", "32-bit programs, musl" },
};

/* The file that LOADER opens for LIBRARY: is it one that its programs can load, and any user read? */
static void look_at_library(struct diagnosis *out, const char *loader_path, const char *library)
{
	char path[PATH_MAX];
	struct loader loader;
	struct mapped file;
	struct elf elf = { 0 }, found;
	struct stat st;
	int error = 0;
	library_ask_loader(&loader, loader_path);
	library_expand(library, &loader, path);
	if (mapped_open(&file, loader_path))
		elf_read(&elf, file.data, file.size);
	mapped_close(&file);
	const enum library_state state = library_state(path, &elf, &found, &error);
	if (state == LIBRARY_ABSENT)
		diagnosis_set(out, DIAGNOSIS_NO_LIBRARY, "%s: %s", path, strerror(error));
	else if (state == LIBRARY_OTHER)
		diagnosis_set(out, DIAGNOSIS_NO_LIBRARY, "%s: for other programs, or not a library", path);
	else if (stat(path, &st) == 0 && !(st.st_mode & S_IROTH))
		diagnosis_set(out, DIAGNOSIS_NO_LIBRARY, "%s: not readable for every user", path);
	else
		diagnosis_set(out, DIAGNOSIS_ACTS, "%s", path);
	snprintf(out->library, sizeof out->library, "%s", path);
}

static void look_at_table(struct diagnosis *out, const char *path)
{
	char error[CTL_ERROR_SIZE], age[CTL_TEXT];
	struct ctl_table *table = malloc(sizeof *table);
	snprintf(out->table, sizeof out->table, "%s", path);
	if (!table || !ctl_table_read(table, path, error)) {
		diagnosis_set(out, DIAGNOSIS_NO_TABLE, "%s", table ? error : strerror(ENOMEM));
	} else {
		out->generation = table->slot.generation;
		ctl_text_duration(ctl_table_heartbeat_age_ms(table) / 1000, age);
		if (ctl_table_alive(table))
			diagnosis_set(out, DIAGNOSIS_ACTS,
			              "%s, generation %u, heartbeat of mpfailoverd (pid %u) %s ago", path,
			              table->slot.generation, table->header.writer_pid, age);
		else
			diagnosis_set(out, DIAGNOSIS_STALE, "%s: mpfailoverd is not running: no heartbeat %s%s", path,
			              table->this_boot ? "for " : "since this machine was started",
			              table->this_boot ? age : "");
		if (table->header.off) {
			diagnosis_note(out, "%s", out->reason);
			doctor_switched_off(out);
		}
	}
	free(table);
}

unsigned doctor_installation(struct diagnosis out[DOCTOR_PARTS], const char *library, const char *table)
{
	unsigned count = 0;
	for (size_t i = 0; i < sizeof loaders / sizeof loaders[0]; i++)
		if (access(loaders[i].path, F_OK) == 0) {
			diagnosis_begin(&out[count], loaders[i].programs);
			look_at_library(&out[count++], loaders[i].path, library);
		}
	diagnosis_begin(&out[count], "the table");
	look_at_table(&out[count++], table);
	count += doctor_uplinks(&out[count], table);
	return count;
}
