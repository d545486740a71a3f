/* SPDX-License-Identifier: MIT */
#include "probe/ctl/ctl.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "preload/table.h"
#include "probe/service/standard.h"

struct command {
	const char *name, *arguments, *summary;
	int (*run)(struct ctl *ctl, int argc, char **argv);
};

static const struct command commands[] = {
	{ "status", "[--json] [--watch]", "what the table says of every candidate (works without the daemon)",
	  ctl_status },
	{ "explain", "HOST|ADDRESS [PORT]", "where a connect would go now, and why", ctl_explain },
	{ "export", "haproxy [-c FILE] [-b ADDRESS ...]",
	  "the services as a configuration of HAProxy, for what no library can reach", ctl_export },
	{ "doctor", "[-q] [--json] [-l LIBRARY] [COMMAND ... | PID]",
	  "would the library act in it, and if not, why not", ctl_doctor },
	{ "drain", "[--json] SERVICE/CANDIDATE", "no new connections while a better one is usable", ctl_control },
	{ "maint", "[--json] SERVICE/CANDIDATE", "no connections at all, and no hooks", ctl_control },
	{ "ready", "[--json] SERVICE/CANDIDATE", "in use again; also ends a hold", ctl_control },
	{ "off", "[--json] [SERVICE]", "running clients pass it through, or everything", ctl_control },
	{ "on", "[--json] [SERVICE]", "and are led again", ctl_control },
	{ "check", "[--json] [SERVICE[/CANDIDATE]]", "check now, and say how it went", ctl_control },
	{ "reload", "[--json]", "read the configuration again; a faulty one changes nothing", ctl_control },
	{ "events", "[--json] [--follow]", "the last changes, acts, reloads and hooks", ctl_control },
	{ "log", "[--json] LEVEL", "error, warn, info or debug, until the daemon ends", ctl_control },
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

/* What does not fit into its column has a line of its own. */
static void print_command(FILE *out, const struct command *command)
{
	enum { COLUMN = 30 };
	const bool fits = strlen(command->arguments) <= COLUMN;
	fprintf(out, "  %-9s%-*s", command->name, COLUMN, command->arguments);
	if (!fits)
		fprintf(out, "\n%*s", 2 + 9 + COLUMN, "");
	fprintf(out, " %s\n", command->summary);
}

static void print_help(FILE *out)
{
	fprintf(out, "usage: mpfailoverctl [-t TABLE] [-s SOCKET] COMMAND [ARGUMENT ...]\n\n");
	for (int i = 0; i < COMMANDS; i++)
		print_command(out, &commands[i]);
	fprintf(out,
	        "\n"
	        "  -t, --table TABLE   another table than %s\n"
	        "                      (the environment's MPFAILOVER_TABLE does the same)\n"
	        "  -s, --socket SOCKET another control socket of the daemon than the one that the table names\n"
	        "  -h, --help          this text; after a command, that of the command\n"
	        "  -V, --version\n",
	        MPF_DEFAULT_TABLE);
}

static void print_usage(FILE *out, const struct command *command)
{
	fprintf(out, "usage: mpfailoverctl [-t TABLE] %s%s %s\n", command->run == ctl_control ? "[-s SOCKET] " : "",
	        command->name, command->arguments);
}

static const struct command *find_command(const char *name)
{
	for (int i = 0; i < COMMANDS; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static int unknown_command(const char *name)
{
	fprintf(stderr, "mpfailoverctl: there is no command \"%s\"; there are:", name);
	for (int i = 0; i < COMMANDS; i++)
		fprintf(stderr, "%s %s", i ? "," : "", commands[i].name);
	fputc('\n', stderr);
	return CTL_USAGE;
}

static bool asks_for_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return true;
	return false;
}

static int run_command(struct ctl *ctl, int argc, char **argv)
{
	const struct command *command = find_command(argv[0]);
	if (!command)
		return unknown_command(argv[0]);
	if (asks_for_help(argc, argv)) {
		print_usage(stdout, command);
		printf("\n%s\n", command->summary);
		return CTL_OK;
	}
	static char program[] = "mpfailoverctl"; /* for getopt()'s messages */
	argv[0] = program;
	optind = 0; /* getopt() starts anew, at the command's own arguments */
	ctl->command = command->name;
	int result = command->run(ctl, argc, argv);
	if (result == CTL_USAGE)
		print_usage(stderr, command);
	return result;
}

/* ------------------------------------------------------------------------------------------------------ standard output */

static int output_error; /* of the first write to standard output that failed */

static ssize_t write_output(void *cookie, const char *data, size_t size)
{
	size_t written = 0;
	(void)cookie;
	while (written < size) {
		const ssize_t count = write(STDOUT_FILENO, data + written, size - written);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0) {
			output_error = output_error ? output_error : errno;
			break;
		}
		written += (size_t)count;
	}
	return (ssize_t)written;
}

/* Standard output that remembers why it could not be written, which stdio tells only whoever asks at once. */
static bool replace_output(void)
{
	FILE *output = fopencookie(NULL, "w", (cookie_io_functions_t){ .write = write_output });
	if (!output)
		return false;
	if (isatty(STDOUT_FILENO))
		setvbuf(output, NULL, _IOLBF, BUFSIZ);
	stdout = output;
	return true;
}

/* RESULT, if all of it was written. */
static int end_output(int result)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return result;
	fprintf(stderr, "mpfailoverctl: standard output: %s\n", strerror(output_error));
	return CTL_FAILED;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "table", required_argument, NULL, 't' },
		{ "socket", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	const char *table = getenv("MPFAILOVER_TABLE");
	struct ctl ctl = { .table = table && *table ? table : MPF_DEFAULT_TABLE };
	standard_fill(O_RDONLY);
	if (!replace_output()) {
		perror("mpfailoverctl");
		return CTL_FAILED;
	}
	for (int option; (option = getopt_long(argc, argv, "+t:s:hV", options, NULL)) != -1;)
		switch (option) {
		case 't':
			ctl.table = optarg;
			break;
		case 's':
			ctl.socket = optarg;
			break;
		case 'h':
			print_help(stdout);
			return end_output(CTL_OK);
		case 'V':
			printf("mpfailoverctl %s\n", MPF_VERSION);
			return end_output(CTL_OK);
		default:
			print_help(stderr);
			return CTL_USAGE;
		}
	if (optind == argc) {
		print_help(stderr);
		return CTL_USAGE;
	}
	return end_output(run_command(&ctl, argc - optind, argv + optind));
}
