/* SPDX-License-Identifier: MIT */
/*
 * privilege.h - does executing a file give more rights than its caller has?  Then the dynamic linker heeds no LD_PRELOAD.
 */
#ifndef MPFAILOVER_PRIVILEGE_H
#define MPFAILOVER_PRIVILEGE_H

#include <stdbool.h>
#include <sys/stat.h>

enum privilege {
	PRIVILEGE_SAME,
	PRIVILEGE_SET_USER,
	PRIVILEGE_SET_GROUP,
	PRIVILEGE_CAPABILITIES,
};

/* What the kernel goes by. */
struct privilege_question {
	uid_t uid, owner; /* the caller's real user, the file's */
	gid_t gid, group;
	mode_t mode;
	bool has_capabilities; /* the file has some that it gives to anyone */
	bool ignored;          /* by a mount without set-id, or a caller that may gain nothing */
};

/* Pure. */
enum privilege privilege_gained(const struct privilege_question *question);

/* For this process as the caller of PATH. */
enum privilege privilege_of(const char *path, const struct stat *st);

#endif
