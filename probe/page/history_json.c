/* SPDX-License-Identifier: MIT */
#include "probe/page/history_json.h"

#include <jansson.h>
#include <stdlib.h>

#include "preload/endpoint.h"
#include "probe/news/json_text.h"

static bool put_text(FILE *out, const char *key, const char *text)
{
	json_t *string = json_text(text);
	fprintf(out, "\"%s\":", key);
	const bool done = string && json_dumpf(string, out, JSON_ENCODE_ANY) == 0;
	json_decref(string);
	return done;
}

/* A letter for each bucket, the oldest first. */
static void put_strip(FILE *out, const struct history_row *row, uint32_t now_s)
{
	static const char letters[] = "uo?sd.";
	fputs(",\"strip\":\"", out);
	for (uint32_t age = HISTORY_BUCKETS; age-- > 0;)
		putc(letters[history_worst(history_bucket(row, now_s, age))], out);
	putc('"', out);
}

static uint32_t watched_s(const struct history_bucket *bucket)
{
	uint32_t sum = 0;
	for (unsigned i = 0; i < HISTORY_STATES; i++)
		sum += bucket->seconds[i];
	return sum;
}

/* The buckets that are not wholly of the state that the strip shows: {"index": [seconds up, out, unknown, suspect, down]}. */
static void put_mixed(FILE *out, const struct history_row *row, uint32_t now_s)
{
	const char *separator = "";
	fputs(",\"mixed\":{", out);
	for (uint32_t i = 0; i < HISTORY_BUCKETS; i++) {
		const struct history_bucket *bucket = history_bucket(row, now_s, HISTORY_BUCKETS - 1 - i);
		if (!bucket || watched_s(bucket) == bucket->seconds[history_worst(bucket)])
			continue;
		fprintf(out, "%s\"%u\":[", separator, i);
		for (unsigned state = 0; state < HISTORY_STATES; state++)
			fprintf(out, "%s%u", state ? "," : "", bucket->seconds[state]);
		putc(']', out);
		separator = ",";
	}
	putc('}', out);
}

static void put_handshakes(FILE *out, const struct history_row *row, uint32_t now_s, const char *key, bool max)
{
	fprintf(out, ",\"%s\":[", key);
	for (uint32_t age = HISTORY_BUCKETS; age-- > 0;) {
		const struct history_bucket *bucket = history_bucket(row, now_s, age);
		if (bucket && bucket->samples)
			fprintf(out, "%u", max ? bucket->max_us : bucket->sum_us / bucket->samples);
		else
			putc('0', out);
		if (age)
			putc(',', out);
	}
	putc(']', out);
}

static bool put_candidate(FILE *out, const struct mpf_slot *slot, uint32_t number, const struct history_row *row,
                          uint32_t now_s)
{
	char address[ENDPOINT_TEXT];
	const struct mpf_candidate *it = &slot->candidates[number];
	endpoint_print(it->address, it->scope, 0, address);
	putc('{', out);
	bool done = it->service >= slot->service_count ||
	            put_text(out, "service", (const char *)slot->services[it->service].name);
	putc(',', out);
	done = done && put_text(out, "name", (const char *)slot->infos[number].name);
	fprintf(out, ",\"address\":\"%s\",\"port\":", address);
	if (it->port)
		fprintf(out, "%u,", it->port);
	else
		fputs("null,", out);
	if (it->uplink)
		done = done && put_text(out, "uplink", (const char *)slot->uplinks[it->uplink - 1].name);
	else
		fputs("\"uplink\":null", out);
	put_strip(out, row, now_s);
	put_mixed(out, row, now_s);
	put_handshakes(out, row, now_s, "handshake_us", false);
	put_handshakes(out, row, now_s, "handshake_max_us", true);
	putc('}', out);
	return done;
}

bool history_json(FILE *out, const struct ctl_table *table, const struct history *history, uint32_t now_s)
{
	const struct mpf_slot *slot = &table->slot;
	const char *separator = "";
	bool done = true;
	struct history_row *row = malloc(sizeof *row);
	if (!row)
		return false;
	fprintf(out, "{\"at\":%u,\"bucket_s\":%u,\"buckets\":%u,\"elapsed_s\":%u,\"candidates\":[", table->now_s,
	        HISTORY_BUCKET_S, HISTORY_BUCKETS, now_s % HISTORY_BUCKET_S);
	for (uint32_t i = 0; history && i < slot->candidate_count && done; i++) {
		struct history_identity identity;
		if (slot->candidates[i].service >= slot->service_count)
			continue;
		history_identify(&identity, slot, i);
		if (!history_copy(history, &identity, row))
			continue;
		fputs(separator, out);
		done = put_candidate(out, slot, i, row, now_s);
		separator = ",\n";
	}
	fputs("]}\n", out);
	free(row);
	return done;
}
