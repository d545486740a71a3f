/* SPDX-License-Identifier: MIT */
#include "probe/ctl/ctl_table.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "preload/choose.h"
#include "preload/view.h"

#ifndef MPF_SYSCONFDIR
#define MPF_SYSCONFDIR "/etc"
#endif

/* A writer that publishes on and on must not keep us here; one configuration a second is far more than there will be. */
enum { TRIES = 100 };

/* Word by word, so that a verdict that changes meanwhile is the old or the new one. */
static void copy_words(void *to, const void *from, size_t size)
{
	uint32_t *out = to;
	const uint32_t *in = from;
	for (size_t i = 0; i < size / sizeof *out; i++)
		out[i] = __atomic_load_n(&in[i], __ATOMIC_RELAXED);
}

/* Copies COUNT elements of ELEMENT_SIZE bytes out of a slot, by the strides of the file. */
static void copy_array(void *to, const struct mpf_slot *slot, const struct mpf_array *array, uint32_t count,
                       size_t element_size)
{
	for (uint32_t i = 0; i < count; i++)
		copy_words((char *)to + i * element_size,
		           (const char *)slot + array->offset + (size_t)i * array->stride, element_size);
}

static uint32_t at_most(uint32_t value, uint32_t limit, uint32_t other_limit)
{
	const uint32_t least = limit < other_limit ? limit : other_limit;
	return value < least ? value : least;
}

static void copy_slot(struct mpf_slot *out, const struct mpf_header *header, const struct mpf_slot *slot)
{
	copy_words(out, slot, offsetof(struct mpf_slot, address_index));
	out->service_count = at_most(out->service_count, header->services.limit, MPF_MAX_SERVICES);
	out->host_count = at_most(out->host_count, header->hosts.limit, MPF_MAX_HOSTS);
	out->candidate_count = at_most(out->candidate_count, header->candidates.limit, MPF_MAX_CANDIDATES);
	out->candidate_count = at_most(out->candidate_count, header->infos.limit, MPF_MAX_CANDIDATES);
	out->uplink_count = at_most(out->uplink_count, header->uplinks.limit, MPF_MAX_UPLINKS);
	copy_array(out->services, slot, &header->services, out->service_count, sizeof out->services[0]);
	copy_array(out->hosts, slot, &header->hosts, out->host_count, sizeof out->hosts[0]);
	copy_array(out->candidates, slot, &header->candidates, out->candidate_count, sizeof out->candidates[0]);
	copy_array(out->infos, slot, &header->infos, out->candidate_count, sizeof out->infos[0]);
	copy_array(out->uplinks, slot, &header->uplinks, out->uplink_count, sizeof out->uplinks[0]);
}

/* Ends TEXT within SIZE, and takes the control characters out of it: it goes to a terminal. */
static void clean_text(uint8_t *text, size_t size)
{
	text[size - 1] = '\0';
	for (; *text; text++)
		if (*text < ' ' || *text == 0x7f)
			*text = '?';
}

static void clean_service(struct mpf_service *service, uint32_t candidates)
{
	clean_text(service->name, sizeof service->name);
	service->port_count = at_most(service->port_count, MPF_MAX_PORTS, MPF_MAX_PORTS);
	service->first_candidate = at_most(service->first_candidate, candidates, candidates);
	service->candidate_count =
		at_most(service->candidate_count, candidates - service->first_candidate, MPF_MAX_SERVICE_CANDIDATES);
}

static void clean_slot(struct mpf_slot *slot)
{
	clean_text(slot->source, sizeof slot->source);
	for (uint32_t i = 0; i < slot->service_count; i++)
		clean_service(&slot->services[i], slot->candidate_count);
	for (uint32_t i = 0; i < slot->host_count; i++)
		clean_text(slot->hosts[i].pattern, sizeof slot->hosts[i].pattern);
	for (uint32_t i = 0; i < slot->candidate_count; i++) {
		clean_text(slot->infos[i].name, sizeof slot->infos[i].name);
		if (slot->candidates[i].uplink > slot->uplink_count)
			slot->candidates[i].uplink = 0;
	}
	for (uint32_t i = 0; i < slot->uplink_count; i++) {
		clean_text(slot->uplinks[i].name, sizeof slot->uplinks[i].name);
		clean_text(slot->uplinks[i].interface, sizeof slot->uplinks[i].interface);
	}
}

bool ctl_table_copy(struct ctl_table *out, const struct mpf_header *table)
{
	for (int try = 0; try < TRIES; try++) {
		copy_words(&out->header, table, sizeof out->header);
		const uint32_t active = __atomic_load_n(&table->active, __ATOMIC_ACQUIRE) & 1;
		const struct mpf_slot *slot =
			(const struct mpf_slot *)((const char *)table + table->slot_offset[active]);
		const uint32_t generation = __atomic_load_n(&slot->generation, __ATOMIC_ACQUIRE);
		if (!generation || generation & 1)
			continue;
		copy_slot(&out->slot, &out->header, slot);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (__atomic_load_n(&slot->generation, __ATOMIC_RELAXED) != generation)
			continue;
		clean_slot(&out->slot);
		clean_text(out->header.version, sizeof out->header.version);
		clean_text(out->header.report, sizeof out->header.report);
		clean_text(out->header.control, sizeof out->header.control);
		return true;
	}
	return false;
}

static bool is_this_boot(const uint8_t boot_id[40])
{
	char now[37] = "";
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
	if (!file)
		return true;
	const size_t size = fread(now, 1, sizeof now - 1, file);
	fclose(file);
	return size != sizeof now - 1 || !memcmp(boot_id, now, size);
}

static void owner_name(const char *path, char *out, size_t size)
{
	struct stat st;
	if (stat(path, &st) < 0) {
		snprintf(out, size, "another user");
		return;
	}
	const struct passwd *user = getpwuid(st.st_uid);
	snprintf(out, size, "%s (uid %u)", user ? user->pw_name : "a user without a name", st.st_uid);
}

static void say_absent(const char *path, int error_number, char error[CTL_ERROR_SIZE])
{
	if (error_number == ENOENT || error_number == ENOTDIR)
		snprintf(error, CTL_ERROR_SIZE,
		         "%s: there is no table: mpfailoverd is not running, or writes another one (-t TABLE); "
		         "clients pass everything through",
		         path);
	else
		snprintf(error, CTL_ERROR_SIZE, "%s: %s; clients of this user pass everything through", path,
		         strerror(error_number));
}

static void say_refused(enum view_result result, const char *path, int error_number, char error[CTL_ERROR_SIZE])
{
	char owner[96];
	switch (result) {
	case VIEW_NOT_REGULAR:
		snprintf(error, CTL_ERROR_SIZE, "%s: not a regular file: not trusted, clients ignore it", path);
		return;
	case VIEW_WRITABLE:
		snprintf(error, CTL_ERROR_SIZE, "%s: writable by others: not trusted, clients ignore it; chmod go-w %s",
		         path, path);
		return;
	case VIEW_FOREIGN:
		owner_name(path, owner, sizeof owner);
		snprintf(error, CTL_ERROR_SIZE,
		         "%s: owned by %s: not trusted, clients of this user ignore it; they believe root, themselves, "
		         "and the owner of %s",
		         path, owner, MPF_RUN_DIR);
		return;
	case VIEW_NOT_TABLE:
		snprintf(error, CTL_ERROR_SIZE,
		         "%s: not a table, or a damaged one: clients ignore it; mpfailoverd replaces it when it starts",
		         path);
		return;
	case VIEW_OTHER_ABI:
		snprintf(
			error, CTL_ERROR_SIZE,
			"%s: a table of another version than %u, the one that this version knows: its clients ignore it; "
			"install the same version of library, daemon and mpfailoverctl",
			path, MPF_ABI);
		return;
	case VIEW_NO_MEMORY:
		snprintf(error, CTL_ERROR_SIZE, "%s: cannot be mapped: %s", path, strerror(error_number));
		return;
	case VIEW_ABSENT:
	case VIEW_MAPPED:
		say_absent(path, error_number, error);
	}
}

bool ctl_table_read(struct ctl_table *out, const char *path, char error[CTL_ERROR_SIZE])
{
	struct timespec now;
	const enum view_result result = view_open(path);
	if (result != VIEW_MAPPED) {
		say_refused(result, path, errno, error);
		return false;
	}
	const struct mpf_header *table = view_table(&out->now_ms);
	if (!ctl_table_copy(out, table)) {
		snprintf(error, CTL_ERROR_SIZE,
		         "%s: no configuration has been put into this table yet: clients pass everything through",
		         path);
		return false;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	out->now_s = (uint32_t)now.tv_sec;
	out->this_boot = is_this_boot(out->header.boot_id);
	out->pid_exists = out->header.writer_pid && (kill((pid_t)out->header.writer_pid, 0) == 0 || errno == EPERM);
	return true;
}

void ctl_table_source(const char *path, char out[PATH_MAX])
{
	char error[CTL_ERROR_SIZE];
	struct ctl_table *table = malloc(sizeof *table);
	snprintf(out, PATH_MAX, "%s", MPF_SYSCONFDIR "/mpfailover.conf");
	if (table && ctl_table_read(table, path, error) && table->slot.source[0] == '/')
		snprintf(out, PATH_MAX, "%s", (const char *)table->slot.source);
	free(table);
}

uint32_t ctl_table_heartbeat_age_ms(const struct ctl_table *table)
{
	return view_age_ms(table->now_ms, table->header.heartbeat_ms);
}

bool ctl_table_alive(const struct ctl_table *table)
{
	return table->this_boot && table->header.writer_pid &&
	       ctl_table_heartbeat_age_ms(table) < CTL_HEARTBEAT_LOST_MS;
}

unsigned ctl_table_usable(const struct ctl_table *table, uint32_t service)
{
	const struct mpf_service *it = &table->slot.services[service];
	unsigned usable = 0;
	for (uint32_t i = 0; i < it->candidate_count; i++)
		usable += choose_rank_of(table->slot.candidates[it->first_candidate + i].word, false) < RANK_DOWN;
	return usable;
}

bool ctl_table_stale(const struct ctl_table *table, uint32_t service)
{
	return ctl_table_heartbeat_age_ms(table) > table->slot.services[service].stale_after_ms;
}
