/* SPDX-License-Identifier: MIT */
/*
 * feet_stack ADDRESS PORT WANTED: a client whose thread has little room.  Prints how many bytes of its stack it has touched when it is
 * there; fails if it is not.
 */
#include <err.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "tests/clients/dial.h"

enum { ROOM = 16384, FILL = 0xa5 }; /* PTHREAD_STACK_MIN */

static unsigned char stack[ROOM] __attribute__((aligned(64)));
static int error;

static void *run(void *dial)
{
	error = dial_once(dial);
	return NULL;
}

static size_t measure(struct dial *dial)
{
	pthread_attr_t attributes;
	pthread_t thread;
	size_t untouched = 0;

	memset(stack, FILL, sizeof stack);
	if (pthread_attr_init(&attributes) || pthread_attr_setstack(&attributes, stack, sizeof stack) ||
	    pthread_create(&thread, &attributes, run, dial) || pthread_join(thread, NULL))
		errx(2, "no thread");
	pthread_attr_destroy(&attributes);
	while (untouched < sizeof stack && stack[untouched] == FILL)
		untouched++;
	return sizeof stack - untouched;
}

int main(int argc, char **argv)
{
	struct dial dial;

	if (argc != 4)
		return 2;
	dial_parse(&dial, argv + 1);
	measure(&dial); /* what is looked up the first time only */
	if (!error)
		printf("%zu\n", measure(&dial));
	return error;
}
