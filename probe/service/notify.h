/* SPDX-License-Identifier: MIT */
/*
 * notify.h - tells the service manager that started the daemon how it is (sd_notify(3)).  Without one, all of this does nothing.
 */
#ifndef MPFAILOVER_NOTIFY_H
#define MPFAILOVER_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

struct engine;
struct mpf_slot;
struct notify;

/* From now on: ENGINE's state in a line for people, and, if the manager keeps a watchdog, that it does its work, as long as it does.
 * 0 or -errno. */
int notify_open(struct notify **out, uv_loop_t *loop, const struct engine *engine);

void notify_ready(void);     /* at the start, and when a reload is through */
void notify_reloading(void); /* one begins */
void notify_stopping(void);

/* NULL is fine. */
void notify_close(struct notify *notify);

/* The line for people: pure. */
void notify_print_status(char *out, size_t size, const struct mpf_slot *slot, bool off);

#endif
