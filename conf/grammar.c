/* SPDX-License-Identifier: MIT */
#include "conf/grammar.h"

#include "conf/conf.h"

#include <stdio.h>
#include <string.h>

#ifndef MPF_RUN_DIR
#define MPF_RUN_DIR "/run/mpfailover"
#endif

#define IN(type, field) .offset = offsetof(struct type, field)
#define RANGE(from, to) .low = from, .high = to
#define WORDS(...)                     \
	.words = (const char *const[]) \
	{                              \
		__VA_ARGS__, NULL      \
	}

enum {
	TLS = 1 << CONF_TLS | 1 << CONF_HTTPS,
	HTTP = 1 << CONF_HTTP | 1 << CONF_HTTPS,
	EXEC = 1 << CONF_EXEC,
};

static const struct grammar_option uplink_options[] = {
	{ "source", GRAMMAR_SOURCE, "", IN(conf_uplink, source) },
	{ "interface", GRAMMAR_DEVICE, "", IN(conf_uplink, interface) },
	{ 0 },
};

static const struct grammar_option check_options[] = {
	{ "type", GRAMMAR_WORD, "tcp", WORDS("tcp", "tls", "http", "https", "exec"), IN(conf_check, type) },
	{ "path", GRAMMAR_TARGET, "/", .types = HTTP, IN(conf_check, path) },
	{ "method", GRAMMAR_TOKEN, "GET", .types = HTTP, IN(conf_check, method) },
	{ "status", GRAMMAR_STATUS, "200-399", RANGE("100", "599"), .types = HTTP, IN(conf_check, status) },
	{ "contains", GRAMMAR_BODY, "", .types = HTTP, IN(conf_check, contains) },
	{ "headers", GRAMMAR_HEADERS, "", .types = HTTP, IN(conf_check, headers) },
	{ "body", GRAMMAR_BODY, "", .types = HTTP, IN(conf_check, body) },
	{ "verify", GRAMMAR_FLAG, "true", .types = TLS, IN(conf_check, verify) },
	{ "ca-file", GRAMMAR_CA_FILE, "", .types = TLS, IN(conf_check, ca_file) },
	{ "host", GRAMMAR_HOST, "", .types = TLS | HTTP, IN(conf_check, host) },
	{ "cert-warn", GRAMMAR_SECONDS, "21d", RANGE("0s", "3650d"), .types = TLS, IN(conf_check, cert_warn_s) },
	{ "port", GRAMMAR_PORT, "0", RANGE("0", "65535"), IN(conf_check, port) },
	{ "command", GRAMMAR_TEXT, "", .types = EXEC, IN(conf_check, command) },
	{ 0 },
};

static const struct grammar_option timing_options[] = {
	{ "interval", GRAMMAR_MS, "5s", RANGE("100ms", "1d"), IN(conf_timing, interval_ms) },
	{ "fast", GRAMMAR_MS, "500ms", RANGE("50ms", "1d"), IN(conf_timing, fast_ms) },
	{ "down", GRAMMAR_MS, "5s", RANGE("100ms", "1d"), IN(conf_timing, down_ms) },
	{ "timeout", GRAMMAR_MS, "1500ms", RANGE("10ms", "5m"), IN(conf_timing, timeout_ms) },
	{ "fall", GRAMMAR_NUMBER, "2", RANGE("1", "100"), IN(conf_timing, fall) },
	{ "rise", GRAMMAR_NUMBER, "2", RANGE("1", "100"), IN(conf_timing, rise) },
	{ "jitter", GRAMMAR_NUMBER, "10", RANGE("0", "50"), IN(conf_timing, jitter_percent) },
	{ "hold-up", GRAMMAR_MS, "10s", RANGE("0s", "1d"), IN(conf_timing, hold_up_ms) },
	{ 0 },
};

static const struct grammar_option service_options[] = {
	{ "hosts", GRAMMAR_HOSTS, "", IN(conf_service, hosts) },
	{ "ports", GRAMMAR_PORTS, "", RANGE("1", "65535"), IN(conf_service, ports) },
	{ "check", GRAMMAR_CHECK, "", IN(conf_service, check) },
	{ "timing", GRAMMAR_TIMING, "default", IN(conf_service, timing) },
	{ "failback", GRAMMAR_WORD, "auto", WORDS("auto", "hold"), IN(conf_service, failback) },
	{ "all-down", GRAMMAR_WORD, "try", WORDS("try", "pass-through"), IN(conf_service, all_down) },
	{ "stale-after", GRAMMAR_MS, "10s", RANGE("2s", "1d"), IN(conf_service, stale_after_ms) },
	{ "when-stale", GRAMMAR_WORD, "last-good", WORDS("last-good", "pass-through"), IN(conf_service, when_stale) },
	{ "nonblocking-wait", GRAMMAR_MS, "200ms", RANGE("0ms", "10s"), IN(conf_service, nonblocking_wait_ms) },
	{ "attempt-floor", GRAMMAR_MS, "25ms", RANGE("1ms", "60s"), IN(conf_service, attempt_floor_ms) },
	{ "attempt-ceiling", GRAMMAR_MS, "1s", RANGE("1ms", "60s"), IN(conf_service, attempt_ceiling_ms) },
	{ "watch", GRAMMAR_FLAG, "off", IN(conf_service, watch) },
	{ "stick", GRAMMAR_MS, "60s", RANGE("0s", "12h"), IN(conf_service, stick_ms) },
	{ "resolve", GRAMMAR_WORD, "table", WORDS("table", "dns"), IN(conf_service, resolve) },
	{ "prefer", GRAMMAR_WORD, "file", WORDS("file", "dns"), IN(conf_service, prefer) },
	{ 0 },
};

static const struct grammar_option candidate_options[] = {
	{ "address", GRAMMAR_ADDRESS, NULL, IN(conf_candidate, address) },
	{ "port", GRAMMAR_PORT, "0", RANGE("0", "65535"), IN(conf_candidate, port) },
	{ "uplink", GRAMMAR_UPLINK, "", IN(conf_candidate, uplink) },
	{ "uplinks", GRAMMAR_UPLINKS, "", IN(conf_candidate, uplink) },
	{ 0 },
};

static const struct grammar_option hook_options[] = {
	{ "command", GRAMMAR_TEXT, NULL, IN(conf_hook, command) },
	{ "on", GRAMMAR_EVENTS, NULL, WORDS("down", "up", "all-down", "uplink-down", "uplink-up", "cert-warn"),
	  IN(conf_hook, on) },
	{ "timeout", GRAMMAR_MS, "10s", RANGE("100ms", "1h"), IN(conf_hook, timeout_ms) },
	{ 0 },
};

static const struct grammar_option control_options[] = {
	{ "socket", GRAMMAR_SOCKET, MPF_RUN_DIR "/control", IN(conf, control_socket) },
	{ "group", GRAMMAR_GROUP, "", IN(conf, control_group) },
	{ 0 },
};

static const struct grammar_option metrics_options[] = {
	{ "listen", GRAMMAR_LISTEN, "127.0.0.1:9109", IN(conf, metrics_listen) },
	{ 0 },
};

static const struct grammar_option file_options[] = {
	{ "table", GRAMMAR_PATH, MPF_RUN_DIR "/table", IN(conf, table) },
	{ "user", GRAMMAR_USER, "", IN(conf, user) },
	{ 0 },
};

static const struct grammar_section *const none[] = { NULL };

const struct grammar_section grammar_uplink = { "uplink", true, uplink_options, none };
const struct grammar_section grammar_check = { "check", true, check_options, none };
const struct grammar_section grammar_timing = { "timing", true, timing_options, none };
const struct grammar_section grammar_candidate = { "candidate", true, candidate_options, none };
const struct grammar_section grammar_hook = { "hook", true, hook_options, none };
const struct grammar_section grammar_control = { "control", false, control_options, none };
const struct grammar_section grammar_metrics = { "metrics", false, metrics_options, none };

static const struct grammar_section *const service_sections[] = { &grammar_candidate, NULL };
const struct grammar_section grammar_service = { "service", true, service_options, service_sections };

static const struct grammar_section *const file_sections[] = { &grammar_uplink,  &grammar_check,
	                                                       &grammar_timing,  &grammar_service,
	                                                       &grammar_hook,    &grammar_control,
	                                                       &grammar_metrics, NULL };
const struct grammar_section grammar_file = { "", false, file_options, file_sections };

bool grammar_is_list(enum grammar_kind kind)
{
	return kind == GRAMMAR_EVENTS || kind == GRAMMAR_HEADERS || kind == GRAMMAR_HOSTS || kind == GRAMMAR_PORTS ||
	       kind == GRAMMAR_UPLINKS;
}

const struct grammar_option *grammar_option(const struct grammar_section *section, const char *name)
{
	for (const struct grammar_option *option = section->options; option->name; option++)
		if (!strcmp(option->name, name))
			return option;
	return NULL;
}

const struct grammar_section *grammar_section(const struct grammar_section *section, const char *name)
{
	for (const struct grammar_section *const *inner = section->sections; *inner; inner++)
		if (!strcmp((*inner)->name, name))
			return *inner;
	return NULL;
}

enum { NAME_LIMIT = 24, FAR = 1000 };

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Edits from A to B, a swap of neighbours being one; FAR for what is too long to be a slip. */
static unsigned edits(const char *a, const char *b)
{
	size_t rows = strlen(a), columns = strlen(b);
	if (rows > NAME_LIMIT || columns > NAME_LIMIT)
		return FAR;
	unsigned cost[NAME_LIMIT + 1][NAME_LIMIT + 1];
	for (unsigned i = 0; i <= rows; i++)
		for (unsigned j = 0; j <= columns; j++) {
			if (!i || !j) {
				cost[i][j] = i + j;
				continue;
			}
			unsigned change = cost[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
			cost[i][j] = least(change, 1 + least(cost[i - 1][j], cost[i][j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				cost[i][j] = least(cost[i][j], cost[i - 2][j - 2] + 1);
		}
	return cost[rows][columns];
}

static void nearer(const char *name, const char *known, const char **best, unsigned *distance)
{
	unsigned found = edits(name, known);
	if (found < *distance) {
		*distance = found;
		*best = known;
	}
}

/* The name in SECTION that NAME is a slip of, or NULL. */
static const char *nearest(const struct grammar_section *section, const char *name)
{
	const char *best = NULL;
	unsigned distance = strlen(name) < 5 ? 2 : 3; /* fewer edits than that */
	for (const struct grammar_option *option = section->options; option->name; option++)
		nearer(name, option->name, &best, &distance);
	for (const struct grammar_section *const *inner = section->sections; *inner; inner++)
		nearer(name, (*inner)->name, &best, &distance);
	return best;
}

/* The section below SECTION that has NAME, or NULL. */
static const struct grammar_section *home(const struct grammar_section *section, const char *name)
{
	const struct grammar_section *found = grammar_option(section, name) ? section : NULL;
	for (const struct grammar_section *const *inner = section->sections; *inner && !found; inner++)
		found = home(*inner, name);
	return found;
}

void grammar_advise(const struct grammar_section *section, const char *name, char *advice, size_t size)
{
	const char *best = nearest(section, name);
	const struct grammar_section *other = home(&grammar_file, name);
	if (best)
		snprintf(advice, size, "did you mean \"%s\"?", best);
	else if (grammar_section(&grammar_service, name))
		snprintf(advice, size, "a %s stands within a service", name);
	else if (other)
		snprintf(advice, size, "it belongs in %s%s",
		         *other->name ? "a section " : "the file itself, outside sections", other->name);
	else
		snprintf(advice, size, "mpfailover.conf(5) lists what there is");
}
