/* SPDX-License-Identifier: MIT */
/* mpfailoverd - checks the candidates, and writes the table that the clients read. */
#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "conf/conf.h"
#include "probe/command.h"
#include "probe/control.h"
#include "probe/engine.h"
#include "probe/log.h"
#include "probe/reload.h"

#ifndef MPF_SYSCONFDIR
#define MPF_SYSCONFDIR "/etc"
#endif

enum { EXIT_USAGE = 2 };

struct options {
	const char *file;
	const char *table; /* NULL: the configuration's */
	bool check_only;
};

static const char usage[] = "usage: mpfailoverd [-c FILE] [-n] [-t TABLE] [-v]\n";

static const char help[] = "\n"
			   "Checks the candidates of each service and writes the table that libmpfailover.so reads.\n"
			   "Stays in the foreground, and logs to stderr.\n"
			   "\n"
			   "  -c, --config FILE   the configuration (" MPF_SYSCONFDIR "/mpfailover.conf)\n"
			   "  -n, --check         read it, say what is wrong with it, and exit\n"
			   "  -t, --table TABLE   write that table, whatever the configuration names\n"
			   "  -v, --verbose       log each check, too\n"
			   "  -V, --version\n"
			   "  -h, --help\n"
			   "\n"
			   "SIGHUP reads the configuration again; SIGTERM and SIGINT end it, and the table stays.\n"
			   "Exit status: 0 ended or nothing wrong, 1 an error, 2 usage.\n";

/* -1: go on; else exit with that. */
static int read_options(int argc, char **argv, struct options *options)
{
	static const struct option longs[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check", no_argument, NULL, 'n' },
		{ "table", required_argument, NULL, 't' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;
	while ((option = getopt_long(argc, argv, "c:nt:vVh", longs, NULL)) != -1) {
		switch (option) {
		case 'c':
			options->file = optarg;
			break;
		case 'n':
			options->check_only = true;
			break;
		case 't':
			options->table = optarg;
			break;
		case 'v':
			log_set_level(LEVEL_DEBUG);
			break;
		case 'V':
			puts("mpfailoverd " MPF_VERSION);
			return EXIT_SUCCESS;
		case 'h':
			printf("%s%s", usage, help);
			return EXIT_SUCCESS;
		default:
			fprintf(stderr, "%sTry 'mpfailoverd --help'.\n", usage);
			return EXIT_USAGE;
		}
	}
	if (optind == argc)
		return -1;
	fprintf(stderr, "mpfailoverd: '%s' is too much\n%s", argv[optind], usage);
	return EXIT_USAGE;
}

static void print_warning(void *owner, const char *line)
{
	(void)owner;
	fprintf(stderr, "%s\n", line);
}

static void log_warning(void *owner, const char *line)
{
	(void)owner;
	log_say(LEVEL_WARN, "config", "%s", line);
}

static int check_configuration(const char *file)
{
	char *error = NULL;
	struct conf *conf = reload_read(file, print_warning, NULL, &error);
	if (!conf) {
		fprintf(stderr, "%s\n", error ? error : "mpfailoverd: out of memory");
		free(error);
		return EXIT_FAILURE;
	}
	size_t candidates = 0;
	for (size_t i = 0; i < conf->service_count; i++)
		candidates += conf->services[i].candidate_count;
	printf("%s: %zu services, %zu candidates, ok\n", file, conf->service_count, candidates);
	conf_free(conf);
	return EXIT_SUCCESS;
}

/* NULL: refused, and logged. */
static struct conf *load_configuration(const char *file)
{
	char *error = NULL;
	struct conf *conf = reload_read(file, log_warning, NULL, &error);
	if (!conf)
		log_say(LEVEL_ERROR, "config", "%s", error ? error : "out of memory");
	free(error);
	return conf;
}

/* A preloaded library would lead our checks elsewhere, and those of our children.  It looks at MPFAILOVER_OFF when it is
 * loaded, so that means once more from the beginning. */
static void escape_interposition(char **argv)
{
	const char *off = getenv("MPFAILOVER_OFF");
	if (off && off[0] && strcmp(off, "0") != 0)
		return;
	if (setenv("MPFAILOVER_OFF", "1", 1) == 0)
		execv("/proc/self/exe", argv);
	log_say(LEVEL_WARN, "start",
	        "cannot execute /proc/self/exe: %s; a preloaded libmpfailover.so would mislead the checks",
	        strerror(errno));
}

/* Each check under way holds a descriptor. */
static void raise_file_limit(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* The directory of a table in /run is gone after each boot. */
static void make_directory_of(const char *table)
{
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s", table);
	if (mkdir(dirname(path), 0755) < 0 && errno != EEXIST)
		log_say(LEVEL_WARN, "start", "cannot make the directory of %s: %s", table, strerror(errno));
}

struct run {
	struct reload reload; /* the engine, and what it was started with */
	struct command_world commands;
	struct control *control; /* NULL: none */
	char *table, *control_socket, *control_group;
	uv_signal_t terminate, interrupt, hangup;
};

static void on_end(uv_signal_t *signal, int number)
{
	struct run *run = signal->data;
	log_say(LEVEL_INFO, "stop", "%s", strsignal(number));
	uv_close((uv_handle_t *)&run->terminate, NULL);
	uv_close((uv_handle_t *)&run->interrupt, NULL);
	uv_close((uv_handle_t *)&run->hangup, NULL);
	control_close(run->control);
	run->control = NULL;
	engine_stop(run->reload.engine);
}

static json_t *on_reload_command(void *owner)
{
	return reload_run(&((struct run *)owner)->reload);
}

static void on_reload_signal(uv_signal_t *signal, int number)
{
	(void)number;
	json_decref(on_reload_command(signal->data));
}

static void watch_signals(struct run *run, uv_loop_t *loop)
{
	signal(SIGPIPE, SIG_IGN);
	uv_signal_init(loop, &run->terminate);
	uv_signal_init(loop, &run->interrupt);
	uv_signal_init(loop, &run->hangup);
	run->terminate.data = run->interrupt.data = run->hangup.data = run;
	uv_signal_start(&run->terminate, on_end, SIGTERM);
	uv_signal_start(&run->interrupt, on_end, SIGINT);
	uv_signal_start(&run->hangup, on_reload_signal, SIGHUP);
}

/* Where commands arrive, into PATH; "": nowhere, which is no reason not to run. */
static void take_control(struct run *run, uv_loop_t *loop, char path[MPF_PATH_SIZE])
{
	if (run->control_socket[0])
		snprintf(path, MPF_PATH_SIZE, "%s", run->control_socket);
	else
		engine_name_socket(path, run->table, "control");
	run->commands = (struct command_world){ .reload = on_reload_command, .owner = run };
	int result = -ENAMETOOLONG;
	if (path[0]) {
		make_directory_of(path);
		result = control_open(&run->control, loop, path, run->control_group, command_asked, &run->commands);
	}
	if (result == 0)
		return;
	log_say(LEVEL_WARN, "start", "%s: %s; mpfailoverctl can give no commands", path[0] ? path : "control socket",
	        strerror(-result));
	path[0] = '\0';
}

/* The control socket first: the table names it, if it could be had. */
static int take_table(struct run *run, uv_loop_t *loop)
{
	char control_path[MPF_PATH_SIZE];
	make_directory_of(run->table);
	take_control(run, loop, control_path);
	int result = engine_open(&run->reload.engine, loop, run->table, control_path);
	run->commands.engine = run->reload.engine;
	if (result == -EWOULDBLOCK)
		log_say(LEVEL_ERROR, "start", "another mpfailoverd writes %s", run->table);
	else if (result < 0)
		log_say(LEVEL_ERROR, "start", "%s: %s", run->table, strerror(-result));
	return result;
}

/* False: no memory. */
static bool remember(struct run *run, const struct options *options, const struct conf *conf)
{
	run->table = strdup(options->table ? options->table : conf->table);
	run->control_socket = strdup(conf->control_socket);
	run->control_group = strdup(conf->control_group);
	run->reload = (struct reload){ .file = options->file,
		                       .table = options->table ? NULL : run->table,
		                       .control_socket = run->control_socket,
		                       .control_group = run->control_group };
	return run->table && run->control_socket && run->control_group;
}

static int run_daemon(const struct options *options)
{
	int status = EXIT_FAILURE;
	struct run run = { .control = NULL };
	uv_loop_t *loop = uv_default_loop();
	struct conf *conf = load_configuration(options->file);
	if (!conf)
		return EXIT_FAILURE;
	if (!remember(&run, options, conf) || take_table(&run, loop) < 0 || engine_load(run.reload.engine, conf) < 0)
		goto cleanup;
	conf = NULL; /* the engine's */
	watch_signals(&run, loop);
	uv_run(loop, UV_RUN_DEFAULT);
	status = EXIT_SUCCESS;
cleanup:
	control_close(run.control);
	engine_free(run.reload.engine);
	uv_loop_close(loop);
	conf_free(conf);
	free(run.table);
	free(run.control_socket);
	free(run.control_group);
	return status;
}

int main(int argc, char **argv)
{
	struct options options = { .file = MPF_SYSCONFDIR "/mpfailover.conf" };
	int status = read_options(argc, argv, &options);
	if (status >= 0)
		return status;
	if (options.check_only)
		return check_configuration(options.file);
	escape_interposition(argv);
	prctl(PR_SET_NAME, "mpfailoverd"); /* it was executed as /proc/self/exe */
	raise_file_limit();
	return run_daemon(&options);
}
