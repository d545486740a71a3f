/* SPDX-License-Identifier: MIT */
/*
 * paint_history FILE CONFIGURATION
 *
 * The history of a day on which the candidates of CONFIGURATION were up, but for what the lines of its standard input say:
 *
 *     CANDIDATE up|out|unknown|suspect|down|nothing FROM TO       minutes ago
 *
 * For a daemon that is started afterwards.
 */
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "conf/conf.h"
#include "probe/page/history.h"
#include "probe/table/image.h"

enum { SPELLS = 64, STEP_S = 60 };

static struct spell {
	char candidate[MPF_NAME_SIZE];
	enum history_state state;
	unsigned from_min, to_min;
} spells[SPELLS];
static unsigned spell_count;

static struct mpf_slot image;
static struct history history;

static uint32_t boottime_s(void)
{
	struct timespec now;
	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint32_t)now.tv_sec;
}

static void read_boot_id(uint8_t boot_id[40])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, boot_id, 36) != 36)
		errx(1, "there is no boot id");
	close(fd);
}

static enum history_state state_named(const char *name)
{
	for (enum history_state state = HISTORY_UP; state <= HISTORY_NOTHING; state++)
		if (!strcmp(history_state_name(state), name))
			return state;
	errx(2, "%s: not a state", name);
}

static void read_spells(void)
{
	char line[256], state[16];
	while (fgets(line, sizeof line, stdin)) {
		if (spell_count == SPELLS)
			errx(2, "too many lines");
		struct spell *spell = &spells[spell_count++];
		if (sscanf(line, "%63s %15s %u %u", spell->candidate, state, &spell->from_min, &spell->to_min) != 4)
			errx(2, "%s: not understood", line);
		spell->state = state_named(state);
	}
}

static enum history_state state_at(const uint8_t *candidate, uint32_t minutes_ago)
{
	enum history_state state = HISTORY_UP;
	for (unsigned i = 0; i < spell_count; i++)
		if (!strcmp((const char *)candidate, spells[i].candidate) && minutes_ago <= spells[i].from_min &&
		    minutes_ago > spells[i].to_min)
			state = spells[i].state;
	return state;
}

/* Something that wanders, around a time of the candidate's own. */
static uint32_t handshake_us(uint32_t candidate, uint32_t minutes_ago, uint32_t *wander)
{
	*wander = *wander * 1664525u + 1013904223u;
	const uint32_t base = 60 + candidate * 7919u % 23 * 4, busy = (minutes_ago / 90 + candidate) % 5 * base / 16;
	return base + busy + *wander % (base / 8) + (*wander >> 8 & 0xff ? 0 : base);
}

static void paint(struct history_row *row, uint32_t candidate, uint32_t now_s)
{
	uint32_t wander = candidate + 1;
	const uint32_t steps = HISTORY_BUCKETS * HISTORY_BUCKET_S / STEP_S;
	for (uint32_t ago = steps < now_s / STEP_S ? steps : now_s / STEP_S; ago-- > 0;) {
		const enum history_state state = state_at(image.infos[candidate].name, ago);
		const uint32_t us = handshake_us(candidate, ago, &wander);
		if (state != HISTORY_NOTHING)
			history_add(row, now_s - ago * STEP_S, state, STEP_S,
			            state == HISTORY_UP || state == HISTORY_OUT ? us : 0);
	}
}

int main(int argc, char **argv)
{
	static struct history_identity wanted[HISTORY_ROWS];
	static struct history_row *rows[HISTORY_ROWS];
	uint8_t boot_id[40] = { 0 };
	char *error;
	if (argc != 3)
		errx(2, "usage: paint_history FILE CONFIGURATION");
	struct conf *conf = conf_read(argv[2], &error);
	if (!conf)
		errx(1, "%s", error);
	image_build(&image, conf, (uint32_t)time(NULL));
	conf_free(conf);
	read_spells();
	read_boot_id(boot_id);
	history_start(&history, boot_id);
	const uint32_t now_s = boottime_s();
	for (uint32_t i = 0; i < image.candidate_count; i++)
		history_identify(&wanted[i], &image, i);
	history_claim(&history, wanted, image.candidate_count, now_s, rows);
	for (uint32_t i = 0; i < image.candidate_count; i++)
		paint(rows[i], i, now_s);
	FILE *out = fopen(argv[1], "we");
	if (!out || fchmod(fileno(out), 0600) < 0 || fwrite(&history, sizeof history, 1, out) != 1 || fclose(out) != 0)
		err(1, "%s", argv[1]);
	return 0;
}
