/* SPDX-License-Identifier: MIT */
#include "probe/check/shell.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Is it for us alone?  Facts are of one event, and to talk to the service manager is our affair. */
static bool is_ours(const char *variable)
{
	static const char *const ours[] = { "MPF_", "NOTIFY_SOCKET=", "WATCHDOG_USEC=", "WATCHDOG_PID=" };
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		if (strncmp(variable, ours[i], strlen(ours[i])) == 0)
			return true;
	return false;
}

/* The environment with FACTS in front.  NULL: no memory. */
static char **new_environment(char *const *facts, size_t fact_count)
{
	size_t count = 0, used = 0;
	while (environ[count])
		count++;
	char **out = calloc(fact_count + count + 1, sizeof *out);
	if (!out)
		return NULL;
	while (used < fact_count) {
		out[used] = facts[used];
		used++;
	}
	for (size_t i = 0; i < count; i++)
		if (!is_ours(environ[i]))
			out[used++] = environ[i];
	return out;
}

int shell_spawn(uv_loop_t *loop, uv_process_t *process, const char *command, char *const *facts, size_t fact_count,
                uv_pipe_t *input, bool talks, uv_exit_cb ended)
{
	char shell[] = "/bin/sh", flag[] = "-c", *text = strdup(command);
	char *arguments[] = { shell, flag, text, NULL };
	char **environment = new_environment(facts, fact_count);
	uv_stdio_container_t stdio[3] = {
		{ .flags = input ? UV_CREATE_PIPE | UV_READABLE_PIPE : UV_IGNORE, .data.stream = (uv_stream_t *)input },
		{ .flags = talks ? UV_INHERIT_FD : UV_IGNORE, .data.fd = STDERR_FILENO },
		{ .flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO },
	};
	uv_process_options_t options = { .exit_cb = ended,
		                         .file = shell,
		                         .args = arguments,
		                         .env = environment,
		                         .flags = UV_PROCESS_DETACHED,
		                         .stdio_count = 3,
		                         .stdio = stdio };
	if (!text || !environment)
		options.file = ""; /* fails, but leaves a handle that can be closed */
	int result = uv_spawn(loop, process, &options);
	if (!text || !environment)
		result = -ENOMEM;
	free(environment);
	free(text);
	return result;
}

void shell_kill(uv_process_t *process)
{
	if (process->pid > 0)
		kill(-process->pid, SIGKILL);
}
