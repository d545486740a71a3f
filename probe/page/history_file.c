/* SPDX-License-Identifier: MIT */
#include "probe/page/history_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "probe/news/log.h"

enum { NEWER_THAN_S = 5 }; /* a longer pause is one in which nobody looked */

struct history_file {
	struct history *history;
	struct history_row *rows[HISTORY_ROWS]; /* by the candidate's place in the table */
	uint32_t generation;                    /* of the slot that they belong to */
	uint32_t sampled_s;                     /* 0: not yet */
};

static void read_boot_id(uint8_t boot_id[40])
{
	memset(boot_id, 0, 40);
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (read(fd, boot_id, 36) != 36)
		memset(boot_id, 0, 40);
	close(fd);
}

static struct history *map(int fd, int flags)
{
	struct history *history = mmap(NULL, sizeof *history, PROT_READ | PROT_WRITE, flags, fd, 0);
	return history == MAP_FAILED ? NULL : history;
}

/* NULL: there is none that could be used on; *WAS_THERE: but there is something. */
static struct history *map_existing(const char *path, const uint8_t boot_id[40], bool *was_there)
{
	struct history *history = NULL;
	struct stat st;
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	*was_there = fd >= 0 || errno != ENOENT;
	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & 022) &&
	    st.st_size == sizeof *history)
		history = map(fd, MAP_SHARED);
	close(fd);
	if (history && !history_is_sound(history, boot_id)) {
		munmap(history, sizeof *history);
		history = NULL;
	}
	return history;
}

/* 0 or -errno.  Allocated, not sparse: a full file system must fail here, not as SIGBUS at a later store. */
static int map_new(struct history **out, const char *path)
{
	char temporary[PATH_MAX];
	if (snprintf(temporary, sizeof temporary, "%s.new", path) >= (int)sizeof temporary)
		return -ENAMETOOLONG;
	unlink(temporary); /* a leftover of one that was killed */
	int fd = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	int result = -posix_fallocate(fd, 0, sizeof **out);
	if (result == 0) {
		*out = map(fd, MAP_SHARED);
		if (!*out || rename(temporary, path) < 0)
			result = -errno;
	}
	close(fd);
	if (result == 0)
		return 0;
	unlink(temporary);
	if (*out)
		munmap(*out, sizeof **out);
	*out = NULL;
	return result;
}

static struct history *find_or_make(const char *path)
{
	uint8_t boot_id[40];
	bool was_there;
	read_boot_id(boot_id);
	struct history *history = map_existing(path, boot_id, &was_there);
	if (history)
		return history;
	if (was_there)
		log_say(LEVEL_INFO, "history", "%s is of another boot or version, or damaged: begun anew", path);
	int result = map_new(&history, path);
	if (result < 0) {
		log_say(LEVEL_WARN, "history", "%s: %s; history will not survive a restart", path, strerror(-result));
		history = map(-1, MAP_PRIVATE | MAP_ANONYMOUS);
	}
	if (history)
		history_start(history, boot_id);
	return history;
}

struct history_file *history_file_open(const char *path)
{
	struct history_file *file = calloc(1, sizeof *file);
	if (!file)
		return NULL;
	file->history = find_or_make(path);
	if (file->history)
		return file;
	free(file);
	return NULL;
}

const struct history *history_file_history(const struct history_file *file)
{
	return file->history;
}

uint32_t history_file_now_s(void)
{
	struct timespec now;
	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint32_t)now.tv_sec;
}

static void claim(struct history_file *file, const struct mpf_slot *slot, uint32_t now_s)
{
	static struct history_identity wanted[HISTORY_ROWS];
	for (uint32_t i = 0; i < slot->candidate_count; i++)
		history_identify(&wanted[i], slot, i);
	history_claim(file->history, wanted, slot->candidate_count, now_s, file->rows);
	file->generation = slot->generation;
}

void history_file_sample(struct history_file *file, const struct mpf_slot *slot)
{
	const uint32_t now_s = history_file_now_s();
	uint32_t seconds = now_s - file->sampled_s;
	if (slot->generation != file->generation)
		claim(file, slot, now_s);
	if (!file->sampled_s || seconds > NEWER_THAN_S)
		seconds = 1;
	for (uint32_t i = 0; i < slot->candidate_count; i++)
		history_add(file->rows[i], now_s, history_state_of(slot->candidates[i].word), seconds,
		            slot->candidates[i].handshake_us);
	file->sampled_s = now_s;
}

void history_file_close(struct history_file *file)
{
	if (!file)
		return;
	munmap(file->history, sizeof *file->history);
	free(file);
}
