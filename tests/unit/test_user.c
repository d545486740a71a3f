/* SPDX-License-Identifier: MIT */
/* Who may, becomes another user for good, in a child; what is root's is handed over, and nothing else. */
#include "probe/service/user.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/mpf-test-XXXXXX";

static const char *in_directory(const char *name)
{
	static char path[2][128];
	static unsigned turn;
	turn ^= 1;
	snprintf(path[turn], sizeof path[turn], "%s/%s", directory, name);
	return path[turn];
}

static uid_t owner_of(const char *path)
{
	struct stat status;
	return lstat(path, &status) < 0 ? (uid_t)-1 : status.st_uid;
}

static bool only_root_can(void)
{
	if (geteuid() == 0 && getpwnam("nobody"))
		return true;
	skip();
	return false;
}

static void test_find(void **state)
{
	(void)state;
	struct user user;
	assert_int_equal(user_find(&user, ""), 0);
	assert_int_equal(user.uid, geteuid());
	assert_false(user.changes);
	assert_int_equal(user_find(&user, "no such user"), -ENOENT);
	assert_false(user.changes);
	assert_int_equal(user_find(&user, "root"), 0);
	assert_false(user.changes);
	if (!getpwnam("nobody"))
		return;
	assert_int_equal(user_find(&user, "nobody"), 0);
	assert_int_equal(user.uid, getpwnam("nobody")->pw_uid);
	assert_int_equal(user.changes, geteuid() == 0);
}

static void test_hand_over(void **state)
{
	(void)state;
	struct user user;
	struct stat status;
	if (!only_root_can())
		return;
	assert_int_equal(user_find(&user, "nobody"), 0);
	static const char *const names[] = { "plain", "linked", "foreign", "target", "grouped" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		close(open(in_directory(names[i]), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	assert_int_equal(link(in_directory("linked"), in_directory("second")), 0);
	assert_int_equal(symlink("target", in_directory("symbolic")), 0);
	assert_int_equal(chown(in_directory("foreign"), 12345, 12345), 0);
	assert_int_equal(user_hand_over(&user, in_directory("plain"), false), 0);
	assert_int_equal(user_hand_over(&user, in_directory("linked"), false), 0);
	assert_int_equal(user_hand_over(&user, in_directory("symbolic"), false), 0);
	assert_int_equal(user_hand_over(&user, in_directory("foreign"), false), 0);
	assert_int_equal(user_hand_over(&user, in_directory("grouped"), true), 0);
	assert_int_equal(user_hand_over(&user, in_directory("nothing"), false), 0);
	assert_int_equal(user_hand_over(&user, "/", false), 0);
	assert_int_equal(owner_of(in_directory("plain")), user.uid);
	assert_int_equal(owner_of(in_directory("linked")), 0); /* it may be a file of anyone's */
	assert_int_equal(owner_of(in_directory("target")), 0);
	assert_int_equal(owner_of(in_directory("symbolic")), 0);
	assert_int_equal(owner_of(in_directory("foreign")), 12345);
	assert_int_equal(owner_of("/"), 0);
	assert_int_equal(stat(in_directory("grouped"), &status), 0);
	assert_int_equal(status.st_uid, user.uid);
	assert_int_equal(status.st_gid, 0);
}

static void test_directory(void **state)
{
	(void)state;
	struct user user;
	struct stat status;
	mode_t mask = umask(077);
	char new[128], old[128];
	snprintf(new, sizeof new, "%s/new/table", directory);
	snprintf(old, sizeof old, "%s/table", directory);
	assert_int_equal(user_find(&user, geteuid() == 0 && getpwnam("nobody") ? "nobody" : ""), 0);
	assert_int_equal(user_make_directory_of(&user, new, "/nowhere"), 0);
	umask(mask);
	assert_int_equal(stat(in_directory("new"), &status), 0);
	assert_int_equal(status.st_mode & 07777, 0755); /* clients must get through */
	assert_int_equal(status.st_uid, user.uid);
	/* One that was there already is its owner's, but for the run directory. */
	assert_int_equal(user_make_directory_of(&user, old, "/nowhere"), 0);
	assert_int_equal(owner_of(directory), geteuid());
	assert_int_equal(user_make_directory_of(&user, old, directory), 0);
	assert_int_equal(owner_of(directory), user.uid);
	assert_int_equal(user_make_directory_of(&user, "/proc/nowhere/table", "/nowhere"), -ENOENT);
}

/* In a child: what is wrong, 0: nothing. */
static int become_nobody(void)
{
	struct user user;
	gid_t groups[8];
	gid_t before[] = { 0, 4, 27 };
	if (setgroups(3, before) < 0 || user_find(&user, "nobody") < 0 || user_become(&user) < 0)
		return 1;
	if (geteuid() != user.uid || getuid() != user.uid || getegid() != user.gid || getgid() != user.gid)
		return 2;
	int count = getgroups(8, groups);
	for (int i = 0; i < count; i++)
		if (groups[i] != user.gid)
			return 3;
	if (setuid(0) == 0 || setgid(0) == 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 4;
	for (unsigned long i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
		if (prctl(PR_CAPBSET_READ, i, 0, 0, 0) != 0)
			return 5;
	return strcmp(getenv("USER"), "nobody") != 0 || strcmp(getenv("HOME"), getpwuid(user.uid)->pw_dir) != 0 ? 6 : 0;
}

/* "": nothing changes, and what it starts may still gain rights.  Oneself: the latter no more. */
static int become_oneself(void)
{
	struct user user;
	if (user_find(&user, "") < 0 || user_become(&user) < 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 0)
		return 1;
	const struct passwd *self = getpwuid(geteuid());
	if (!self)
		return 0;
	if (user_find(&user, self->pw_name) < 0 || user.changes || user_become(&user) < 0)
		return 2;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 3;
}

static int in_child(int (*function)(void))
{
	int status = 0;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(function());
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_become(void **state)
{
	(void)state;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0)
		assert_int_equal(in_child(become_oneself), 0);
	if (only_root_can())
		assert_int_equal(in_child(become_nobody), 0);
}

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(directory) ? 0 : -1;
}

static int tear_down(void **state)
{
	static const char *const names[] = { "plain", "linked", "second", "foreign", "target", "symbolic", "grouped" };
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		unlink(in_directory(names[i]));
	rmdir(in_directory("new"));
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_hand_over),
		cmocka_unit_test(test_directory),
		cmocka_unit_test(test_become),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
