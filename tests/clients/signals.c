/* SPDX-License-Identifier: MIT */
/*
 * signals restart|interrupt COUNT ADDRESS PORT WANTED: connects COUNT times while a timer's signal handler, every 300 us, does the
 * same.  `interrupt`: without SA_RESTART.  Prints "main=N handler=N" if all went where it should.
 */
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "tests/clients/dial.h"

static struct dial target;
static volatile sig_atomic_t handled, handler_error;

static void on_alarm(int number)
{
	int error = dial_once(&target);

	(void)number;
	handled++;
	if (error)
		handler_error = error;
}

int main(int argc, char **argv)
{
	const struct itimerval often = { { 0, 300 }, { 0, 300 } }, never = { { 0, 0 }, { 0, 0 } };
	struct sigaction action = { .sa_handler = on_alarm };

	if (argc != 6)
		errx(2, "usage: signals restart|interrupt COUNT ADDRESS PORT WANTED");
	long wanted = atol(argv[2]), done = 0;
	dial_parse(&target, argv + 3);
	action.sa_flags = strcmp(argv[1], "restart") == 0 ? SA_RESTART : 0;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	int error = 0;
	while (done < wanted && !error && !handler_error) {
		error = dial_once(&target);
		done++;
	}
	setitimer(ITIMER_REAL, &never, NULL);
	if (error)
		errx(1, "after %ld in main: %s", done, strerror(error));
	if (handler_error)
		errx(1, "after %d in the handler: %s", (int)handled, strerror(handler_error));
	printf("main=%ld handler=%d\n", done, (int)handled);
	return handled > 0 ? 0 : 1;
}
