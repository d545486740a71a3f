/* SPDX-License-Identifier: MIT */
#include "probe/service/user.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int user_find(struct user *user, const char *name)
{
	*user = (struct user){ .name = name, .uid = geteuid(), .gid = getegid() };
	if (!name[0])
		return 0;
	errno = 0;
	const struct passwd *entry = getpwnam(name);
	if (!entry)
		return errno ? -errno : -ENOENT;
	user->uid = entry->pw_uid;
	user->gid = entry->pw_gid;
	user->changes = geteuid() == 0 && entry->pw_uid != 0;
	return 0;
}

/* -------------------------------------------------------------------------------------------------- what is handed over */

/* Not by name: in a directory that is not root's alone, a name can come to mean something else meanwhile. */
static int give(const struct user *user, const char *path, bool keeps_group, bool is_directory)
{
	struct stat status;
	int result = 0, fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	bool is_kind = fstat(fd, &status) == 0 &&
	               (is_directory ? S_ISDIR(status.st_mode)
	                             : (S_ISREG(status.st_mode) || S_ISSOCK(status.st_mode)) && status.st_nlink == 1);
	if (is_kind && status.st_uid == 0 &&
	    fchownat(fd, "", user->uid, keeps_group ? (gid_t)-1 : user->gid, AT_EMPTY_PATH) < 0)
		result = -errno;
	close(fd);
	return result;
}

int user_make_directory_of(const struct user *user, const char *file, const char *run)
{
	char path[PATH_MAX];
	if (snprintf(path, sizeof path, "%s", file) >= (int)sizeof path)
		return -ENAMETOOLONG;
	const char *directory = dirname(path);
	bool made = mkdir(directory, 0755) == 0;
	if ((!made && errno != EEXIST) || (made && chmod(directory, 0755) < 0)) /* clients pass, whatever the umask */
		return -errno;
	return user->changes && (made || strcmp(directory, run) == 0) ? give(user, directory, false, true) : 0;
}

int user_hand_over(const struct user *user, const char *path, bool keeps_group)
{
	return user->changes ? give(user, path, keeps_group, false) : 0;
}

/* ------------------------------------------------------------------------------------------------------ the way down */

static bool has_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = { 0 };
	if (syscall(SYS_capget, &header, sets) < 0)
		return true;
	for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		if (sets[i].effective | sets[i].permitted | sets[i].inheritable)
			return true;
	return false;
}

static bool is_gone_for_good(const struct user *user)
{
	uid_t uid[3];
	gid_t gid[3];
	if (getresuid(&uid[0], &uid[1], &uid[2]) < 0 || getresgid(&gid[0], &gid[1], &gid[2]) < 0)
		return false;
	for (int i = 0; i < 3; i++)
		if (uid[i] != user->uid || gid[i] != user->gid)
			return false;
	return setuid(0) < 0 && seteuid(0) < 0 && setgroups(0, NULL) < 0 && !has_capabilities() &&
	       prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
}

/* Inheritable capabilities outlive the change of the user, and the bounding set is what files could give. */
static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };
	return syscall(SYS_capset, &header, none) < 0 ? -errno : 0;
}

static void bound_capabilities(void)
{
	for (unsigned long i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
		prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
}

/* Commands look for their files there. */
static int move_home(const char *name)
{
	const struct passwd *entry = getpwnam(name);
	if (!entry)
		return -ENOENT;
	return setenv("HOME", entry->pw_dir, 1) < 0 || setenv("USER", name, 1) < 0 || setenv("LOGNAME", name, 1) < 0
	               ? -errno
	               : 0;
}

int user_become(const struct user *user)
{
	int result = 0;
	if (!user->name[0])
		return 0;
	if (user->changes) {
		result = move_home(user->name);
		bound_capabilities();
		if (result == 0 &&
		    (initgroups(user->name, user->gid) < 0 || setresgid(user->gid, user->gid, user->gid) < 0 ||
		     setresuid(user->uid, user->uid, user->uid) < 0))
			result = -errno;
		if (result == 0)
			result = drop_capabilities();
	}
	if (result == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		result = -errno;
	return result == 0 && user->changes && !is_gone_for_good(user) ? -ENOTRECOVERABLE : result;
}
