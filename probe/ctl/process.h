/* SPDX-License-Identifier: MIT */
/*
 * process.h - what /proc tells of a process: what it is, how it was started, what it has mapped.
 */
#ifndef MPFAILOVER_PROCESS_H
#define MPFAILOVER_PROCESS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum process_state {
	PROCESS_READ,
	PROCESS_NONE,
	PROCESS_FORBIDDEN,  /* to this user */
	PROCESS_NO_PROGRAM, /* a kernel thread, or one that has ended and is not waited for */
};

struct process {
	pid_t pid;
	uid_t uid; /* effective */
	gid_t gid;
	char name[32];
	char program[PATH_MAX]; /* as it was started, though it may be gone or another file by now */
	char root[PATH_MAX];    /* what stands before a path of its own: "" if its root is ours */
	bool secure;            /* it was started with more rights than its caller had */
	char *environment;      /* as it was started: texts, one behind the other */
	size_t environment_size;
};

/* The file NAME that /proc has for PID.  Returns OUT. */
enum { PROCESS_PATH = 64 };
const char *process_path(char out[PROCESS_PATH], pid_t pid, const char *name);

/* OUT can be closed in any case. */
enum process_state process_read(struct process *out, pid_t pid);
void process_close(struct process *process);

/* A variable of its environment, NULL: not set. */
const char *process_variable(const struct process *process, const char *name);

struct mapping {
	char path[PATH_MAX];
	ino_t inode;
	bool gone;   /* the file was deleted, or replaced by another one */
	bool shared; /* and from the file's start */
};

/* The first mapping of a file that MATCH says yes to; false: there is none. */
typedef bool process_match(const struct mapping *mapping, const void *argument);
bool process_mapping(struct mapping *out, const struct process *process, process_match *match, const void *argument);

#endif
