/* SPDX-License-Identifier: MIT */
#include "probe/ctl/ctl_doctor.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe/ctl/ctl_table.h"
#include "probe/ctl/ctl_text.h"
#include "probe/ctl/process.h"

/* The table that a process goes by. */
struct its_table {
	char path[PATH_MAX]; /* as it has it itself */
	bool readable;       /* now, for a process like that, */
	char error[CTL_ERROR_SIZE];
	struct ctl_table copy;
	ino_t inode;
	bool mapped, is_current; /* what it has mapped, is that the file that is there now? */
};

static bool is_library(const struct mapping *mapping, const void *argument)
{
	(void)argument;
	return !strcmp(strrchr(mapping->path, '/'), "/libmpfailover.so");
}

/* By its path, or under another name. */
static bool is_table(const struct mapping *mapping, const void *argument)
{
	const struct its_table *table = argument;
	return mapping->shared &&
	       (!strcmp(mapping->path, table->path) || (table->inode && mapping->inode == table->inode));
}

static bool is_switched_off(struct diagnosis *out, const struct process *process)
{
	const char *off = process->secure ? NULL : process_variable(process, "MPFAILOVER_OFF");
	if (!off || !*off || !strcmp(off, "0"))
		return false;
	diagnosis_set(out, DIAGNOSIS_OFF, "it was started with MPFAILOVER_OFF=%s", off);
	return true;
}

static enum privilege privilege_at_start(const struct process *process, const struct stat *program)
{
	if (!process->secure)
		return PRIVILEGE_SAME;
	if (program->st_mode & (S_ISUID | S_ISGID))
		return program->st_mode & S_ISUID ? PRIVILEGE_SET_USER : PRIVILEGE_SET_GROUP;
	return PRIVILEGE_CAPABILITIES;
}

/* The library is not in it: by the program's nature, or by how it was started. */
static void tell_why_not_loaded(struct diagnosis *out, const struct process *process, const struct program *program,
                                const char *library)
{
	const char *preload = process_variable(process, "LD_PRELOAD");
	/* With a root of its own it has a dynamic linker and libraries of its own, by paths that mean something else here. */
	if (*process->root)
		doctor_out_of_reach(out, program);
	else
		doctor_examine(out, program,
		               &(struct doctor_start){
				       .privilege = privilege_at_start(process, &program->file.st),
				       .preload = preload,
				       .library = library,
			       });
	if (out->code != DIAGNOSIS_ACTS)
		return;
	if (preload && strstr(preload, "libmpfailover.so"))
		diagnosis_set(out, DIAGNOSIS_NOT_LOADED,
		              "it was started with LD_PRELOAD=%s, but the library is not in it", preload);
	else
		diagnosis_set(out, DIAGNOSIS_NOT_PRELOADED,
		              "it was started without the library (no LD_PRELOAD names it)");
}

/* The path of its table, as it has it itself. */
static void table_path(const struct process *process, const char *usual, char out[PATH_MAX])
{
	char link[PROCESS_PATH], directory[PATH_MAX] = "";
	const char *path = process->secure ? NULL : process_variable(process, "MPFAILOVER_TABLE");
	path = path && *path ? path : usual;
	if (*path != '/' && readlink(process_path(link, process->pid, "cwd"), directory, sizeof directory - 1) > 0)
		strncat(directory, "/", sizeof directory - strlen(directory) - 1);
	if (snprintf(out, PATH_MAX, "%s%s", directory, path) >= PATH_MAX)
		*out = '\0';
}

/* As the process itself would, as far as this user can take its place: whose a table is decides whether it is trusted. */
static bool read_table(const struct process *process, struct ctl_table *table, const char *path,
                       char error[CTL_ERROR_SIZE])
{
	const bool as_it = geteuid() == 0 && setegid(process->gid) == 0 && seteuid(process->uid) == 0;
	const bool done = ctl_table_read(table, path, error);
	return (!as_it || (seteuid(0) == 0 && setegid(0) == 0)) && done;
}

static void look_at_table(struct its_table *out, const struct process *process, const char *usual)
{
	static char seen[2 * PATH_MAX]; /* from here; what reads tables remembers it */
	struct stat st;
	struct mapping mapping;
	table_path(process, usual, out->path);
	snprintf(seen, sizeof seen, "%s%s", process->root, out->path);
	out->inode = stat(seen, &st) == 0 ? st.st_ino : 0;
	out->mapped = process_mapping(&mapping, process, is_table, out);
	out->is_current = out->mapped && !mapping.gone && mapping.inode == out->inode;
	out->readable = read_table(process, &out->copy, seen, out->error);
}

static void tell_of_readable(struct diagnosis *out, const struct its_table *table)
{
	char age[CTL_TEXT];
	const uint32_t generation = table->copy.slot.generation;
	ctl_text_duration(ctl_table_heartbeat_age_ms(&table->copy) / 1000, age);
	out->generation = generation;
	if (table->copy.header.off)
		doctor_switched_off(out);
	else if (!ctl_table_alive(&table->copy))
		diagnosis_set(
			out, DIAGNOSIS_STALE,
			"it has %s, and generation %u of %s, without a heartbeat for %s: by when-stale it goes by the last "
			"verdicts or passes through",
			out->library, generation, table->path, age);
	else
		diagnosis_set(out, DIAGNOSIS_ACTS, "it has %s, and generation %u of %s, heartbeat %s ago", out->library,
		              generation, table->path, age);
	if (!table->mapped)
		diagnosis_note(out, "it found no table when it looked last; at its next connect() it looks again");
	else if (!table->is_current)
		diagnosis_note(
			out, "what it has mapped is a table that was replaced; at its next connect() it looks for the "
			     "new one");
}

/* The library is in it; what does it go by? */
static void tell_of_table(struct diagnosis *out, const struct process *process, const char *usual)
{
	struct its_table *table = calloc(1, sizeof *table);
	if (!table) {
		diagnosis_set(out, DIAGNOSIS_UNREADABLE, "cannot tell: %s", strerror(ENOMEM));
		return;
	}
	look_at_table(table, process, usual);
	snprintf(out->table, sizeof out->table, "%s", table->path);
	if (table->readable)
		tell_of_readable(out, table);
	else if (table->mapped)
		diagnosis_set(out, DIAGNOSIS_STALE, "it has %s, and the last verdicts of a table that is no more: %s",
		              out->library, table->error);
	else
		diagnosis_set(out, DIAGNOSIS_NO_TABLE, "it has %s, but no table: %s", out->library, table->error);
	free(table);
}

static void examine(struct diagnosis *out, const struct process *process, const char *library, const char *table)
{
	char path[PROCESS_PATH];
	struct program program;
	struct mapping loaded;
	program_read(&program, process_path(path, process->pid, "exe"));
	snprintf(program.path, sizeof program.path, "%s", process->program);
	snprintf(out->program, sizeof out->program, "%s", process->program);
	if (program.state != PROGRAM_FOUND)
		diagnosis_set(out, DIAGNOSIS_UNREADABLE, "cannot tell: %s: %s", program.path, strerror(program.error));
	else if (!process_mapping(&loaded, process, is_library, NULL))
		tell_why_not_loaded(out, process, &program, library);
	else if (!doctor_out_of_reach(out, &program) && !is_switched_off(out, process)) {
		snprintf(out->library, sizeof out->library, "%s", loaded.path);
		tell_of_table(out, process, table);
		if (loaded.gone)
			diagnosis_note(
				out,
				"its library was replaced since by another build, which it gets when it is started again");
	}
	program_close(&program);
}

void doctor_process(struct diagnosis *out, pid_t pid, const char *library, const char *table)
{
	struct process process;
	char subject[DIAGNOSIS_TEXT];
	const enum process_state state = process_read(&process, pid);
	const struct passwd *user = getpwuid(process.uid);
	if (state != PROCESS_NONE) {
		snprintf(subject, sizeof subject, "%s (pid %d)", process.name, (int)pid);
		diagnosis_begin(out, subject);
	}
	switch (state) {
	case PROCESS_READ:
		examine(out, &process, library, table);
		break;
	case PROCESS_NONE:
		diagnosis_set(out, DIAGNOSIS_NO_PROCESS, "there is no such process");
		break;
	case PROCESS_NO_PROGRAM:
		diagnosis_set(out, DIAGNOSIS_FOREIGN,
		              "it has no program: a thread of the kernel, or one that has ended");
		break;
	case PROCESS_FORBIDDEN:
		diagnosis_set(out, DIAGNOSIS_UNREADABLE, "cannot tell: this user may not look into it (it runs as %s)",
		              user ? user->pw_name : "a user without a name");
	}
	process_close(&process);
}
