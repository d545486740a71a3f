/* SPDX-License-Identifier: MIT */
#include "preload/setup.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "preload/next.h"
#include "preload/note.h"
#include "preload/view.h"

enum setup_state { SETUP_NOT_YET, SETUP_ON, SETUP_OFF };

static enum setup_state state;
static char table_path[PATH_MAX], log_path[PATH_MAX];

/* Programs that write their state over their command line overwrite the environment that they were started with.  What is too
 * long for a path is none. */
static const char *keep(char to[PATH_MAX], const char *text)
{
	if (text && strlen(text) < PATH_MAX)
		strcpy(to, text);
	return to;
}

/* Two callers at once do the same twice, which leaves the same behind. */
static enum setup_state setup(void)
{
	const int error = errno;
	const char *off = next_secure_getenv("MPFAILOVER_OFF"), *path = next_secure_getenv("MPFAILOVER_TABLE");
	next_functions();
	enum setup_state result = off && *off && !(off[0] == '0' && !off[1]) ? SETUP_OFF : SETUP_ON;
	if (result == SETUP_ON) {
		note_init(keep(log_path, next_secure_getenv("MPFAILOVER_LOG")));
		view_open(path && *path ? keep(table_path, path) : MPF_DEFAULT_TABLE);
	}
	__atomic_store_n(&state, result, __ATOMIC_RELEASE);
	errno = error;
	return result;
}

/* Now, since the client may shut itself in afterwards (chroot, seccomp, another user). */
__attribute__((constructor)) static void start(void)
{
	if (__atomic_load_n(&state, __ATOMIC_ACQUIRE) == SETUP_NOT_YET)
		setup();
}

/* TABLE is switched off: unless its writer is gone and another file in its place, as after the package was removed and installed anew. */
static const struct mpf_header *past_off(const struct mpf_header *table, uint32_t *now_ms)
{
	uint32_t now;
	view_table(&now);
	if (view_renew(now))
		table = view_table(&now);
	if (now_ms)
		*now_ms = now;
	return table->off ? NULL : table;
}

const struct mpf_header *setup_table(uint32_t *now_ms)
{
	enum setup_state now = __atomic_load_n(&state, __ATOMIC_ACQUIRE);
	if (__builtin_expect(now == SETUP_NOT_YET, false))
		now = setup();
	const struct mpf_header *table = now == SETUP_ON ? view_table(now_ms) : NULL;
	return table && __builtin_expect(table->off, 0) ? past_off(table, now_ms) : table;
}

bool setup_service_in_force(const struct mpf_header *table, const struct mpf_service *service, uint32_t now_ms)
{
	return !service->off && (service->when_stale != MPF_STALE_PASS ||
	                         view_age_ms(now_ms, table->heartbeat_ms) <= service->stale_after_ms);
}
