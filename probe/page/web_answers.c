/* SPDX-License-Identifier: MIT */
#include "probe/page/web_answers.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "probe/ctl/ctl_table.h"
#include "probe/ctl/status_json.h"
#include "probe/page/handover.h"
#include "probe/page/history_file.h"
#include "probe/page/history_json.h"
#include "probe/page/metrics.h"
#include "probe/page/page.h"

enum { FRESH_MS = 200, HISTORY_FRESH_MS = 5000, ENDPOINTS = 5, KIB = 1024, STATUS_OK = 200, STATUS_UNAVAILABLE = 503 };

struct web_answers {
	struct web_sources sources;
	struct web_answer *fresh[ENDPOINTS]; /* the latest of each endpoint, by its number */
	struct ctl_table table;              /* half a megabyte, for whichever is being made */
};

/* One that is written to OUT.  False: no memory.  *STATUS is 200 at first. */
typedef bool endpoint_print_to(struct web_answers *answers, FILE *out, unsigned *status);

struct endpoint {
	const char *path, *type;
	endpoint_print_to *print; /* NULL: the page */
	uint64_t fresh_ms;
	bool tagged;
};

/* ------------------------------------------------------------------------------------------------------- what they say */

static bool print_status(struct web_answers *answers, FILE *out, unsigned *status)
{
	char error[CTL_ERROR_SIZE];
	const char *path = answers->sources.table;
	if (ctl_table_read(&answers->table, path, error))
		return status_json(out, &answers->table, path, true);
	*status = STATUS_UNAVAILABLE;
	return status_json_error(out, path, error, true);
}

static bool print_history(struct web_answers *answers, FILE *out, unsigned *status)
{
	char error[CTL_ERROR_SIZE];
	if (ctl_table_read(&answers->table, answers->sources.table, error))
		return history_json(out, &answers->table, answers->sources.history, history_file_now_s());
	*status = STATUS_UNAVAILABLE;
	return status_json_error(out, answers->sources.table, error, true);
}

static double cpu_s(void)
{
	struct rusage usage;
	if (getrusage(RUSAGE_SELF, &usage) < 0)
		return 0;
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static bool print_metrics(struct web_answers *answers, FILE *out, unsigned *status)
{
	char error[CTL_ERROR_SIZE];
	const struct web_sources *sources = &answers->sources;
	const struct metrics_daemon daemon = {
		.punctuality = punctuality_copy(sources->punctuality),
		.reload_failed = __atomic_load_n(&sources->handover->reload_failed, __ATOMIC_RELAXED),
		.started_s = sources->started_s,
		.cpu_s = cpu_s(),
	};
	if (ctl_table_read(&answers->table, sources->table, error))
		return metrics_print(out, &answers->table, &daemon);
	*status = STATUS_UNAVAILABLE;
	fprintf(out, "# %s\n", error);
	return true;
}

/* Each line is an object. */
static bool print_events(struct web_answers *answers, FILE *out, unsigned *status)
{
	char line[HANDOVER_LINE_SIZE];
	uint32_t number;
	const char *separator = "";
	const struct handover *handover = answers->sources.handover;
	const uint32_t end = handover_end(handover, &number);
	(void)status;
	fputs("{\"events\":[", out);
	for (; number != end; number++) {
		if (!handover_line(handover, number, line))
			continue;
		fprintf(out, "%s%s", separator, line);
		separator = ",\n";
	}
	fputs("]}\n", out);
	return true;
}

static const char json[] = "application/json";

static const struct endpoint endpoints[ENDPOINTS] = {
	{ "/", "text/html; charset=utf-8", NULL, UINT64_MAX, true },
	{ "/metrics", "text/plain; version=0.0.4; charset=utf-8", print_metrics, FRESH_MS, false },
	{ "/status.json", json, print_status, FRESH_MS, false },
	{ "/history.json", json, print_history, HISTORY_FRESH_MS, true },
	{ "/events.json", json, print_events, FRESH_MS, true },
};

/* ------------------------------------------------------------------------------------------------------ how they are made */

/* Of its content, by the way of Fowler, Noll and Vo. */
static void put_tag(struct web_answer *answer)
{
	uint64_t hash = 14695981039346656037u;
	for (size_t i = 0; i < answer->size; i++)
		hash = (hash ^ (unsigned char)answer->data[i]) * 1099511628211u;
	snprintf(answer->tag, sizeof answer->tag, "\"%016llx\"", (unsigned long long)hash);
}

/* False: no memory. */
static bool fill(struct web_answers *answers, struct web_answer *answer, const struct endpoint *endpoint)
{
	if (!endpoint->print) {
		answer->data = page_html;
		answer->size = (size_t)(page_html_end - page_html);
		answer->policy = page_policy;
		return true;
	}
	FILE *out = open_memstream(&answer->owned, &answer->size);
	if (!out)
		return false;
	const bool printed = endpoint->print(answers, out, &answer->status) && !ferror(out);
	if (fclose(out) != 0 || !printed)
		return false;
	answer->data = answer->owned;
	return true;
}

static struct web_answer *make(struct web_answers *answers, const struct endpoint *endpoint, uint64_t now_ms)
{
	struct web_answer *answer = calloc(1, sizeof *answer);
	if (!answer)
		return NULL;
	*answer =
		(struct web_answer){ .status = STATUS_OK, .type = endpoint->type, .references = 1, .made_ms = now_ms };
	if (!fill(answers, answer, endpoint)) {
		web_answer_release(answer);
		return NULL;
	}
	if (endpoint->tagged)
		put_tag(answer);
	return answer;
}

static bool is_fresh(const struct web_answer *answer, const struct endpoint *endpoint, uint64_t now_ms)
{
	const uint64_t by_size_ms = answer->size / KIB;
	return now_ms - answer->made_ms < (endpoint->fresh_ms > by_size_ms ? endpoint->fresh_ms : by_size_ms);
}

struct web_answer *web_answers_take(struct web_answers *answers, const char *path, uint64_t now_ms)
{
	size_t i = 0;
	while (i < ENDPOINTS && strcmp(path, endpoints[i].path) != 0)
		i++;
	if (i == ENDPOINTS)
		return NULL;
	struct web_answer **kept = &answers->fresh[i];
	if (!*kept || !is_fresh(*kept, &endpoints[i], now_ms)) {
		struct web_answer *next = make(answers, &endpoints[i], now_ms);
		if (next) { /* without the memory for it the old one has to do */
			web_answer_release(*kept);
			*kept = next;
		}
	}
	if (*kept)
		(*kept)->references++;
	return *kept;
}

void web_answer_release(struct web_answer *answer)
{
	if (!answer || --answer->references)
		return;
	free(answer->owned);
	free(answer);
}

struct web_answers *web_answers_new(const struct web_sources *sources)
{
	struct web_answers *answers = calloc(1, sizeof *answers);
	if (answers)
		answers->sources = *sources;
	return answers;
}

void web_answers_free(struct web_answers *answers)
{
	if (!answers)
		return;
	for (size_t i = 0; i < ENDPOINTS; i++)
		web_answer_release(answers->fresh[i]);
	free(answers);
}
