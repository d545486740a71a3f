/* SPDX-License-Identifier: MIT */
#include "probe/ctl/ctl_doctor.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe/ctl/ctl_table.h"
#include "probe/ctl/ctl_text.h"
#include "probe/ctl/preloads.h"

/* What is true of a program, its dynamic linker and the library, put together once. */
struct case_of {
	const struct program *program;
	const char *name; /* the program, in a sentence */
	struct loader loader;
	char library[PATH_MAX]; /* the file that the dynamic linker would open */
};

/* Programs that run others, but not in the environment that they were given. */
static const struct {
	const char *name, *why, *remedy;
} droppers[] = {
	{ "sudo", "hands no LD_PRELOAD on",
	  "put mpfailover behind it, in front of the command: sudo mpfailover COMMAND" },
	{ "doas", "hands no LD_PRELOAD on",
	  "put mpfailover behind it, in front of the command: doas mpfailover COMMAND" },
	{ "pkexec", "hands no LD_PRELOAD on",
	  "put mpfailover behind it, in front of the command: pkexec mpfailover COMMAND" },
	{ "systemd-run", "lets the service manager start the command",
	  "put mpfailover behind it, in front of the command: systemd-run mpfailover COMMAND" },
	{ "docker", "starts the command in a container",
	  "install mpfailover in the container's image, and start the command by it" },
	{ "podman", "starts the command in a container",
	  "install mpfailover in the container's image, and start the command by it" },
	{ "snap", "starts the command in a sandbox, through a set-user-ID program", NULL },
	{ "flatpak", "starts the command in a sandbox, where the library is not", NULL },
};

/* A path that was just given is not said again. */
static const char *name_of(const struct diagnosis *out, const struct program *program)
{
	return strcmp(out->subject, program->path) != 0 ? program->path : "it";
}

static bool drops_preload(struct diagnosis *out, const struct program *program)
{
	char path[PATH_MAX];
	const char *name = realpath(program->script_count ? program->script[0] : program->path, path);
	if (program->drops_preload) {
		if (program->script_count)
			diagnosis_set(out, DIAGNOSIS_DROPS_PRELOAD,
			              "%s is run by env, which is told not to hand LD_PRELOAD on", program->script[0]);
		else
			diagnosis_set(out, DIAGNOSIS_DROPS_PRELOAD, "env is told not to hand LD_PRELOAD on");
		out->remedy = program->script_count
		                      ? "change its first line"
		                      : "put mpfailover behind it, in front of the command: env -i mpfailover COMMAND";
		return true;
	}
	name = name ? strrchr(name, '/') + 1 : "";
	for (size_t i = 0; i < sizeof droppers / sizeof droppers[0]; i++)
		if (!strcmp(droppers[i].name, name)) {
			diagnosis_set(out, DIAGNOSIS_DROPS_PRELOAD, "%s %s", name, droppers[i].why);
			out->remedy = droppers[i].remedy;
			return true;
		}
	return false;
}

/* Its calls never reach libc, or no dynamic linker ever starts it. */
bool doctor_out_of_reach(struct diagnosis *out, const struct program *program)
{
	const struct elf *elf = &program->elf;
	const char *name = name_of(out, program);
	if (elf->go)
		diagnosis_set(out, DIAGNOSIS_GO,
		              "%s is written in Go, whose connections go past libc by system calls of their own%s",
		              name, elf->needs_libraries ? " (only those of C code in it would be reached)" : "");
	else if (elf->pascal)
		diagnosis_set(out, DIAGNOSIS_PASCAL,
		              "%s is built by Free Pascal, whose connections go past libc by system calls of their own",
		              name);
	else if (!elf->interpreter && elf->has_dynamic && elf->relocatable)
		diagnosis_set(
			out, DIAGNOSIS_STATIC_PIE,
			"%s is statically linked (static-pie): no dynamic linker starts it, which would load the library",
			name);
	else if (!elf->interpreter)
		diagnosis_set(out, DIAGNOSIS_STATIC,
		              "%s is statically linked: no dynamic linker starts it, which would load the library",
		              name);
	return out->code != DIAGNOSIS_ACTS;
}

static const char *user_name(uid_t uid)
{
	const struct passwd *user = getpwuid(uid);
	return user ? user->pw_name : "a user without a name";
}

static bool is_privileged(struct diagnosis *out, const struct program *program, enum privilege privilege)
{
	static const char consequence[] = "so the dynamic linker ignores LD_PRELOAD";
	const char *name = name_of(out, program);
	switch (privilege) {
	case PRIVILEGE_SAME:
		break;
	case PRIVILEGE_SET_USER:
		diagnosis_set(out, DIAGNOSIS_SET_ID, "%s is set-user-ID (%s), %s", name,
		              user_name(program->file.st.st_uid), consequence);
		break;
	case PRIVILEGE_SET_GROUP:
		diagnosis_set(out, DIAGNOSIS_SET_ID, "%s is set-group-ID, %s", name, consequence);
		break;
	case PRIVILEGE_CAPABILITIES:
		diagnosis_set(out, DIAGNOSIS_CAPABILITIES, "%s has file capabilities, %s", name, consequence);
	}
	return privilege != PRIVILEGE_SAME;
}

static bool lacks_library(struct diagnosis *out, const struct case_of *it)
{
	const struct elf *elf = &it->program->elf;
	char own[ELF_TEXT], other[ELF_TEXT];
	struct elf found;
	int error = 0;
	const enum library_state state = library_state(it->library, elf, &found, &error);
	if (state == LIBRARY_FITS)
		return false;
	elf_machine_name(elf->machine, own);
	if (state == LIBRARY_ABSENT)
		diagnosis_set(out, DIAGNOSIS_NO_LIBRARY,
		              "%s is for %u bits (%s), and there is no library for that: %s: %s", it->name, elf->bits,
		              own, it->library, strerror(error));
	else if (!found.bits)
		diagnosis_set(out, DIAGNOSIS_NO_LIBRARY, "%s: not a library", it->library);
	else
		diagnosis_set(out, DIAGNOSIS_NO_LIBRARY, "%s is for %u bits (%s), and the library %s for %u bits (%s)",
		              it->name, elf->bits, own, it->library, found.bits,
		              elf_machine_name(found.machine, other));
	return true;
}

/* A program's own symbols come before those of every library. */
static bool defines_functions(struct diagnosis *out, const struct case_of *it)
{
	const struct mapped *file = &it->program->file;
	if (!elf_defines(file->data, file->size, "connect"))
		return false;
	diagnosis_set(out, DIAGNOSIS_OWN_FUNCTIONS, "%s has a connect() of its own, which comes before the library's",
	              it->name);
	return true;
}

/* The other preloaded libraries that have a say; true: /etc/ld.so.preload names ours. */
static bool look_at_preloads(struct diagnosis *out, const struct case_of *it, const char *variable)
{
	struct preload list[PRELOADS];
	char hooks[PRELOADS_TEXT];
	const unsigned count = preloads_list(list, variable, &it->program->elf, &it->loader, it->library);
	bool machine_wide = false, variable_has_ours = false;
	for (unsigned i = 0; i < count; i++) {
		machine_wide |= list[i].ours && list[i].machine_wide;
		variable_has_ours |= list[i].ours && !list[i].machine_wide;
	}
	/* The launcher puts ours in front, unless it is there already. */
	bool behind = !variable_has_ours && !machine_wide;
	for (unsigned i = 0; i < count; i++) {
		const char *where = list[i].machine_wide ? "/etc/ld.so.preload" : "LD_PRELOAD";
		behind |= list[i].ours;
		if (!list[i].seen)
			diagnosis_note(out, "%s names %s, which is no library for this program, or is not there", where,
			               list[i].path);
		else if (!list[i].ours && list[i].hooks)
			diagnosis_note(out, "%s names %s, which has %s too, %s", where, list[i].path,
			               preloads_hooks(list[i].hooks, hooks),
			               behind ? "behind the library: it gets the address that was chosen"
			                      : "in front of the library: it gets the address that was asked for");
	}
	return machine_wide;
}

static void tell_that_it_acts(struct diagnosis *out, const struct case_of *it)
{
	const struct program *program = it->program;
	const char *name = strrchr(program->path, '/');
	snprintf(out->library, sizeof out->library, "%s", it->library);
	diagnosis_set(out, DIAGNOSIS_ACTS, "%s%s%s, %u bits, %s, gets %s",
	              program->script_count ? program->script[0] : "", program->script_count ? " is run by " : "",
	              program->path, program->elf.bits, libc_name(it->loader.libc), it->library);
	name = name ? name + 1 : program->path;
	if (program->script_count && (!strcmp(name, "sh") || !strcmp(name, "dash") || !strcmp(name, "bash")))
		diagnosis_note(out, "what this script runs are programs of their own: ask for each");
}

void doctor_examine(struct diagnosis *out, const struct program *program, const struct doctor_start *start)
{
	struct case_of it = { .program = program, .name = name_of(out, program) };
	const char *interpreter = program->elf.interpreter;
	snprintf(out->program, sizeof out->program, "%s", program->path);
	if (drops_preload(out, program) || doctor_out_of_reach(out, program))
		return;
	library_ask_loader(&it.loader, interpreter);
	library_expand(start->library, &it.loader, it.library);
	const bool machine_wide = look_at_preloads(out, &it, start->preload);
	if (access(interpreter, F_OK) < 0) {
		diagnosis_set(out, DIAGNOSIS_NOT_EXECUTABLE, "its dynamic linker %s is not there", interpreter);
		out->remedy = "install the C library that it was built for";
	} else if (it.loader.libc == LIBC_OTHER)
		diagnosis_set(out, DIAGNOSIS_LIBC,
		              "%s is made for another libc than glibc and musl, by its dynamic linker %s", it.name,
		              interpreter);
	else if ((machine_wide || !is_privileged(out, program, start->privilege)) && !lacks_library(out, &it) &&
	         !defines_functions(out, &it))
		tell_that_it_acts(out, &it);
}

static void tell_why_not_found(struct diagnosis *out, const struct program *program)
{
	const char *path = program->path, *name = name_of(out, program);
	switch (program->state) {
	case PROGRAM_MISSING:
		if (program->script_count)
			diagnosis_set(out, DIAGNOSIS_NOT_EXECUTABLE, "its interpreter %s is not there, or not in PATH",
			              path);
		else
			diagnosis_set(out, DIAGNOSIS_NOT_FOUND,
			              strchr(path, '/') ? "there is no such file" : "not found in PATH");
		return;
	case PROGRAM_NOT_EXECUTABLE:
		diagnosis_set(out, DIAGNOSIS_NOT_EXECUTABLE, "%s cannot be executed by this user", name);
		return;
	case PROGRAM_UNREADABLE:
		diagnosis_set(out, DIAGNOSIS_UNREADABLE, "cannot tell: %s: %s", path, strerror(program->error));
		return;
	case PROGRAM_ENDLESS:
		diagnosis_set(out, DIAGNOSIS_NOT_EXECUTABLE, "scripts that are run by scripts, without an end");
		return;
	case PROGRAM_FOREIGN:
	case PROGRAM_FOUND:
		diagnosis_set(out, DIAGNOSIS_FOREIGN, "%s is neither an ELF program nor a script", name);
	}
}

/* What the table makes of a program in which the library acts.  One that is not there yet may be, when that is started. */
static void look_at_table(struct diagnosis *out, const char *path)
{
	char error[CTL_ERROR_SIZE], age[CTL_TEXT];
	struct ctl_table *table = malloc(sizeof *table);
	snprintf(out->table, sizeof out->table, "%s", path);
	if (!table || !ctl_table_read(table, path, error)) {
		diagnosis_note(out, "%s", table ? error : strerror(ENOMEM));
	} else {
		out->generation = table->slot.generation;
		if (table->header.off)
			doctor_switched_off(out);
		else if (!ctl_table_alive(table))
			diagnosis_set(out, DIAGNOSIS_STALE, "it gets %s, but %s has no heartbeat %s%s", out->library,
			              path, table->this_boot ? "for " : "since this machine was started",
			              table->this_boot
			                      ? ctl_text_duration(ctl_table_heartbeat_age_ms(table) / 1000, age)
			                      : "");
	}
	free(table);
}

void doctor_command(struct diagnosis *out, char *const *command, const char *library, const char *table)
{
	struct program program;
	const char *off = getenv("MPFAILOVER_OFF");
	program_find(&program, command);
	if (program.state != PROGRAM_FOUND)
		tell_why_not_found(out, &program);
	else
		doctor_examine(out, &program,
		               &(struct doctor_start){
				       .privilege = privilege_of(program.path, &program.file.st),
				       .preload = getenv("LD_PRELOAD"),
				       .library = library,
			       });
	if (out->code == DIAGNOSIS_ACTS && off && *off && strcmp(off, "0") != 0)
		diagnosis_set(out, DIAGNOSIS_OFF, "the environment has MPFAILOVER_OFF=%s", off);
	else if (out->code == DIAGNOSIS_ACTS)
		look_at_table(out, table);
	program_close(&program);
}
