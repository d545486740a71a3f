/* SPDX-License-Identifier: MIT */
/*
 * system.h - the few calls whose symbol in libc is too new, or differs between glibc and musl.
 *
 * One object serves glibc from 2.17 on and musl: fstat() is a symbol of glibc 2.33, and on 32 bits the two C libraries disagree
 * about mmap()'s off_t.  The system call itself is the same everywhere.  It is no cancellation point either, and not what another
 * preloaded library may have put in its place.
 */
#ifndef MPFAILOVER_SYSTEM_H
#define MPFAILOVER_SYSTEM_H

#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#if defined(__GLIBC__) && defined(__i386__)
/* Its version from before 2.17, when it was librt's. */
__asm__(".symver clock_gettime, clock_gettime@GLIBC_2.2");
#endif

/* The kernel's own layout: glibc's stat64 is exactly that, in both widths. */
typedef struct stat64 system_stat;

/* PATH NULL: of the open descriptor FD.  0, or -1 and errno. */
static inline int system_stat_at(int fd, const char *path, system_stat *out)
{
#ifdef SYS_newfstatat
	const long number = SYS_newfstatat;
#else
	const long number = SYS_fstatat64;
#endif
	return (int)syscall(number, fd, path ? path : "", out, path ? 0 : AT_EMPTY_PATH);
}

/* SIZE bytes of FD (-1: of zeros) from its start, shared and read-only, at PLACE (NULL: anywhere); MAP_FAILED and errno. */
static inline void *system_map_readonly(void *place, int fd, size_t size)
{
#ifdef SYS_mmap2
	const long number = SYS_mmap2;
#else
	const long number = SYS_mmap;
#endif
	const int flags = (place ? MAP_FIXED : 0) | (fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE : MAP_SHARED);
	return (void *)syscall(number, place, size, PROT_READ, flags, fd, 0L);
}

static inline int system_open(const char *path, int flags, mode_t mode)
{
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, mode);
}

static inline long system_write(int fd, const void *data, size_t size) { return syscall(SYS_write, fd, data, size); }

static inline void system_close(int fd) { syscall(SYS_close, fd); }

/* fcntl() is a symbol of glibc 2.28 on 32 bits. */
static inline int system_fcntl(int fd, int command, int argument)
{
	return (int)syscall(SYS_fcntl, fd, command, argument);
}

/* What poll() would say of FD now. */
static inline short system_poll_now(int fd, short events)
{
	struct pollfd poll = { .fd = fd, .events = events };
#ifdef SYS_poll /* where it is to be had it costs half as much */
	const long ready = syscall(SYS_poll, &poll, 1, 0);
#else
	const struct timespec at_once = { 0, 0 };
	const long ready = syscall(SYS_ppoll, &poll, 1, &at_once, NULL, 0);
#endif
	return ready < 0 ? POLLNVAL : poll.revents;
}

/* CLOCK_MONOTONIC in microseconds. */
static inline uint64_t system_now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* CLOCK in milliseconds, cut to 32 bits. */
static inline uint32_t system_clock_ms(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (uint32_t)((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000);
}

#endif
