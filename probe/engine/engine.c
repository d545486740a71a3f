/* SPDX-License-Identifier: MIT */
#include "probe/engine/engine.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "probe/check/check_warm.h"
#include "probe/dns/dns.h"
#include "probe/engine/canary.h"
#include "probe/engine/candidate_news.h"
#include "probe/engine/clock.h"
#include "probe/engine/netlink.h"
#include "probe/engine/reports.h"
#include "probe/engine/roster.h"
#include "probe/judge/liveness.h"
#include "probe/news/log.h"
#include "probe/news/news.h"
#include "probe/table/image.h"
#include "probe/table/table_writer.h"
#include "probe/uplink/uplinks.h"

enum { HEARTBEAT_MS = 1000, TALLY_MS = 60000 };

struct engine {
	struct candidate_world world;
	struct table_writer *writer;
	struct conf *conf;     /* as it was read, */
	struct conf *expanded; /* and with the answers of DNS */
	uint32_t loaded_s;
	bool table_lost;
	uint64_t beat_ms; /* when a heartbeat, with all that it brings along, was completed last; 0: never */
	struct dns *dns;
	struct roster roster;
	struct reports *reports; /* NULL: none */
	struct netlink *netlink; /* NULL: none */
	struct news news;
	uv_timer_t heartbeat, tally;
	uv_prepare_t before_wait;
	uv_check_t after_wait;
};

/* --------------------------------------------------------------------------------------------- what is put in force */

/* What is needed for it, so that nothing can go wrong any more. */
struct next {
	struct conf *expanded;
	struct mpf_slot *image;
	struct roster roster;
};

static void discard(struct next *next)
{
	roster_free(&next->roster);
	free(next->image);
	free(next->expanded);
}

static int prepare(struct engine *engine, struct next *next, const struct dns_plan *plan)
{
	*next = (struct next){ .expanded = dns_plan_expand(plan), .image = malloc(sizeof *next->image) };
	if (next->expanded && next->image && roster_prepare(&next->roster, &engine->world, next->expanded) == 0)
		return 0;
	discard(next);
	return -ENOMEM;
}

/* Returns how many of its candidates were known. */
static unsigned install(struct engine *engine, struct next *next)
{
	struct mpf_slot *active = table_writer_active(engine->writer);
	image_build(next->image, next->expanded, engine->loaded_s);
	unsigned known = active ? image_adopt(next->image, active) : 0;
	table_writer_publish(engine->writer, next->image);
	free(next->image);
	roster_fill(&next->roster, &engine->roster, next->expanded, table_writer_active(engine->writer));
	engine->roster = next->roster;
	free(engine->expanded);
	engine->expanded = next->expanded;
	return known;
}

/* Once in a turn of the loop, after all answers that it has brought.  Without the memory for it the next change will do. */
static void follow_dns(struct engine *engine)
{
	struct next next;
	if (!engine->conf || !dns_has_changed(engine->dns) || prepare(engine, &next, dns_plan(engine->dns)) < 0)
		return;
	install(engine, &next);
	dns_tell_unused(engine->dns, engine->expanded);
}

/* ------------------------------------------------------------------------------------------------ from time to time */

/* One that was removed serves those who have it, and nobody who comes. */
static void look_for_table(struct engine *engine)
{
	const bool lost = !table_writer_is_in_place(engine->writer);
	if (lost && !engine->table_lost)
		news_say(&engine->news, LEVEL_ERROR, "table",
		         "it was removed or replaced: programs that start now do not find it; start this daemon again");
	engine->table_lost = lost;
}

static void on_heartbeat(uv_timer_t *timer)
{
	struct engine *engine = timer->data;
	look_for_table(engine);
	table_writer_heartbeat(engine->writer, (uint32_t)clock_ms());
	for (size_t i = 0; i < engine->roster.count; i++)
		candidate_tick(engine->roster.list[i]);
	candidate_news_settle(&engine->roster, false);
	dns_tick(engine->dns);
	engine->world.changed = true; /* what depends on time may have */
	engine->beat_ms = clock_ms();
}

/* Once in a turn of the loop, after all verdicts that it has changed. */
static void judge_uplinks(struct engine *engine)
{
	struct mpf_slot *slot = table_writer_active(engine->writer);
	if (engine->world.changed && slot)
		uplinks_judge(&engine->roster, slot, &engine->news);
	engine->world.changed = false;
}

/* How well the checks kept their times, for someone who wonders. */
static void on_tally(uv_timer_t *timer)
{
	struct engine *engine = timer->data;
	struct log_line line;
	log_begin(&line, LEVEL_DEBUG, "tally");
	log_number(&line, "checks", engine->world.started);
	log_number(&line, "late_max_ms", engine->world.late_ms);
	log_write(&line);
	engine->world.started = engine->world.late_ms = 0;
}

static void on_before_wait(uv_prepare_t *prepare)
{
	struct engine *engine = prepare->data;
	follow_dns(engine);
	judge_uplinks(engine);
	int wait_ms = uv_backend_timeout(prepare->loop);
	candidate_world_note(&engine->world);
	lateness_wait(&engine->world.lateness, clock_ms(), wait_ms > 0 ? (uint64_t)wait_ms : 0);
}

static void on_after_wait(uv_check_t *check)
{
	struct engine *engine = check->data;
	candidate_world_note(&engine->world);
}

static void start_clocks(struct engine *engine)
{
	uv_loop_t *loop = engine->world.checks.loop;
	uv_timer_init(loop, &engine->heartbeat);
	uv_timer_init(loop, &engine->tally);
	uv_prepare_init(loop, &engine->before_wait);
	uv_check_init(loop, &engine->after_wait);
	engine->heartbeat.data = engine->tally.data = engine->before_wait.data = engine->after_wait.data = engine;
	uv_timer_start(&engine->heartbeat, on_heartbeat, 0, HEARTBEAT_MS);
	uv_timer_start(&engine->tally, on_tally, TALLY_MS, TALLY_MS);
	uv_prepare_start(&engine->before_wait, on_before_wait);
	uv_check_start(&engine->after_wait, on_after_wait);
}

static void stop_clocks(struct engine *engine)
{
	uv_close((uv_handle_t *)&engine->heartbeat, NULL);
	uv_close((uv_handle_t *)&engine->tally, NULL);
	uv_close((uv_handle_t *)&engine->before_wait, NULL);
	uv_close((uv_handle_t *)&engine->after_wait, NULL);
}

/* ------------------------------------------------------------------------------------------------- from outside */

/* Untrusted, and perhaps of an earlier configuration. */
static void on_report(void *owner, const struct mpf_report *report)
{
	struct engine *engine = owner;
	const struct mpf_slot *slot = table_writer_active(engine->writer);
	bool known = report->kind == MPF_REPORT_FAILED || report->kind == MPF_REPORT_MOVED;
	if (known && slot && report->generation == slot->generation && report->candidate < engine->roster.count)
		canary_report(engine->roster.list[report->candidate], report->kind);
}

static void on_network(void *owner)
{
	struct engine *engine = owner;
	log_say(LEVEL_DEBUG, "network", "a link, an address or a route has changed: checking all");
	roster_check(engine->roster.list, engine->roster.count);
	dns_retry(engine->dns);
}

/* Neither is needed to live: clients that report in vain go on, and checks come when they are due. */
static void start_listening(struct engine *engine, const char *report_path)
{
	uv_loop_t *loop = engine->world.checks.loop;
	int result = report_path[0] ? reports_open(&engine->reports, loop, report_path, on_report, engine) : 0;
	if (!report_path[0])
		result = -ENAMETOOLONG;
	if (result < 0)
		log_say(LEVEL_WARN, "start", "%s: %s; clients cannot report",
		        report_path[0] ? report_path : "report socket", strerror(-result));
	result = netlink_open(&engine->netlink, loop, on_network, engine);
	if (result < 0)
		log_say(LEVEL_WARN, "start", "rtnetlink: %s; changes of the network are not noticed",
		        strerror(-result));
}

/* --------------------------------------------------------------------------------------------------------- its life */

void engine_name_socket(char out[MPF_PATH_SIZE], const char *table, const char *name)
{
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s", table);
	if (snprintf(out, MPF_PATH_SIZE, "%s/%s", dirname(path), name) >= MPF_PATH_SIZE)
		out[0] = '\0';
}

int engine_open(struct engine **out, uv_loop_t *loop, const char *table, const char *control)
{
	char report_path[MPF_PATH_SIZE];
	struct engine *engine = calloc(1, sizeof *engine);
	if (!engine)
		return -ENOMEM;
	engine_name_socket(report_path, table, "report");
	int result = table_writer_open(&engine->writer, table, report_path, control);
	if (result == 0)
		result = check_world_open(&engine->world.checks, loop);
	if (result == 0)
		result = news_open(&engine->news, loop);
	if (result == 0)
		result = dns_open(&engine->dns, loop, &engine->news, &engine->roster);
	if (result < 0) {
		engine_free(engine);
		return result;
	}
	engine->world.news = &engine->news;
	engine->world.roster = &engine->roster;
	engine->world.lateness = lateness_start(clock_ms(), clock_asleep_ms());
	start_clocks(engine);
	start_listening(engine, report_path);
	*out = engine;
	return 0;
}

/* Has a service checks for which certificates matter? */
static bool wants_certificates(const struct conf *conf)
{
	for (size_t i = 0; i < conf->service_count; i++) {
		const struct conf_check *check = conf->services[i].check;
		if ((check->type == CONF_TLS || check->type == CONF_HTTPS) && check->verify && !check->ca_file[0])
			return true;
	}
	return false;
}

int engine_load(struct engine *engine, struct conf *conf)
{
	struct next next;
	struct mpf_slot *active = table_writer_active(engine->writer);
	struct dns_plan *plan = dns_plan_new(conf, dns_plan(engine->dns), active, clock_ms());
	if (!plan || prepare(engine, &next, plan) < 0) {
		dns_plan_free(plan);
		return -ENOMEM;
	}
	if (hooks_configure(engine->news.hooks, conf) < 0) {
		discard(&next);
		dns_plan_free(plan);
		return -ENOMEM;
	}
	bool first = !engine->conf;
	if (first && wants_certificates(conf))
		check_warm_start(&engine->world.checks);
	engine->loaded_s = clock_wall_s();
	unsigned known = install(engine, &next);
	dns_follow(engine->dns, plan);
	if (first)
		candidate_news_settle(&engine->roster, true);
	conf_free(engine->conf);
	engine->conf = conf;
	engine->world.loaded_ms = clock_ms();
	news_say(&engine->news, LEVEL_INFO, "loaded", "%s: %zu services, %zu candidates, %u of them known", conf->file,
	         conf->service_count, engine->roster.count, known);
	return 0;
}

const struct roster *engine_roster(const struct engine *engine)
{
	return &engine->roster;
}

struct table_writer *engine_table(const struct engine *engine)
{
	return engine->writer;
}

struct news *engine_news(struct engine *engine)
{
	return &engine->news;
}

const struct punctuality *engine_punctuality(const struct engine *engine)
{
	return &engine->world.punctuality;
}

bool engine_works(const struct engine *engine, uint64_t now_ms)
{
	if (liveness_stuck(engine->beat_ms, now_ms))
		return false;
	for (size_t i = 0; i < engine->roster.count; i++)
		if (candidate_is_overdue(engine->roster.list[i], now_ms))
			return false;
	return true;
}

void engine_stop(struct engine *engine)
{
	if (!engine)
		return;
	reports_close(engine->reports);
	netlink_close(engine->netlink);
	news_stop(&engine->news);
	dns_close(engine->dns);
	roster_free(&engine->roster);
	check_world_close(&engine->world.checks);
	stop_clocks(engine);
}

void engine_free(struct engine *engine)
{
	if (!engine)
		return;
	table_writer_close(engine->writer);
	news_free(&engine->news);
	free(engine->expanded);
	conf_free(engine->conf);
	free(engine);
}
