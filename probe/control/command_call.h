/* SPDX-License-Identifier: MIT */
/*
 * command_call.h - one command under way, for the files that hold commands.
 */
#ifndef MPFAILOVER_COMMAND_CALL_H
#define MPFAILOVER_COMMAND_CALL_H

#include "preload/table.h"
#include "probe/control/command.h"
#include "probe/engine/roster.h"

struct command_call {
	struct command_world *world;
	struct control_client *client;
	const json_t *request;
	const char *name; /* of the command */
	int argument;     /* what tells commands with the same function apart */
	/* What it is about, by its "service" and "candidate". */
	struct mpf_slot *slot;
	struct mpf_service *service;         /* NULL: not named */
	struct candidate *candidate;         /* NULL: not named */
	struct candidate *const *candidates; /* those that it covers, in the roster */
	size_t count;
};

/* Ends with that error. */
void command_fail(struct command_call *call, const char *code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* An answer that is yet to be given; NULL: no memory. */
json_t *command_answer(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "a, b, c": the NAMES so far and one more.  NULL stays NULL, and stands for "no memory". */
char *command_join(char *names, const char *name);

typedef void command_function(struct command_call *call);

command_function command_operator, command_off, command_check, command_events, command_log, command_reload;

#endif
