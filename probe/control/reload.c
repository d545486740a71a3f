/* SPDX-License-Identifier: MIT */
#include "probe/control/reload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/engine/engine.h"
#include "probe/news/json_text.h"
#include "probe/news/news.h"
#include "probe/page/web.h"
#include "probe/uplink/uplink_way.h"

struct conf *reload_read(const char *file, reload_told *warn, void *owner, char **error)
{
	struct conf *conf = conf_read(file, error);
	if (!conf)
		return NULL;
	for (size_t i = 0; i < conf->warning_count; i++)
		warn(owner, conf->warnings[i]);
	uplink_way_check(conf, warn, owner);
	return conf;
}

struct attempt {
	struct news *news;
	json_t *warnings;
};

static void warn(void *owner, const char *line)
{
	struct attempt *attempt = owner;
	news_say(attempt->news, LEVEL_WARN, "config", "%s", line);
	json_array_append_new(attempt->warnings, json_text(line));
}

/* What only takes effect when the daemon is started. */
static void warn_of_change(struct attempt *attempt, const char *option, const char *before, const char *after)
{
	char line[256];
	if (!before || strcmp(before, after) == 0)
		return;
	snprintf(line, sizeof line, "another %s takes effect at the next start of the daemon", option);
	warn(attempt, line);
}

static json_t *refused(struct attempt *attempt, const char *error)
{
	news_say(attempt->news, LEVEL_ERROR, "config", "%s", error);
	json_decref(attempt->warnings);
	return json_pack("{s:b, s:{s:s, s:o}}", "ok", 0, "error", "code", "configuration", "text", json_text(error));
}

static json_t *accepted(struct attempt *attempt, const struct conf *conf)
{
	char text[512];
	size_t candidates = 0;
	for (size_t i = 0; i < conf->service_count; i++)
		candidates += conf->services[i].candidate_count;
	snprintf(text, sizeof text, "%s is in force: %zu services, %zu candidates", conf->file, conf->service_count,
	         candidates);
	return json_pack("{s:b, s:o, s:o, s:I, s:I, s:o}", "ok", 1, "text", json_text(text), "file",
	                 json_text(conf->file), "services", (json_int_t)conf->service_count, "candidates",
	                 (json_int_t)candidates, "warnings", attempt->warnings);
}

/* All of it, or nothing. */
static bool put_in_force(const struct reload *reload, struct conf *conf, char **error)
{
	if (!web_prepare(reload->web, conf, error))
		return false;
	if (engine_load(reload->engine, conf) < 0) {
		web_cancel(reload->web);
		return false;
	}
	web_commit(reload->web);
	return true;
}

static json_t *run(const struct reload *reload)
{
	struct attempt attempt = { engine_news(reload->engine), json_array() };
	char *error = NULL;
	struct conf *conf = reload_read(reload->file, warn, &attempt, &error);
	if (!conf) {
		json_t *answer = refused(&attempt, error ? error : "out of memory");
		free(error);
		return answer;
	}
	if (!put_in_force(reload, conf, &error)) {
		json_t *answer = refused(&attempt, error ? error : "out of memory");
		conf_free(conf);
		free(error);
		return answer;
	}
	warn_of_change(&attempt, "table", reload->table, conf->table);
	warn_of_change(&attempt, "control socket", reload->control_socket, conf->control_socket);
	warn_of_change(&attempt, "control group", reload->control_group, conf->control_group);
	warn_of_change(&attempt, "user", reload->user, conf->user);
	return accepted(&attempt, conf);
}

json_t *reload_run(const struct reload *reload)
{
	json_t *answer = run(reload);
	web_note_reload(reload->web, json_is_true(json_object_get(answer, "ok")));
	return answer;
}
