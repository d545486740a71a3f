/* SPDX-License-Identifier: MIT */
#include "preload/view.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "preload/lookup.h"
#include "preload/system.h"

/* Two missed heartbeats and some: time to see whether another file has taken this one's place. */
enum { HEARTBEAT_LOST_MS = 3000, LOOK_AGAIN_MS = 1000 };

static const char *table_path;
static struct mpf_header *mapped; /* atomic */
static uint32_t looked_ms;        /* atomic: when the file was last looked at */
static uint32_t file_identity;    /* atomic: of the mapped file, so that one stat() can tell that it is still the one */

uint32_t view_age_ms(uint32_t now_ms, uint32_t then_ms)
{
	uint32_t age = now_ms - then_ms;
	return age > UINT32_MAX - 1000 ? 0 : age;
}

/* Device and inode in one word: only that can be stored atomically in both widths. A collision would hide a new file from one client, no more. */
static uint32_t identity(const system_stat *st)
{
	return (uint32_t)st->st_ino * 0x9e3779b1u ^ (uint32_t)((uint64_t)st->st_ino >> 32) ^
	       (uint32_t)st->st_dev * 0x85ebca6bu;
}

static bool owner_trusted(uid_t owner)
{
	system_stat run;
	return owner == 0 || owner == geteuid() ||
	       (system_stat_at(AT_FDCWD, MPF_RUN_DIR, &run) == 0 && S_ISDIR(run.st_mode) && run.st_uid == owner);
}

static enum view_result check_file(int fd, system_stat *st)
{
	if (system_stat_at(fd, NULL, st) < 0)
		return VIEW_ABSENT;
	if (!S_ISREG(st->st_mode))
		return VIEW_NOT_REGULAR;
	if (st->st_mode & 022)
		return VIEW_WRITABLE;
	if (!owner_trusted(st->st_uid))
		return VIEW_FOREIGN;
	if (st->st_size < (off64_t)sizeof(struct mpf_header) || st->st_size > MPF_MAX_FILE)
		return VIEW_NOT_TABLE;
	return VIEW_MAPPED;
}

/* From `abi` to `active`, and the arrays: what a lookup under way relies on. */
static bool same_geometry(const struct mpf_header *a, const struct mpf_header *b)
{
	return !memcmp(a, b, offsetof(struct mpf_header, active)) &&
	       !memcmp(&a->services, &b->services,
	               offsetof(struct mpf_header, boot_id) - offsetof(struct mpf_header, services));
}

/* A table's place: what a damaged header can point to (lookup.c), and the longest element behind it. */
enum { PLACE = MPF_MAX_FILE + 4096 };

static struct mpf_header *map_file(int fd, size_t size)
{
	void *place = system_map_readonly(NULL, -1, PLACE);
	if (place == MAP_FAILED || system_map_readonly(place, fd, size) != MAP_FAILED)
		return place;
	const int error = errno;
	munmap(place, PLACE);
	errno = error;
	return MAP_FAILED;
}

/* Puts TABLE, of FD, where readers find it.  Other threads may be reading the old one, so it is never unmapped: the new one is mapped
 * over it in one step (a reader's second look at the generation sees that), or, if it is laid out otherwise, takes
 * a place of its own. */
static void replace(struct mpf_header *table, int fd, size_t size)
{
	struct mpf_header *old = __atomic_load_n(&mapped, __ATOMIC_ACQUIRE);
	if (old && same_geometry(old, table) && system_map_readonly(old, fd, size) == old)
		munmap(table, PLACE);
	else
		__atomic_store_n(&mapped, table, __ATOMIC_RELEASE);
}

enum view_result view_open(const char *path)
{
	system_stat st;
	table_path = path;
	int fd = system_open(path, O_RDONLY, 0);
	if (fd < 0)
		return VIEW_ABSENT;
	enum view_result result = check_file(fd, &st);
	if (result != VIEW_MAPPED)
		goto cleanup;
	const size_t size = (size_t)st.st_size;
	struct mpf_header *table = map_file(fd, size);
	if (table == MAP_FAILED) {
		result = VIEW_NO_MEMORY;
		goto cleanup;
	}
	if (!lookup_table_sound(table, (uint32_t)size)) {
		result = table->magic == MPF_MAGIC && table->abi != MPF_ABI ? VIEW_OTHER_ABI : VIEW_NOT_TABLE;
		munmap(table, PLACE);
		goto cleanup;
	}
	replace(table, fd, size);
	__atomic_store_n(&file_identity, identity(&st), __ATOMIC_RELAXED);
cleanup:;
	int error = errno;
	system_close(fd);
	errno = error;
	return result;
}

static bool same_file(void)
{
	system_stat st;
	return system_stat_at(AT_FDCWD, table_path, &st) == 0 &&
	       identity(&st) == __atomic_load_n(&file_identity, __ATOMIC_RELAXED);
}

/* True: another table was mapped. */
static bool look_again(const struct mpf_header *table, uint32_t now_ms)
{
	uint32_t last = __atomic_load_n(&looked_ms, __ATOMIC_RELAXED);
	if (now_ms - last < LOOK_AGAIN_MS || !table_path ||
	    !__atomic_compare_exchange_n(&looked_ms, &last, now_ms, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		return false;
	const int error = errno;
	const bool again = !table || table->retired || !same_file();
	const bool opened = again && view_open(table_path) == VIEW_MAPPED;
	errno = error;
	return opened;
}

const struct mpf_header *view_table(uint32_t *now_ms)
{
	const struct mpf_header *table = __atomic_load_n(&mapped, __ATOMIC_ACQUIRE);
	const bool good = table && !table->retired;
	if (good && !now_ms)
		return table;
	const uint32_t now = system_clock_ms(CLOCK_MONOTONIC_COARSE);
	if (now_ms)
		*now_ms = now;
	if (!good)
		look_again(table, now);
	return __atomic_load_n(&mapped, __ATOMIC_ACQUIRE);
}

bool view_renew(uint32_t now_ms)
{
	const struct mpf_header *table = __atomic_load_n(&mapped, __ATOMIC_ACQUIRE);
	return table && view_age_ms(now_ms, table->heartbeat_ms) >= HEARTBEAT_LOST_MS && look_again(table, now_ms);
}
