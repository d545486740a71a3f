/* SPDX-License-Identifier: MIT */
/*
 * paint_table TABLE CONFIGURATION
 *
 * A table without a daemon, in any state: publishes the configuration, then does what the lines of its standard input say, and
 * answers each with "done" when it is in the table.  At the end of its input it ends as a daemon does.
 *
 *     candidate NAME WORD ...    unknown up suspect down, drain maint, doubted held, reason=N,DETAIL handshake=US since=S checked=S
 *     service NAME on|off        all on|off        uplink NAME up|down
 *     beat AGE_MS                a heartbeat, so long ago
 *     publish                    the configuration again, into the other slot
 */
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conf/conf.h"
#include "probe/table/image.h"
#include "probe/table/table_writer.h"

static struct mpf_slot image;
static struct table_writer *writer;

static uint32_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint32_t)((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000);
}

static bool same_name(const uint8_t *name, const char *wanted)
{
	return !strcmp((const char *)name, wanted);
}

/* One word after the candidate's name. */
static void paint_word(struct mpf_candidate *candidate, struct mpf_info *info, const char *word)
{
	static const struct {
		const char *name;
		uint32_t clear, set;
	} bits[] = {
		{ "unknown", 0xf, MPF_UNKNOWN },    { "up", 0xf, MPF_UP },
		{ "suspect", 0xf, MPF_SUSPECT },    { "down", 0xf, MPF_DOWN },
		{ "ready", 0xf0, MPF_READY << 4 },  { "drain", 0xf0, MPF_DRAIN << 4 },
		{ "maint", 0xf0, MPF_MAINT << 4 },  { "plain", 0xf00, 0 },
		{ "doubted", 0, MPF_DOUBTED << 8 }, { "held", 0, MPF_HELD << 8 },
	};
	uint32_t number, detail;
	for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++)
		if (!strcmp(bits[i].name, word)) {
			table_store(&candidate->word, (candidate->word & ~bits[i].clear) | bits[i].set);
			return;
		}
	if (sscanf(word, "reason=%u,%u", &number, &detail) == 2) {
		table_store(&candidate->word, (candidate->word & 0xfff) | number << 12 | detail << 20);
		table_store(&info->last_reason, number | detail << 8);
	} else if (sscanf(word, "handshake=%u", &number) == 1)
		table_store(&candidate->handshake_us, number);
	else if (sscanf(word, "since=%u", &number) == 1)
		table_store(&info->since_s, (uint32_t)time(NULL) - number);
	else if (sscanf(word, "checked=%u", &number) == 1)
		table_store(&info->checked_s, (uint32_t)time(NULL) - number);
	else
		errx(2, "%s: not known", word);
}

static void paint_candidate(struct mpf_slot *slot, const char *name, char *words)
{
	for (uint32_t i = 0; i < slot->candidate_count; i++)
		if (same_name(slot->infos[i].name, name)) {
			for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
				paint_word(&slot->candidates[i], &slot->infos[i], word);
			return;
		}
	errx(2, "%s: no such candidate", name);
}

static void paint(char *line)
{
	struct mpf_slot *slot = table_writer_active(writer);
	const char *what = strsep(&line, " "), *name = strsep(&line, " ");
	if (!strcmp(what, "publish"))
		table_writer_publish(writer, &image);
	else if (!strcmp(what, "beat"))
		table_writer_heartbeat(writer, now_ms() - (uint32_t)atoi(name));
	else if (!strcmp(what, "all"))
		table_writer_set_off(writer, !strcmp(name, "off"));
	else if (!strcmp(what, "candidate"))
		paint_candidate(slot, name, line);
	else if (!strcmp(what, "service"))
		for (uint32_t i = 0; i < slot->service_count; i++) {
			if (same_name(slot->services[i].name, name))
				table_store(&slot->services[i].off, !strcmp(line, "off"));
		}
	else if (!strcmp(what, "uplink"))
		for (uint32_t i = 0; i < slot->uplink_count; i++) {
			if (same_name(slot->uplinks[i].name, name))
				table_store(&slot->uplinks[i].down, !strcmp(line, "down"));
		}
	else
		errx(2, "%s: not known", what);
}

int main(int argc, char **argv)
{
	char line[512], *error;
	if (argc != 3)
		errx(2, "usage: paint_table TABLE CONFIGURATION");
	struct conf *conf = conf_read(argv[2], &error);
	if (!conf)
		errx(1, "%s", error);
	image_build(&image, conf, (uint32_t)time(NULL));
	conf_free(conf);
	int result = table_writer_open(&writer, argv[1], "", "");
	if (result)
		errx(1, "%s: %s", argv[1], strerror(-result));
	table_writer_heartbeat(writer, now_ms());
	table_writer_publish(writer, &image);
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("done");
	while (fgets(line, sizeof line, stdin)) {
		line[strcspn(line, "\n")] = '\0';
		paint(line);
		puts("done");
	}
	table_writer_close(writer);
	return 0;
}
