/* SPDX-License-Identifier: MIT */
/*
 * user.h - as whom the daemon runs: root opens what needs root, hands over what is to be written later on, and becomes another user
 * for good.
 */
#ifndef MPFAILOVER_USER_H
#define MPFAILOVER_USER_H

#include <stdbool.h>
#include <sys/types.h>

/* What `user` asks of this process. */
struct user {
	const char *name; /* "": nothing */
	uid_t uid;
	gid_t gid;
	bool changes; /* it is root, and that user is another */
};

/* NAME must stay valid.  0 or -errno; -ENOENT: there is no such user. */
int user_find(struct user *user, const char *name);

/* The directory of FILE, if it does not exist; what root makes, and RUN, the run directory, belongs to that user.  0 or -errno. */
int user_make_directory_of(const struct user *user, const char *file, const char *run);

/* Gives the user what an earlier daemon made as root at PATH: a file or socket of root's own, and nothing else.  KEEPS_GROUP: but
 * not to its group.  What is not there, or not like that, stays as it is.  0 or -errno. */
int user_hand_over(const struct user *user, const char *path, bool keeps_group);

/* Becomes that user, with its groups, no capabilities, and no way for this process and its children to gain any right.  Checked: if
 * a way back was left, -ENOTRECOVERABLE.  0 or -errno; after an error there is nothing to do but end. */
int user_become(const struct user *user);

#endif
