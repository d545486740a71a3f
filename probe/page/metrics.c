/* SPDX-License-Identifier: MIT */
#include "probe/page/metrics.h"

#include <inttypes.h>
#include <stdlib.h>

#include "conf/text.h"
#include "preload/choose.h"
#include "preload/endpoint.h"
#include "probe/ctl/ctl_text.h"
#include "probe/judge/verdict.h"

/* UTF-8 is what the format asks for: anything else would cost the reader the whole page. */
void metrics_label(FILE *out, const char *text)
{
	uint32_t code;
	putc('"', out);
	while (*text) {
		const unsigned size = text_utf8(text, &code);
		if (!size)
			putc('?', out);
		else if (*text == '\n')
			fputs("\\n", out);
		else if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else
			fwrite(text, 1, size, out);
		text += size ? size : 1;
	}
	putc('"', out);
}

static void put_label(FILE *out, const char *name, const uint8_t *text)
{
	fprintf(out, "%s=", name);
	metrics_label(out, (const char *)text);
}

static void head(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP mpfailover_%s %s\n# TYPE mpfailover_%s %s\n", name, help, name, type);
}

static void put_us(FILE *out, uint32_t us)
{
	fprintf(out, "%u.%06u\n", us / 1000000, us % 1000000);
}

/* ---------------------------------------------------------------------------------------------------------- the daemon */

static void put_single(FILE *out, const char *name, const char *help, double value)
{
	head(out, name, "gauge", help);
	fprintf(out, "mpfailover_%s %.15g\n", name, value);
}

static void put_punctuality(FILE *out, const struct punctuality *it)
{
	static const char name[] = "check_start_delay_seconds";
	uint64_t count = 0;
	head(out, name, "histogram",
	     "How much later than planned checks have started; the count is that of all checks.");
	for (unsigned i = 0; i < PUNCTUALITY_BOUNDS; i++) {
		count += it->counts[i];
		fprintf(out, "mpfailover_%s_bucket{le=\"%g\"} %" PRIu64 "\n", name, punctuality_bounds_ms[i] / 1e3,
		        count);
	}
	count += it->counts[PUNCTUALITY_BOUNDS];
	fprintf(out, "mpfailover_%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, count);
	fprintf(out, "mpfailover_%s_sum %g\nmpfailover_%s_count %" PRIu64 "\n", name, it->sum_ms / 1e3, name, count);
}

static void put_daemon(FILE *out, const struct ctl_table *table, const struct metrics_daemon *daemon)
{
	head(out, "build_info", "gauge", "The version that runs; always 1.");
	fputs("mpfailover_build_info{", out);
	put_label(out, "version", table->header.version);
	fputs("} 1\n", out);
	head(out, "cpu_seconds_total", "counter", "Processor time that the daemon has used, user and system.");
	fprintf(out, "mpfailover_cpu_seconds_total %.3f\n", daemon->cpu_s);
	put_single(out, "start_timestamp_seconds", "When the daemon was started.", daemon->started_s);
	put_single(out, "heartbeat_age_seconds", "Since the daemon has last kept the table; it does so once a second.",
	           ctl_table_heartbeat_age_ms(table) / 1e3);
	put_single(out, "configuration_loaded_timestamp_seconds", "When the configuration in force was read.",
	           table->slot.loaded_s);
	put_single(out, "configuration_reload_failed", "1 if the last reload was refused.", daemon->reload_failed);
	put_single(out, "off", "1 if an operator has turned failover off for all services.", table->header.off != 0);
	put_punctuality(out, &daemon->punctuality);
}

/* ----------------------------------------------------------------------------------------------- services and uplinks */

static unsigned count_of(const struct ctl_table *table, uint32_t service)
{
	return table->slot.services[service].candidate_count;
}

static unsigned is_off(const struct ctl_table *table, uint32_t service)
{
	return table->slot.services[service].off != 0;
}

static const struct {
	const char *name, *help;
	unsigned (*value)(const struct ctl_table *table, uint32_t service);
} of_services[] = {
	{ "service_candidates", "Candidates of the service.", count_of },
	{ "service_usable_candidates", "Those of them that connections may go to.", ctl_table_usable },
	{ "service_off", "1 if an operator has turned failover off for the service.", is_off },
};

static void put_services(FILE *out, const struct ctl_table *table)
{
	for (size_t family = 0; family < sizeof of_services / sizeof of_services[0]; family++) {
		head(out, of_services[family].name, "gauge", of_services[family].help);
		for (uint32_t i = 0; i < table->slot.service_count; i++) {
			fprintf(out, "mpfailover_%s{", of_services[family].name);
			put_label(out, "service", table->slot.services[i].name);
			fprintf(out, "} %u\n", of_services[family].value(table, i));
		}
	}
}

static void put_uplinks(FILE *out, const struct mpf_slot *slot)
{
	if (!slot->uplink_count)
		return;
	head(out, "uplink_up", "gauge", "0 if all candidates through the uplink fail while another's answer.");
	for (uint32_t i = 0; i < slot->uplink_count; i++) {
		fputs("mpfailover_uplink_up{", out);
		put_label(out, "uplink", slot->uplinks[i].name);
		fprintf(out, "} %d\n", slot->uplinks[i].down == 0);
	}
	head(out, "uplink_last_change_timestamp_seconds", "gauge", "When that has last changed.");
	for (uint32_t i = 0; i < slot->uplink_count; i++) {
		if (!slot->uplinks[i].since_s)
			continue;
		fputs("mpfailover_uplink_last_change_timestamp_seconds{", out);
		put_label(out, "uplink", slot->uplinks[i].name);
		fprintf(out, "} %u\n", slot->uplinks[i].since_s);
	}
}

/* ---------------------------------------------------------------------------------------------------------- candidates */

struct one {
	const struct mpf_candidate *candidate;
	const struct mpf_info *info;
};

enum unit { NUMBER, MICROSECONDS };

/* A family with one value for each candidate.  OPTIONAL: 0 means that it is not known. */
struct family {
	const char *name, *type, *help;
	enum unit unit;
	bool optional;
	uint32_t (*value)(struct one one);
};

static uint32_t is_up(struct one one)
{
	return mpf_word_verdict(one.candidate->word) == MPF_UP;
}
static uint32_t is_usable(struct one one)
{
	return choose_rank_of(one.candidate->word, false) < RANK_DOWN;
}
static uint32_t is_doubted(struct one one)
{
	return (mpf_word_flags(one.candidate->word) & MPF_DOUBTED) != 0;
}
static uint32_t is_held(struct one one)
{
	return (mpf_word_flags(one.candidate->word) & MPF_HELD) != 0;
}
static uint32_t handshake_us(struct one one)
{
	return one.candidate->handshake_us;
}
static uint32_t since_s(struct one one)
{
	return one.info->since_s;
}
static uint32_t changes(struct one one)
{
	return one.info->changes;
}
static uint32_t checked_s(struct one one)
{
	return one.info->checked_s;
}
static uint32_t check_us(struct one one)
{
	return one.info->check_us;
}
static uint32_t cert_until_s(struct one one)
{
	return one.info->cert_until_s;
}
static uint32_t cert_warns(struct one one)
{
	return one.info->cert_warns != 0;
}
static uint32_t moved(struct one one)
{
	return one.info->moved;
}
static uint32_t failed_over(struct one one)
{
	return one.info->failed_over;
}

static const struct family families[] = {
	{ "candidate_up", "gauge", "1 if the checks say that it is up.", NUMBER, false, is_up },
	{ "candidate_usable", "gauge", "1 if connections may go there.", NUMBER, false, is_usable },
	{ "candidate_doubted", "gauge", "1 if a client has met a failure, and nothing has answered since.", NUMBER,
	  false, is_doubted },
	{ "candidate_held", "gauge", "1 if it is up again, but connections do not go back yet.", NUMBER, false,
	  is_held },
	{ "candidate_handshake_seconds", "gauge", "An upper estimate of the TCP handshake time.", MICROSECONDS, true,
	  handshake_us },
	{ "candidate_last_change_timestamp_seconds", "gauge", "When the verdict has last changed.", NUMBER, true,
	  since_s },
	{ "candidate_recent_changes", "gauge", "Changes of the verdict within the last hour.", NUMBER, false, changes },
	{ "candidate_last_check_timestamp_seconds", "gauge", "When the last check ended.", NUMBER, true, checked_s },
	{ "candidate_last_check_duration_seconds", "gauge", "How long the last check took.", MICROSECONDS, true,
	  check_us },
	{ "candidate_certificate_expiry_timestamp_seconds", "gauge", "When the certificate ends.", NUMBER, true,
	  cert_until_s },
	{ "candidate_certificate_warning", "gauge", "1 if that is within the check's cert-warn.", NUMBER, false,
	  cert_warns },
	{ "candidate_moved_connections_total", "counter",
	  "Connections that clients have moved here from another address.", NUMBER, false, moved },
	{ "candidate_failed_connections_total", "counter", "Attempts here that have failed, so that clients went on.",
	  NUMBER, false, failed_over },
};

/* The labels of each candidate, made once, since they stand in every family.  To be freed; NULL: no memory. */
static char *make_labels(const struct mpf_slot *slot, uint32_t number)
{
	char address[ENDPOINT_TEXT], *text = NULL;
	size_t size;
	const struct mpf_candidate *it = &slot->candidates[number];
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	endpoint_print(it->address, it->scope, (uint16_t)it->port, address);
	if (it->service < slot->service_count)
		put_label(out, "service", slot->services[it->service].name);
	else
		fputs("service=\"\"", out);
	put_label(out, ",candidate", slot->infos[number].name);
	fprintf(out, ",address=\"%s\"", address);
	put_label(out, ",uplink", it->uplink ? slot->uplinks[it->uplink - 1].name : (const uint8_t *)"");
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

static void put_family(FILE *out, const struct family *family, const struct mpf_slot *slot, char *const *labels)
{
	head(out, family->name, family->type, family->help);
	for (uint32_t i = 0; i < slot->candidate_count; i++) {
		const uint32_t value = family->value((struct one){ &slot->candidates[i], &slot->infos[i] });
		if (!value && family->optional)
			continue;
		fprintf(out, "mpfailover_%s{%s} ", family->name, labels[i]);
		if (family->unit == MICROSECONDS)
			put_us(out, value);
		else
			fprintf(out, "%u\n", value);
	}
}

/* One value for each of the states that there are, 1 for the present one. */
static void put_states(FILE *out, const struct mpf_slot *slot, char *const *labels)
{
	head(out, "candidate_verdict", "gauge", "1 for the verdict that is in force.");
	for (uint32_t i = 0; i < slot->candidate_count; i++)
		for (enum mpf_verdict verdict = MPF_UNKNOWN; verdict <= MPF_DOWN; verdict++)
			fprintf(out, "mpfailover_candidate_verdict{%s,verdict=\"%s\"} %d\n", labels[i],
			        verdict_name(verdict), mpf_word_verdict(slot->candidates[i].word) == verdict);
	head(out, "candidate_operator", "gauge", "1 for what an operator says of it.");
	for (uint32_t i = 0; i < slot->candidate_count; i++)
		for (enum mpf_operator oper = MPF_READY; oper <= MPF_MAINT; oper++)
			fprintf(out, "mpfailover_candidate_operator{%s,operator=\"%s\"} %d\n", labels[i],
			        ctl_text_operator(oper), mpf_word_operator(slot->candidates[i].word) == oper);
}

static bool put_candidates(FILE *out, const struct mpf_slot *slot)
{
	bool done = false;
	char **labels = calloc(slot->candidate_count + 1, sizeof *labels);
	if (!labels)
		return false;
	for (uint32_t i = 0; i < slot->candidate_count; i++) {
		labels[i] = make_labels(slot, i);
		if (!labels[i])
			goto cleanup;
	}
	put_states(out, slot, labels);
	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
		put_family(out, &families[i], slot, labels);
	done = true;
cleanup:
	for (uint32_t i = 0; i < slot->candidate_count; i++)
		free(labels[i]);
	free(labels);
	return done;
}

bool metrics_print(FILE *out, const struct ctl_table *table, const struct metrics_daemon *daemon)
{
	put_daemon(out, table, daemon);
	put_services(out, table);
	put_uplinks(out, &table->slot);
	return put_candidates(out, &table->slot);
}
