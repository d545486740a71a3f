/* SPDX-License-Identifier: MIT */
#include "probe/service/notify.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "probe/engine/clock.h"
#include "probe/engine/engine.h"
#include "probe/judge/verdict.h"
#include "probe/table/table_writer.h"

enum { TELL_MS = 1000, STATUS_TEXT = 200 };

struct notify {
	const struct engine *engine;
	uv_timer_t timer;
	bool has_watchdog;
	char told[STATUS_TEXT];
};

static void add(char *out, size_t size, const char *separator, unsigned count, const char *what)
{
	size_t used = strlen(out);
	if (count)
		snprintf(out + used, size - used, "%s%u %s", separator, count, what);
}

void notify_print_status(char *out, size_t size, const struct mpf_slot *slot, bool off)
{
	static const enum mpf_verdict order[] = { MPF_UP, MPF_SUSPECT, MPF_DOWN, MPF_UNKNOWN };
	unsigned count[4] = { 0 }, drained = 0, maintained = 0, services_off = 0;
	for (uint32_t i = 0; i < slot->candidate_count; i++) {
		uint32_t word = __atomic_load_n(&slot->candidates[i].word, __ATOMIC_RELAXED);
		count[mpf_word_verdict(word) & 3]++;
		drained += mpf_word_operator(word) == MPF_DRAIN;
		maintained += mpf_word_operator(word) == MPF_MAINT;
	}
	for (uint32_t i = 0; i < slot->service_count; i++)
		services_off += slot->services[i].off != 0;
	snprintf(out, size, "%sservices: %u, candidates:", off ? "switched OFF; " : "", slot->service_count);
	const char *separator = " ";
	for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
		add(out, size, separator, count[order[i]], verdict_name(order[i]));
		separator = count[order[i]] ? ", " : separator;
	}
	if (!slot->candidate_count)
		snprintf(out + strlen(out), size - strlen(out), " none");
	add(out, size, "; ", drained, "drained");
	add(out, size, "; ", maintained, "in maintenance");
	add(out, size, "; ", services_off, "services switched off");
}

static void tell_status(struct notify *notify)
{
	char text[STATUS_TEXT];
	struct table_writer *table = engine_table(notify->engine);
	const struct mpf_slot *slot = table_writer_active(table);
	if (!slot)
		return;
	notify_print_status(text, sizeof text, slot, table_writer_is_off(table));
	if (strcmp(text, notify->told) == 0)
		return;
	sd_notifyf(0, "STATUS=%s", text);
	memcpy(notify->told, text, sizeof text);
}

static void on_time(uv_timer_t *timer)
{
	struct notify *notify = timer->data;
	tell_status(notify);
	if (notify->has_watchdog && engine_works(notify->engine, clock_ms()))
		sd_notify(0, "WATCHDOG=1");
}

static void on_closed(uv_handle_t *timer)
{
	free(timer->data);
}

int notify_open(struct notify **out, uv_loop_t *loop, const struct engine *engine)
{
	const char *socket = getenv("NOTIFY_SOCKET");
	uint64_t limit_us = 0;
	*out = NULL;
	if (!socket || !*socket)
		return 0;
	struct notify *notify = calloc(1, sizeof *notify);
	if (!notify)
		return -ENOMEM;
	notify->engine = engine;
	notify->has_watchdog = sd_watchdog_enabled(0, &limit_us) > 0;
	/* Thrice within the limit, so that one may come late. */
	uint64_t every_ms = notify->has_watchdog && limit_us / 3000 < TELL_MS ? limit_us / 3000 : TELL_MS;
	uv_timer_init(loop, &notify->timer);
	notify->timer.data = notify;
	uv_timer_start(&notify->timer, on_time, 0, every_ms ? every_ms : 1);
	*out = notify;
	return 0;
}

void notify_ready(void)
{
	sd_notify(0, "READY=1");
}

/* With the time, as managers since systemd 253 want it. */
void notify_reloading(void)
{
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu", (unsigned long long)clock_us());
}

void notify_stopping(void)
{
	sd_notify(0, "STOPPING=1\nSTATUS=ending; clients go on by the table");
}

void notify_close(struct notify *notify)
{
	if (notify)
		uv_close((uv_handle_t *)&notify->timer, on_closed);
}
