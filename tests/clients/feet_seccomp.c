/* SPDX-License-Identifier: MIT */
/*
 * feet_seccomp pass|ours ADDRESS PORT WANTED: a client that shuts itself in when it has started, and then connects.  The kernel
 * kills it at a system call that is not its own (pass), or neither its own nor one that libmpfailover(7) lists (ours).
 */
#include <err.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/clients/dial.h"

#ifdef __i386__
#define ARCHITECTURE AUDIT_ARCH_I386
#else
#define ARCHITECTURE AUDIT_ARCH_X86_64
#endif

/* What dial_once() does, and the end. */
static const int own[] = { SYS_socket, SYS_setsockopt, SYS_connect, SYS_getpeername, SYS_close, SYS_exit_group };

/* The manual's lists, for an address of ours, for a table that is to be found again, and for what is logged. */
static const int librarys[] = {
	SYS_getsockopt,   SYS_getsockname,    SYS_bind,          SYS_poll,   SYS_ppoll,      SYS_recvmsg, SYS_fcntl,
	SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_clock_gettime, SYS_sendto, SYS_newfstatat, SYS_openat,  SYS_mmap,
	SYS_mremap,       SYS_munmap,         SYS_geteuid,       SYS_getpid, SYS_write,
};

enum { PER_CALL = 2, ROOM = 4 + PER_CALL * (sizeof own + sizeof librarys) / sizeof(int) + 1 };

static struct sock_filter filter[ROOM];
static unsigned short filled;

static void add(struct sock_filter step)
{
	filter[filled++] = step;
}

static void allow(const int *calls, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)calls[i], 0, 1));
		add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
	}
}

static void shut_in(bool with_librarys)
{
	add((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)));
	add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0));
	add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
	add((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)));
	allow(own, sizeof own / sizeof own[0]);
	if (with_librarys)
		allow(librarys, sizeof librarys / sizeof librarys[0]);
	add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
	const struct sock_fprog program = { .len = filled, .filter = filter };
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		err(2, "seccomp");
}

int main(int argc, char **argv)
{
	struct dial dial;
	if (argc != 5)
		return 2;
	dial_parse(&dial, argv + 2);
	shut_in(!strcmp(argv[1], "ours"));
	_exit(dial_once(&dial));
}
