/* SPDX-License-Identifier: MIT */
#include "probe/ctl/privilege.h"

#include <endian.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <sys/xattr.h>
#include <unistd.h>

enum privilege privilege_gained(const struct privilege_question *question)
{
	if (question->ignored)
		return PRIVILEGE_SAME;
	if (question->mode & S_ISUID && question->owner != question->uid)
		return PRIVILEGE_SET_USER;
	/* Without the group's x it means something else. */
	if (question->mode & S_ISGID && question->mode & S_IXGRP && question->group != question->gid)
		return PRIVILEGE_SET_GROUP;
	return question->has_capabilities && question->uid != 0 ? PRIVILEGE_CAPABILITIES : PRIVILEGE_SAME;
}

/* Those that are only inheritable give nothing to a caller that has none. */
static bool gives_capabilities(const char *path)
{
	struct vfs_ns_cap_data data = { 0 };
	if (getxattr(path, "security.capability", &data, sizeof data) < (ssize_t)XATTR_CAPS_SZ_1)
		return false;
	return le32toh(data.magic_etc) & VFS_CAP_FLAGS_EFFECTIVE || data.data[0].permitted || data.data[1].permitted;
}

enum privilege privilege_of(const char *path, const struct stat *st)
{
	struct statvfs mount;
	return privilege_gained(&(struct privilege_question){
		.uid = getuid(),
		.owner = st->st_uid,
		.gid = getgid(),
		.group = st->st_gid,
		.mode = st->st_mode,
		.has_capabilities = gives_capabilities(path),
		.ignored = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ||
	                   (statvfs(path, &mount) == 0 && mount.f_flag & ST_NOSUID),
	});
}
