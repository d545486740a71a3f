/* SPDX-License-Identifier: MIT */
#include "probe/table/table_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct table_writer {
	int lock_fd;
	struct mpf_header *header; /* the whole file, MPF_FILE_SIZE bytes */
	bool in_force;             /* something was published, or adopted */
	char *path;
	dev_t device; /* of the file, */
	ino_t inode;  /* by which it is known again */
	uint8_t boot_id[40];
};

static struct mpf_slot *slot_at(const struct mpf_header *header, uint32_t number)
{
	return (struct mpf_slot *)((char *)header + MPF_HEADER_SPACE + (size_t)(number & 1) * MPF_SLOT_SPACE);
}

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

#define ARRAY_OF(field)                                                                                         \
	{                                                                                                       \
		.offset = offsetof(struct mpf_slot, field), .stride = sizeof(((struct mpf_slot *)0)->field[0]), \
		.limit = sizeof(((struct mpf_slot *)0)->field) / sizeof(((struct mpf_slot *)0)->field[0]),      \
	}

/* What never changes in a file of this ABI, so that a file can be recognised as one that this writer may use on. */
static struct mpf_header geometry(void)
{
	return (struct mpf_header){
		.magic = MPF_MAGIC,
		.abi = MPF_ABI,
		.header_size = sizeof(struct mpf_header),
		.file_size = MPF_FILE_SIZE,
		.slot_offset = { MPF_HEADER_SPACE, MPF_HEADER_SPACE + MPF_SLOT_SPACE },
		.slot_size = sizeof(struct mpf_slot),
		.services = ARRAY_OF(services),
		.hosts = ARRAY_OF(hosts),
		.candidates = ARRAY_OF(candidates),
		.infos = ARRAY_OF(infos),
		.uplinks = ARRAY_OF(uplinks),
		.address_index = ARRAY_OF(address_index),
		.host_index = ARRAY_OF(host_index),
	};
}

static bool same_geometry(const struct mpf_header *header)
{
	struct mpf_header ours = geometry();
	return !memcmp(header, &ours, offsetof(struct mpf_header, active)) &&
	       !memcmp(&header->services, &ours.services,
	               offsetof(struct mpf_header, boot_id) - offsetof(struct mpf_header, services));
}

/* Are the counts and the words of SLOT such as this writer could have stored?  (It is trusted otherwise: readers check.) */
static bool slot_sound(const struct mpf_slot *slot)
{
	if (slot->generation & 1 || !slot->generation || slot->service_count > MPF_MAX_SERVICES ||
	    slot->candidate_count > MPF_MAX_CANDIDATES || slot->uplink_count > MPF_MAX_UPLINKS)
		return false;
	for (uint32_t i = 0; i < slot->service_count; i++) {
		const struct mpf_service *service = &slot->services[i];
		if (service->candidate_count > MPF_MAX_SERVICE_CANDIDATES ||
		    service->first_candidate > slot->candidate_count ||
		    service->candidate_count > slot->candidate_count - service->first_candidate)
			return false;
	}
	return true;
}

/* Maps PATH if it is a table that this writer may use on; else NULL, and a table of another kind is marked retired. */
static struct mpf_header *map_existing(const char *path)
{
	struct mpf_header *header = NULL;
	struct stat st;
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size < (off_t)sizeof *header)
		goto cleanup;
	size_t size = st.st_size < MPF_FILE_SIZE ? sizeof *header : (size_t)MPF_FILE_SIZE;
	header = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (header == MAP_FAILED) {
		header = NULL;
		goto cleanup;
	}
	/* A reader takes it only with these rights; whoever could write to it before is not to be believed. */
	bool usable = st.st_uid == geteuid() && !(st.st_mode & 022) && st.st_size == MPF_FILE_SIZE &&
	              same_geometry(header) && !header->retired && fchmod(fd, 0644) == 0;
	if (!usable) {
		if (header->magic == MPF_MAGIC)
			table_store(&header->retired, 1);
		munmap(header, size);
		header = NULL;
	}
cleanup:
	close(fd);
	return header;
}

/* Puts a new, empty table in PATH's place by renaming a finished file over it. */
static int map_new(struct mpf_header **out, const char *path)
{
	char temporary[PATH_MAX];
	int result = 0;
	if (snprintf(temporary, sizeof temporary, "%s.new", path) >= (int)sizeof temporary)
		return -ENAMETOOLONG;
	unlink(temporary); /* a leftover of one that was killed; the lock is ours */
	int fd = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return -errno;
	/* Allocated, not sparse: a full file system must fail here, not as SIGBUS at a later store. */
	result = fchmod(fd, 0644) < 0 ? -errno : -posix_fallocate(fd, 0, MPF_FILE_SIZE);
	if (result)
		goto cleanup;
	struct mpf_header *header = mmap(NULL, MPF_FILE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (header == MAP_FAILED) {
		result = -errno;
		goto cleanup;
	}
	*header = geometry();
	header->magic = 0;
	__atomic_store_n(&header->magic, MPF_MAGIC, __ATOMIC_RELEASE);
	if (rename(temporary, path) < 0) {
		result = -errno;
		munmap(header, MPF_FILE_SIZE);
		goto cleanup;
	}
	*out = header;
cleanup:
	if (result)
		unlink(temporary);
	close(fd);
	return result;
}

static int take_lock(const char *path)
{
	char name[PATH_MAX];
	if (snprintf(name, sizeof name, "%s.lock", path) >= (int)sizeof name)
		return -ENAMETOOLONG;
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		int error = errno;
		close(fd);
		return -error;
	}
	return fd;
}

static void put_text(uint8_t *destination, size_t size, const char *text)
{
	memset(destination, 0, size);
	memcpy(destination, text, strnlen(text, size - 1));
}

/* Which one that is.  Nobody else replaces it while the lock is ours. */
static int remember_file(struct table_writer *writer, const char *path)
{
	struct stat st;
	if (stat(path, &st) < 0)
		return -errno;
	writer->device = st.st_dev;
	writer->inode = st.st_ino;
	writer->path = strdup(path);
	return writer->path ? 0 : -ENOMEM;
}

int table_writer_may_replace(const char *path)
{
	struct stat st;
	if (lstat(path, &st) < 0)
		return 0;
	return S_ISDIR(st.st_mode) ? -EISDIR : S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode) ? -ENOTSUP : 0;
}

int table_writer_open(struct table_writer **out, const char *path, const char *report, const char *control)
{
	uint8_t boot_id[40];
	*out = NULL;
	if (strlen(report) >= MPF_PATH_SIZE || strlen(control) >= MPF_PATH_SIZE)
		return -ENAMETOOLONG;
	int result = table_writer_may_replace(path);
	if (result)
		return result;
	struct table_writer *writer = calloc(1, sizeof *writer);
	if (!writer)
		return -ENOMEM;
	writer->lock_fd = take_lock(path);
	if (writer->lock_fd < 0) {
		result = writer->lock_fd;
		goto cleanup;
	}
	writer->header = map_existing(path);
	if (!writer->header)
		result = map_new(&writer->header, path);
	if (result)
		goto cleanup;
	result = remember_file(writer, path);
	if (result)
		goto cleanup;
	struct mpf_header *header = writer->header;
	read_boot_id(boot_id);
	writer->in_force = header->active < 2 && boot_id[0] && !memcmp(header->boot_id, boot_id, sizeof boot_id) &&
	                   slot_sound(slot_at(header, header->active));
	memcpy(writer->boot_id, boot_id, sizeof boot_id);
	put_text(header->report, sizeof header->report, report);
	put_text(header->control, sizeof header->control, control);
	put_text(header->version, sizeof header->version, MPF_VERSION);
	table_store(&header->writer_pid, (uint32_t)getpid());
cleanup:
	if (result) {
		table_writer_close(writer);
		writer = NULL;
	}
	*out = writer;
	return result;
}

struct mpf_slot *table_writer_active(struct table_writer *writer)
{
	return writer->in_force ? slot_at(writer->header, writer->header->active) : NULL;
}

void table_writer_publish(struct table_writer *writer, const struct mpf_slot *image)
{
	struct mpf_header *header = writer->header;
	uint32_t idle = (header->active & 1) ^ 1;
	struct mpf_slot *slot = slot_at(header, idle);
	/* One number for both slots, so that no generation ever comes back, whichever slot a slow reader is in. */
	uint32_t other = slot_at(header, idle ^ 1)->generation;
	uint32_t generation = (slot->generation > other ? slot->generation : other) | 1;
	if (generation ==
	    1) /* a new file's first: unlike those of the file that it replaced, which a client may still know */
		generation = (uint32_t)time(NULL) | 1;
	__atomic_store_n(&slot->generation, generation, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	memcpy((char *)slot + sizeof slot->generation, (const char *)image + sizeof image->generation,
	       sizeof *slot - sizeof slot->generation);
	/* 0 means "never written", also after four thousand million of them. */
	generation = generation + 1 ? generation + 1 : 2;
	__atomic_store_n(&slot->generation, generation, __ATOMIC_RELEASE);
	__atomic_store_n(&header->active, idle, __ATOMIC_RELEASE);
	/* Not earlier: until now the verdicts in force may be another boot's, and whoever comes after us must not adopt them. */
	memcpy(header->boot_id, writer->boot_id, sizeof header->boot_id);
	writer->in_force = true;
}

void table_writer_heartbeat(struct table_writer *writer, uint32_t now_ms)
{
	table_store(&writer->header->heartbeat_ms, now_ms);
}

bool table_writer_is_in_place(const struct table_writer *writer)
{
	struct stat st;
	return stat(writer->path, &st) == 0 && st.st_dev == writer->device && st.st_ino == writer->inode;
}

void table_writer_set_off(struct table_writer *writer, bool off)
{
	table_store(&writer->header->off, off);
}

bool table_writer_is_off(const struct table_writer *writer)
{
	return writer->header->off != 0;
}

void table_writer_close(struct table_writer *writer)
{
	if (!writer)
		return;
	if (writer->header) {
		table_store(&writer->header->writer_pid, 0);
		munmap(writer->header, MPF_FILE_SIZE);
	}
	if (writer->lock_fd >= 0)
		close(writer->lock_fd); /* the lock file stays: to remove it would let two writers hold two locks */
	free(writer->path);
	free(writer);
}
