/* SPDX-License-Identifier: MIT */
/*
 * openloop - one new connection and request at every tick, whatever became of those before it.
 *
 *     openloop [-k KIND] [-p] [-i MS] [-n COUNT] [-w MS] HOST PORT
 *     openloop -k exec   [-i MS] [-n COUNT] [-w MS] COMMAND [ARG ...]
 *
 *     -k KIND    blocking   connect() waits (default)
 *                poll       non-blocking, poll, SO_ERROR, getpeername, as libcurl does it
 *                epoll      registered, edge-triggered, before connect() is called
 *                exec       a program for each request; what it prints first is the answer
 *     -p         a process for each request instead of a thread: nothing is remembered from one to the next
 *     -i MS      from one tick to the next (10)
 *     -n COUNT   ticks (100)
 *     -w MS      patience: of the non-blocking kinds' connect, of every read, and with what is left at the end (10000)
 *
 * HOST is looked up anew for each request and only the first address is tried.  Prints "# start MS" (of CLOCK_MONOTONIC) at
 * the first tick, and at the end, for each request in order,
 *
 *     START LATENCY OUTCOME ANSWER
 *
 * START in ms of CLOCK_MONOTONIC, LATENCY in ms; OUTCOME is an HTTP status, the name of an errno, EAI_..., EOF, EXITn or
 * UNFINISHED; ANSWER is the first word of the body, or "-".
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum kind { BLOCKING, POLL, EPOLL, EXEC, KINDS };

static const char *const kinds[] = { [BLOCKING] = "blocking", [POLL] = "poll", [EPOLL] = "epoll", [EXEC] = "exec" };

struct request {
	uint64_t start_ns;
	double latency_ms;
	char outcome[24];
	char answer[24];
	bool done;
};

/* Shared with the processes of -p. */
struct results {
	sem_t done;
	struct request requests[];
};

static struct {
	enum kind kind;
	bool processes;
	unsigned interval_ms, count, patience_ms;
	char **target; /* HOST PORT, or COMMAND ARG ... */
} setup = { .interval_ms = 10, .count = 100, .patience_ms = 10000 };

static struct results *results;

static uint64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static struct timespec as_timespec(uint64_t ns)
{
	return (struct timespec){ .tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000) };
}

/* ------------------------------------------------------------------------------------------------------- one request */

static void note_error(struct request *request, int error)
{
	const char *name = strerrorname_np(error);
	snprintf(request->outcome, sizeof request->outcome, "%s", name != NULL ? name : "E?");
}

static int connect_blocking(int fd, const struct addrinfo *to)
{
	return connect(fd, to->ai_addr, to->ai_addrlen) < 0 ? errno : 0;
}

/* What poll promised: did it connect? */
static int asked_error(int fd)
{
	struct sockaddr_storage peer;
	socklen_t size = sizeof peer;
	int error = 0;
	socklen_t error_size = sizeof error;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_size) < 0)
		return errno;
	if (error == 0 && getpeername(fd, (struct sockaddr *)&peer, &size) < 0)
		return errno;
	return error;
}

static int connect_poll(int fd, const struct addrinfo *to)
{
	struct pollfd ready = { .fd = fd, .events = POLLOUT };
	if (connect(fd, to->ai_addr, to->ai_addrlen) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return errno;
	int count = poll(&ready, 1, (int)setup.patience_ms);
	return count < 0 ? errno : count == 0 ? ETIMEDOUT : asked_error(fd);
}

static int connect_epoll(int fd, const struct addrinfo *to)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET };
	int set = epoll_create1(EPOLL_CLOEXEC);
	if (set < 0)
		return errno;
	int error = 0;
	if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) < 0) {
		error = errno;
	} else if (connect(fd, to->ai_addr, to->ai_addrlen) < 0) {
		error = errno;
		if (error == EINPROGRESS) {
			int count = epoll_wait(set, &event, 1, (int)setup.patience_ms);
			error = count < 0 ? errno : count == 0 ? ETIMEDOUT : asked_error(fd);
		}
	}
	close(set);
	return error;
}

/* Sends the request and reads to the end: 0, or an errno; *USED bytes of TEXT. */
static int exchange(int fd, char *text, size_t size, size_t *used)
{
	static const char ask[] = "GET / HTTP/1.0\r\nHost: svc.lab\r\n\r\n";
	struct timeval patience = { .tv_sec = setup.patience_ms / 1000, .tv_usec = setup.patience_ms % 1000 * 1000 };
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	if (send(fd, ask, sizeof ask - 1, MSG_NOSIGNAL) < 0)
		return errno;
	for (*used = 0; *used < size - 1;) {
		ssize_t got = read(fd, text + *used, size - 1 - *used);
		if (got < 0)
			return errno == EAGAIN ? ETIMEDOUT : errno;
		if (got == 0)
			break;
		*used += (size_t)got;
	}
	text[*used] = '\0';
	return 0;
}

static void note_answer(struct request *request, const char *text)
{
	const char *body = strstr(text, "\r\n\r\n");
	if (sscanf(text, "HTTP/%*s %3[0-9]", request->outcome) != 1)
		strcpy(request->outcome, "EOF");
	if (body != NULL)
		sscanf(body, " %15s", request->answer);
}

static void ask_address(struct request *request, const struct addrinfo *to)
{
	static int (*const connectors[])(int, const struct addrinfo *) = {
		[BLOCKING] = connect_blocking,
		[POLL] = connect_poll,
		[EPOLL] = connect_epoll,
	};
	int flags = setup.kind == BLOCKING ? SOCK_CLOEXEC : SOCK_CLOEXEC | SOCK_NONBLOCK;
	char text[1024];
	size_t used;
	int fd = socket(to->ai_family, SOCK_STREAM | flags, 0);
	int error = fd < 0 ? errno : connectors[setup.kind](fd, to);
	if (error == 0)
		error = exchange(fd, text, sizeof text, &used);
	if (error != 0)
		note_error(request, error);
	else
		note_answer(request, text);
	if (fd >= 0)
		close(fd);
}

static void ask_host(struct request *request)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list;
	int error = getaddrinfo(setup.target[0], setup.target[1], &hints, &list);
	if (error != 0) {
		snprintf(request->outcome, sizeof request->outcome, "EAI_%d", -error);
		return;
	}
	ask_address(request, list);
	freeaddrinfo(list);
}

static void run_command(struct request *request)
{
	posix_spawn_file_actions_t actions;
	char text[256] = "";
	size_t used = 0;
	ssize_t got;
	int out[2], status;
	pid_t child;

	if (pipe2(out, O_CLOEXEC) < 0) {
		note_error(request, errno);
		return;
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
	int error = posix_spawnp(&child, setup.target[0], &actions, NULL, setup.target, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(out[1]);
	if (error != 0) {
		note_error(request, error);
		goto cleanup;
	}
	while (used < sizeof text - 1 && (got = read(out[0], text + used, sizeof text - 1 - used)) > 0)
		used += (size_t)got;
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		strcpy(request->outcome, "200");
	else
		snprintf(request->outcome, sizeof request->outcome, "EXIT%d", WEXITSTATUS(status));
	sscanf(text, " %15s", request->answer);
cleanup:
	close(out[0]);
}

static void *perform(void *argument)
{
	struct request *request = argument;
	uint64_t start_ns = now_ns();
	__atomic_store_n(&request->start_ns, start_ns, __ATOMIC_RELAXED);
	if (setup.kind == EXEC)
		run_command(request);
	else
		ask_host(request);
	request->latency_ms = (double)(now_ns() - start_ns) / 1e6;
	__atomic_store_n(&request->done, true, __ATOMIC_RELEASE);
	sem_post(&results->done);
	return NULL;
}

/* ---------------------------------------------------------------------------------------------------------- the loop */

static void start(struct request *request, const pthread_attr_t *attributes)
{
	pthread_t thread;
	int error = 0;
	if (setup.processes) {
		pid_t child = fork();
		if (child == 0) {
			perform(request);
			_exit(0);
		}
		error = child < 0 ? errno : 0;
	} else {
		error = pthread_create(&thread, attributes, perform, request);
	}
	if (error == 0)
		return;
	note_error(request, error);
	request->start_ns = now_ns();
	request->done = true;
	sem_post(&results->done);
}

static void run(void)
{
	pthread_attr_t attributes;
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, 256 * 1024);

	uint64_t tick_ns = now_ns();
	printf("# start %.3f\n", (double)tick_ns / 1e6);
	fflush(stdout);
	for (unsigned i = 0; i < setup.count; i++, tick_ns += setup.interval_ms * 1000000ull) {
		struct timespec tick = as_timespec(tick_ns);
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &tick, NULL) == EINTR)
			;
		start(&results->requests[i], &attributes);
	}
	pthread_attr_destroy(&attributes);
}

static void wait_for_all(void)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += setup.patience_ms / 1000 + 1;
	for (unsigned left = setup.count; left > 0;) {
		if (sem_clockwait(&results->done, CLOCK_MONOTONIC, &until) == 0)
			left--;
		else if (errno != EINTR)
			return;
	}
}

static void print_all(void)
{
	uint64_t now = now_ns();
	for (unsigned i = 0; i < setup.count; i++) {
		struct request request = results->requests[i];
		uint64_t start_ns = __atomic_load_n(&results->requests[i].start_ns, __ATOMIC_RELAXED);
		if (!__atomic_load_n(&results->requests[i].done, __ATOMIC_ACQUIRE)) {
			start_ns = start_ns != 0 ? start_ns : now;
			request.latency_ms = (double)(now - start_ns) / 1e6;
			strcpy(request.outcome, "UNFINISHED");
		} else {
			request = results->requests[i];
		}
		printf("%.3f %.3f %s %s\n", (double)start_ns / 1e6, request.latency_ms, request.outcome,
		       request.answer[0] != '\0' ? request.answer : "-");
	}
	fflush(stdout);
}

static bool read_arguments(int argc, char **argv)
{
	int option;
	while ((option = getopt(argc, argv, "+k:pi:n:w:")) != -1) {
		switch (option) {
		case 'k':
			for (setup.kind = BLOCKING; setup.kind < KINDS; setup.kind++)
				if (strcmp(optarg, kinds[setup.kind]) == 0)
					break;
			break;
		case 'p':
			setup.processes = true;
			break;
		case 'i':
			setup.interval_ms = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'n':
			setup.count = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'w':
			setup.patience_ms = (unsigned)strtoul(optarg, NULL, 10);
			break;
		default:
			return false;
		}
	}
	setup.target = argv + optind;
	if (setup.kind == EXEC)
		return argc > optind && !setup.processes;
	return setup.kind < KINDS && argc == optind + 2;
}

int main(int argc, char **argv)
{
	if (!read_arguments(argc, argv)) {
		fputs("usage: openloop [-k blocking|poll|epoll] [-p] [-i MS] [-n COUNT] [-w MS] HOST PORT\n"
		      "       openloop -k exec [-i MS] [-n COUNT] [-w MS] COMMAND [ARG ...]\n",
		      stderr);
		return 2;
	}
	size_t size = sizeof *results + setup.count * sizeof results->requests[0];
	results = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (results == MAP_FAILED || sem_init(&results->done, 1, 0) < 0) {
		perror("openloop");
		return 1;
	}
	if (setup.processes)
		signal(SIGCHLD, SIG_IGN);
	run();
	wait_for_all();
	print_all();
	_exit(0); /* requests may still be under way */
}
