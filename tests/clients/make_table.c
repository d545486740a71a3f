/* SPDX-License-Identifier: MIT */
/*
 * make_table [-b] [-f COUNT] [-h HOST] [-p PORT] TABLE NAME=ADDRESS=VERDICT ...
 *
 * A table without a daemon: one service, "made", with these candidates.  -f adds services of COUNT addresses in all that nobody asks
 * for; -b stays, and writes the heartbeat until it is ended.  VERDICT: unknown, up, suspect, down.  ADDRESS may end in %LINK, a number.
 */
#include <arpa/inet.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "conf/conf.h"
#include "probe/table/image.h"
#include "probe/table/table_writer.h"

enum { FILLER_SERVICES = MPF_MAX_SERVICES - 1 };

static struct conf_candidate candidates[MPF_MAX_SERVICE_CANDIDATES], fillers[MPF_MAX_CANDIDATES];
static uint32_t verdicts[MPF_MAX_SERVICE_CANDIDATES];
static struct conf_service services[MPF_MAX_SERVICES];
static const char *hosts[MPF_MAX_HOSTS];
static uint16_t ports[MPF_MAX_PORTS];
static struct mpf_slot image;

static uint32_t verdict_of(const char *name)
{
	static const char *const names[] = { "unknown", "up", "suspect", "down" };

	for (uint32_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	errx(2, "%s: not a verdict", name);
}

static struct in6_addr address_of(const char *text)
{
	struct in6_addr address;
	char mapped[64];

	snprintf(mapped, sizeof mapped, "%s%s", strchr(text, ':') ? "" : "::ffff:", text);
	if (inet_pton(AF_INET6, mapped, &address) != 1)
		errx(2, "%s: not an address", text);
	return address;
}

static void service_defaults(struct conf_service *service, const char *name)
{
	*service = (struct conf_service){
		.name = name,
		.hosts = hosts,
		.ports = ports,
		.all_down = CONF_ALL_DOWN_TRY,
		.when_stale = CONF_STALE_LAST_GOOD,
		.stale_after_ms = 10000,
		.nonblocking_wait_ms = 200,
		.attempt_floor_ms = 25,
		.attempt_ceiling_ms = 1000,
		.stick_ms = 60000,
	};
}

static void add_candidate(struct conf_service *service, char *argument)
{
	const char *name = strsep(&argument, "=");
	char *scope = strsep(&argument, "=");
	const char *address = strsep(&scope, "%");

	if (!argument || service->candidate_count == MPF_MAX_SERVICE_CANDIDATES)
		errx(2, "want at most %d of NAME=ADDRESS=VERDICT", MPF_MAX_SERVICE_CANDIDATES);
	verdicts[service->candidate_count] = verdict_of(argument);
	candidates[service->candidate_count++] =
		(struct conf_candidate){ .name = name,
		                         .address = { address_of(address), scope ? (uint32_t)atoi(scope) : 0 } };
}

/* Addresses of 10.0.0.0/8, as many services as that takes.  Returns how many services. */
static size_t add_fillers(size_t count)
{
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		char address[16];
		snprintf(address, sizeof address, "10.0.%zu.%zu", i >> 8, i & 255);
		fillers[i] = (struct conf_candidate){ .name = strdup(address), .address.ip = address_of(address) };
	}
	for (size_t i = 0; i < count; i += MPF_MAX_SERVICE_CANDIDATES) {
		struct conf_service *service = &services[++used];
		service_defaults(service, fillers[i].name);
		service->port_count = 1;
		service->candidates = &fillers[i];
		service->candidate_count =
			count - i < MPF_MAX_SERVICE_CANDIDATES ? count - i : MPF_MAX_SERVICE_CANDIDATES;
	}
	return used;
}

static uint32_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint32_t)((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000);
}

static void write_table(const char *path, struct conf *conf, bool keep_beating)
{
	struct table_writer *writer;

	int error = table_writer_open(&writer, path, "", "");
	if (error)
		errx(1, "%s: %s", path, strerror(-error));
	image_build(&image, conf, (uint32_t)time(NULL));
	for (size_t i = 0; i < conf->services[0].candidate_count; i++)
		image.candidates[i].word = MPF_WORD(verdicts[i], MPF_READY, 0, MPF_REASON_NONE, 0);
	table_writer_heartbeat(writer, now_ms());
	table_writer_publish(writer, &image);
	while (keep_beating) {
		sleep(1);
		table_writer_heartbeat(writer, now_ms());
	}
	table_writer_close(writer);
}

int main(int argc, char **argv)
{
	size_t filler_count = 0;
	bool keep_beating = false;
	int option;

	service_defaults(&services[0], "made");
	services[0].candidates = candidates;
	ports[0] = 1;
	while ((option = getopt(argc, argv, "bf:h:p:")) != -1) {
		switch (option) {
		case 'b':
			keep_beating = true;
			break;
		case 'f':
			filler_count = (size_t)atoi(optarg);
			break;
		case 'h':
			hosts[services[0].host_count++] = optarg;
			break;
		case 'p':
			ports[0] = (uint16_t)atoi(optarg);
			services[0].port_count = 1;
			break;
		default:
			return 2;
		}
	}
	if (argc - optind < 2 || filler_count > FILLER_SERVICES * MPF_MAX_SERVICE_CANDIDATES)
		errx(2, "usage: make_table [-b] [-f COUNT] [-h HOST] [-p PORT] TABLE NAME=ADDRESS=VERDICT ...");
	for (int i = optind + 1; i < argc; i++)
		add_candidate(&services[0], argv[i]);
	struct conf conf = { .file = "made", .services = services, .service_count = 1 + add_fillers(filler_count) };
	write_table(argv[optind], &conf, keep_beating);
	return 0;
}
