/* SPDX-License-Identifier: MIT */
/*
 * execs ROUNDS PROGRAM [NAME=PRELOAD ...]: how long it takes to run PROGRAM, plainly and with each of these in LD_PRELOAD, in turns.
 * Prints for each the median, and the median of the differences to the plain run of its round, in microseconds, as JSON.
 */
#include <err.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/sample.h"

enum { MAX_VARIANTS = 16, MAX_ENVIRONMENT = 256 };

struct variant {
	const char *name;
	char *environment[MAX_ENVIRONMENT];
	double *took_us, *more_us;
};

static struct variant variants[MAX_VARIANTS];

/* This program's environment, and LD_PRELOAD. */
static void set_environment(struct variant *variant, const char *preload)
{
	size_t count = 0;
	char *setting;

	for (char **one = environ; *one && count < MAX_ENVIRONMENT - 2; one++)
		if (strncmp(*one, "LD_PRELOAD=", strlen("LD_PRELOAD=")) != 0)
			variant->environment[count++] = *one;
	if (!preload)
		return;
	if (asprintf(&setting, "LD_PRELOAD=%s", preload) < 0)
		err(1, NULL);
	variant->environment[count] = setting;
}

static double run_us(char *program, struct variant *variant)
{
	char *arguments[] = { program, NULL };
	pid_t pid;
	int status;
	uint64_t start_ns = sample_now_ns();

	int error = posix_spawn(&pid, program, NULL, NULL, arguments, variant->environment);
	if (error || waitpid(pid, &status, 0) != pid || status != 0)
		errx(1, "%s under %s: %s", program, variant->name, error ? strerror(error) : "it failed");
	return (double)(sample_now_ns() - start_ns) / 1000;
}

static void print_results(size_t count, size_t rounds)
{
	putchar('{');
	for (size_t i = 0; i < count; i++)
		printf("%s\"%s\":{\"median\":%.1f,\"difference\":%.1f}", i ? "," : "", variants[i].name,
		       sample_median(variants[i].took_us, rounds), sample_median(variants[i].more_us, rounds));
	puts("}");
}

int main(int argc, char **argv)
{
	size_t rounds = argc > 1 ? (size_t)atoi(argv[1]) : 0, count = 1;

	if (argc < 3 || argc > 3 + MAX_VARIANTS - 1 || !rounds)
		errx(2, "usage: execs ROUNDS PROGRAM [NAME=PRELOAD ...]");
	variants[0].name = "none";
	set_environment(&variants[0], NULL);
	for (int i = 3; i < argc; i++, count++) {
		char *preload = argv[i];
		variants[count].name = strsep(&preload, "=");
		set_environment(&variants[count], preload);
	}
	for (size_t i = 0; i < count; i++) {
		variants[i].took_us = calloc(rounds, sizeof *variants[i].took_us);
		variants[i].more_us = calloc(rounds, sizeof *variants[i].more_us);
		run_us(argv[2], &variants[i]); /* warms up */
	}
	for (size_t round = 0; round < rounds; round++) {
		for (size_t i = 0; i < count; i++)
			variants[i].took_us[round] = run_us(argv[2], &variants[i]);
		for (size_t i = 0; i < count; i++)
			variants[i].more_us[round] = variants[i].took_us[round] - variants[0].took_us[round];
	}
	print_results(count, rounds);
	return 0;
}
