/* SPDX-License-Identifier: MIT */
/*
 * command.h - what an operator can tell the daemon: one table of commands, and what each does.
 *
 * A request: {"version": 1, "command": NAME} and, by command, "service", "candidate", "level", "follow".
 * An answer: {"ok": true, "text": what was done, ...}, or {"ok": false, "error": {"code": WORD, "text": what is wrong}}.
 */
#ifndef MPFAILOVER_COMMAND_H
#define MPFAILOVER_COMMAND_H

#include "probe/control/control.h"
#include "probe/engine/engine.h"

struct command_world {
	struct engine *engine;
	json_t *(*reload)(void *owner); /* does it, and makes the answer */
	void *owner;
};

/* For control_open(), with a struct command_world as owner. */
void command_asked(void *world, struct control_client *client, const json_t *request);

#endif
