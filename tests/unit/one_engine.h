/* SPDX-License-Identifier: MIT */
/*
 * one_engine.h - an engine in this process, and its table as a client sees it.
 */
#ifndef MPFAILOVER_ONE_ENGINE_H
#define MPFAILOVER_ONE_ENGINE_H

#include <stdbool.h>

#include "probe/engine/engine.h"

#include "preload/table.h"

struct one_engine {
	uv_loop_t loop;
	struct engine *engine;
	char table[128];
	const struct mpf_header *header; /* a client's mapping */
};

/* In DIRECTORY, with the configuration that FORMAT makes.  What goes wrong fails the test. */
void one_engine_start(struct one_engine *one, const char *directory, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void one_engine_load(struct one_engine *one, const char *format, ...) __attribute__((format(printf, 2, 3)));
void one_engine_stop(struct one_engine *one);

/* The slot in force. */
const struct mpf_slot *one_engine_slot(const struct one_engine *one);

/* Candidate INDEX: "up", "up doubted", "up held", "suspect", "down", "unknown"; and the reason of it. */
const char *one_engine_says(const struct one_engine *one, unsigned index);
enum mpf_reason one_engine_reason(const struct one_engine *one, unsigned index);

/* Turns the loop until candidate INDEX is WANTED; fails the test after LIMIT_MS.  Returns how long it took. */
uint64_t one_engine_wait(struct one_engine *one, unsigned index, const char *wanted, uint64_t limit_ms);

/* Turns it for a while, and fails the test if candidate INDEX is anything but WANTED at any moment. */
void one_engine_stays(struct one_engine *one, unsigned index, const char *wanted, uint64_t time_ms);

/* As a client does. */
void one_engine_report(struct one_engine *one, const struct mpf_report *report);

#endif
