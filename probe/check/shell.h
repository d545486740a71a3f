/* SPDX-License-Identifier: MIT */
/*
 * shell.h - a command of the operator's, run by /bin/sh in a process group of its own.
 */
#ifndef MPFAILOVER_SHELL_H
#define MPFAILOVER_SHELL_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

/* FACTS, "MPF_NAME=value" each, stand in its environment in place of any other MPF_ variables.  INPUT, initialised and at the end
 * for writing afterwards, becomes its standard input (NULL: nothing there); its standard error is ours, and so is its output if
 * TALKS.  PROCESS is a handle to be closed, also if this fails. */
int shell_spawn(uv_loop_t *loop, uv_process_t *process, const char *command, char *const *facts, size_t fact_count,
                uv_pipe_t *input, bool talks, uv_exit_cb ended);

/* Ends it with all that it has started; libuv still tells of its end. */
void shell_kill(uv_process_t *process);

#endif
