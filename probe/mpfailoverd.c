/* SPDX-License-Identifier: MIT */
/* mpfailoverd - checks the candidates, and writes the table that the clients read. */
#include <errno.h>
#include <fcntl.h>
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
#include "probe/control/command.h"
#include "probe/control/control.h"
#include "probe/control/reload.h"
#include "probe/engine/engine.h"
#include "probe/news/log.h"
#include "probe/page/web.h"
#include "probe/service/notify.h"
#include "probe/service/standard.h"
#include "probe/service/user.h"
#include "probe/table/table_writer.h"

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

/* The exit status after what was asked for is on standard output. */
static int printed(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_SUCCESS;
	fprintf(stderr, "mpfailoverd: standard output: %s\n", strerror(errno));
	return EXIT_FAILURE;
}

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
			return printed();
		case 'h':
			printf("%s%s", usage, help);
			return printed();
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
	return printed();
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

struct run {
	struct reload reload; /* the engine, and what it was started with */
	struct command_world commands;
	struct user user;
	struct control *control; /* NULL: none */
	struct notify *notify;   /* NULL: nobody to notify */
	char *table, *control_socket, *control_group, *user_name;
	uv_signal_t terminate, interrupt, hangup;
};

static void on_end(uv_signal_t *signal, int number)
{
	struct run *run = signal->data;
	log_say(LEVEL_INFO, "stop", "%s", strsignal(number));
	notify_stopping();
	notify_close(run->notify);
	uv_close((uv_handle_t *)&run->terminate, NULL);
	uv_close((uv_handle_t *)&run->interrupt, NULL);
	uv_close((uv_handle_t *)&run->hangup, NULL);
	control_close(run->control);
	run->control = NULL;
	web_stop(run->reload.web);
	engine_stop(run->reload.engine);
}

static json_t *on_reload_command(void *owner)
{
	notify_reloading();
	json_t *answer = reload_run(&((struct run *)owner)->reload);
	notify_ready();
	return answer;
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

/* The directory of a table in /run is gone after each boot. */
static void make_directory_of(const struct run *run, const char *path)
{
	int result = user_make_directory_of(&run->user, path, MPF_RUN_DIR);
	if (result < 0)
		log_say(LEVEL_WARN, "start", "the directory of %s cannot be made: %s", path, strerror(-result));
}

/* To whom it belongs that will write it. */
static void hand_over(const struct run *run, const char *path, bool keeps_group)
{
	int result = user_hand_over(&run->user, path, keeps_group);
	if (result < 0)
		log_say(LEVEL_WARN, "start", "cannot give %s to the user %s: %s", path, run->user.name,
		        strerror(-result));
}

static int open_control(struct run *run, uv_loop_t *loop, const char *path)
{
	const char *group = run->control_group;
	int result = control_open(&run->control, loop, path, group, command_asked, &run->commands);
	/* -EINVAL: a group that this user namespace does not have. */
	if ((result == -EPERM || result == -EINVAL) && group[0]) {
		log_say(LEVEL_WARN, "start", "%s: only root, and members of the group %s, can give it to that group",
		        path, group);
		group = "";
		result = control_open(&run->control, loop, path, group, command_asked, &run->commands);
	}
	if (result == 0)
		hand_over(run, path, group[0] != '\0');
	return result;
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
		make_directory_of(run, path);
		result = open_control(run, loop, path);
	}
	if (result == 0)
		return;
	log_say(LEVEL_WARN, "start", "%s: %s; mpfailoverctl can give no commands", path[0] ? path : "control socket",
	        result == -EADDRINUSE ? "another daemon listens there" : strerror(-result));
	path[0] = '\0';
}

/* What root has written before, the user goes on with. */
static void hand_over_table(const struct run *run)
{
	static const char *const beside[] = { "", ".lock", ".history" };
	char path[PATH_MAX];
	for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
		snprintf(path, sizeof path, "%s%s", run->table, beside[i]);
		hand_over(run, path, false);
	}
}

/* What that user cannot read now, it could not read again at a reload. */
static int read_as_user(const struct run *run)
{
	char *error = NULL;
	struct conf *conf = conf_read(run->reload.file, &error);
	if (!conf)
		log_say(LEVEL_ERROR, "config", "as the user %s: %s", run->user.name, error ? error : "out of memory");
	free(error);
	conf_free(conf);
	return conf ? 0 : -EACCES;
}

static int become_user(const struct run *run)
{
	const struct user *user = &run->user;
	if (!user->changes && user->name[0] && user->uid != geteuid())
		log_say(LEVEL_WARN, "start", "only root can become the user %s: going on as user %u", user->name,
		        geteuid());
	int result = user_become(user);
	if (result < 0) {
		log_say(LEVEL_ERROR, "start", "cannot become the user %s: %s", user->name, strerror(-result));
		return result;
	}
	if (!user->changes)
		return 0;
	log_say(LEVEL_INFO, "start", "runs as the user %s", user->name);
	return read_as_user(run);
}

static bool is_same_file(const char *path, const char *other)
{
	struct stat st, others;
	return stat(path, &st) == 0 && stat(other, &others) == 0 && st.st_dev == others.st_dev &&
	       st.st_ino == others.st_ino;
}

/* Before anything is made, or given to another user. */
static int look_before(const struct run *run)
{
	const int result = table_writer_may_replace(run->table);
	if (result < 0)
		log_say(LEVEL_ERROR, "start", "%s: is there, and no file: name another one for the table (-t TABLE)",
		        run->table);
	else if (is_same_file(run->table, run->reload.file))
		log_say(LEVEL_ERROR, "start", "%s: is the configuration: name another file for the table (-t TABLE)",
		        run->table);
	else
		return 0;
	return -EEXIST;
}

/* The control socket first: the table names it, if it could be had. */
static int take_table(struct run *run, uv_loop_t *loop)
{
	char control_path[MPF_PATH_SIZE];
	int result = look_before(run);
	if (result < 0)
		return result;
	make_directory_of(run, run->table);
	hand_over_table(run);
	take_control(run, loop, control_path);
	result = become_user(run);
	if (result < 0)
		return result;
	result = engine_open(&run->reload.engine, loop, run->table, control_path);
	run->commands.engine = run->reload.engine;
	if (result == -EWOULDBLOCK)
		log_say(LEVEL_ERROR, "start", "another mpfailoverd writes %s", run->table);
	else if (result < 0)
		log_say(LEVEL_ERROR, "start", "%s: %s; -t names another place for the table", run->table,
		        strerror(-result));
	return result;
}

/* False: no memory, or a user that was removed this moment. */
static bool remember(struct run *run, const struct options *options, const struct conf *conf)
{
	run->table = strdup(options->table ? options->table : conf->table);
	run->control_socket = strdup(conf->control_socket);
	run->control_group = strdup(conf->control_group);
	run->user_name = strdup(conf->user);
	run->reload = (struct reload){ .file = options->file,
		                       .table = options->table ? NULL : run->table,
		                       .control_socket = run->control_socket,
		                       .control_group = run->control_group,
		                       .user = run->user_name };
	return run->table && run->control_socket && run->control_group && run->user_name &&
	       user_find(&run->user, run->user_name) == 0;
}

/* False: refused, and logged. */
static bool put_in_force(struct run *run, uv_loop_t *loop, struct conf *conf)
{
	char *error = NULL;
	run->reload.web = web_new(loop, run->reload.engine, run->table);
	const bool done = run->reload.web && web_prepare(run->reload.web, conf, &error) &&
	                  engine_load(run->reload.engine, conf) == 0;
	if (done)
		web_commit(run->reload.web);
	else
		log_say(LEVEL_ERROR, "config", "%s", error ? error : "out of memory");
	free(error);
	return done;
}

/* What is open already is closed in order: its sockets go. */
static void give_up(struct run *run, uv_loop_t *loop)
{
	control_close(run->control);
	run->control = NULL;
	web_stop(run->reload.web);
	engine_stop(run->reload.engine);
	uv_run(loop, UV_RUN_DEFAULT);
}

static int run_daemon(const struct options *options)
{
	int status = EXIT_FAILURE;
	struct run run = { .control = NULL };
	uv_loop_t *loop = uv_default_loop();
	struct conf *conf = load_configuration(options->file);
	if (!conf)
		return EXIT_FAILURE;
	if (!remember(&run, options, conf) || take_table(&run, loop) < 0)
		goto cleanup;
	if (!put_in_force(&run, loop, conf)) {
		give_up(&run, loop);
		goto cleanup;
	}
	conf = NULL; /* the engine's */
	watch_signals(&run, loop);
	if (notify_open(&run.notify, loop, run.reload.engine) < 0)
		log_say(LEVEL_WARN, "start", "no memory to notify the service manager");
	notify_ready();
	uv_run(loop, UV_RUN_DEFAULT);
	status = EXIT_SUCCESS;
cleanup:
	control_close(run.control);
	web_free(run.reload.web);
	engine_free(run.reload.engine);
	uv_loop_close(loop);
	conf_free(conf);
	free(run.table);
	free(run.control_socket);
	free(run.control_group);
	free(run.user_name);
	return status;
}

/* PATH from the root on, in ROOM: the table names sockets beside it to clients that are elsewhere, and the configuration to mpfailoverctl. */
static const char *absolute(const char *path, char room[PATH_MAX])
{
	if (!path || *path == '/' || !getcwd(room, PATH_MAX))
		return path;
	const size_t length = strlen(room);
	return snprintf(room + length, PATH_MAX - length, "/%s", path) < (int)(PATH_MAX - length) ? room : path;
}

int main(int argc, char **argv)
{
	static char file[PATH_MAX], table[PATH_MAX];
	struct options options = { .file = MPF_SYSCONFDIR "/mpfailover.conf" };
	standard_fill(O_RDWR);
	int status = read_options(argc, argv, &options);
	if (status >= 0)
		return status;
	if (options.check_only)
		return check_configuration(options.file);
	escape_interposition(argv);
	prctl(PR_SET_NAME, "mpfailoverd"); /* it was executed as /proc/self/exe */
	raise_file_limit();
	options.file = absolute(options.file, file);
	options.table = absolute(options.table, table);
	return run_daemon(&options);
}
