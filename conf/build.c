/* SPDX-License-Identifier: MIT */
#include "conf/build.h"

#include "conf/set.h"
#include "conf/source.h"
#include "conf/text.h"
#include "conf/tree.h"
#include "conf/validate.h"

#include <string.h>

/* A section's title, checked; NULL: refused. */
static const char *name_of(struct draft *draft, struct cfg_t *section, const char *kind)
{
	const char *title = tree_title(section);
	const char *problem = text_check_name(title);
	if (problem) {
		fault_at(draft->fault, draft_section_place(draft, section), "%s \"%.80s\": %s", kind, title, problem);
		return NULL;
	}
	const char *name = pool_text(draft->pool, title, strlen(title));
	if (!name)
		fault_memory(draft->fault);
	return name;
}

static bool build_uplink(struct draft *draft, struct cfg_t *section, void *target)
{
	struct conf_uplink *uplink = target;
	struct place place = draft_section_place(draft, section);
	if (draft->conf->uplink_count == CONF_MAX_UPLINKS)
		return fault_at(draft->fault, place, "more than %d uplinks; leave some out", CONF_MAX_UPLINKS);
	uplink->name = name_of(draft, section, "uplink");
	uplink->file = place.file;
	uplink->line = place.line;
	if (!uplink->name || !set_options(draft, &grammar_uplink, section, place, uplink))
		return false;
	draft->conf->uplink_count++;
	return validate_uplink(draft, uplink);
}

static bool build_check(struct draft *draft, struct cfg_t *section, void *target)
{
	struct conf_check *check = target;
	struct place place = draft_section_place(draft, section);
	check->name = name_of(draft, section, "check");
	check->file = place.file;
	check->line = place.line;
	if (!check->name || !set_options(draft, &grammar_check, section, place, check))
		return false;
	draft->conf->check_count++;
	return validate_check(draft, section, check);
}

static bool build_timing(struct draft *draft, struct cfg_t *section, void *target)
{
	struct conf_timing *timing = target;
	struct place place = draft_section_place(draft, section);
	timing->name = name_of(draft, section, "timing");
	timing->file = place.file;
	timing->line = place.line;
	if (!timing->name || !set_options(draft, &grammar_timing, section, place, timing))
		return false;
	draft->conf->timing_count++;
	return validate_timing(draft, section, timing);
}

static bool build_hook(struct draft *draft, struct cfg_t *section, void *target)
{
	struct conf_hook *hook = target;
	struct place place = draft_section_place(draft, section);
	hook->name = name_of(draft, section, "hook");
	hook->file = place.file;
	hook->line = place.line;
	if (!hook->name || !set_options(draft, &grammar_hook, section, place, hook))
		return false;
	draft->conf->hook_count++;
	return validate_hook(draft, section, hook);
}

/* Gives the candidate that was added last to UPLINK, as one of several. */
static bool spread(struct draft *draft, struct conf_candidate *candidate, const char *name,
                   const struct conf_uplink *uplink)
{
	struct place place = { candidate->file, candidate->line };
	if (strlen(name) + 1 + strlen(uplink->name) >= CONF_NAME_SIZE)
		return fault_at(draft->fault, place,
		                "the name \"%s@%s\" would be longer than 63 bytes; shorten either name", name,
		                uplink->name);
	candidate->name = pool_printf(draft->pool, "%s@%s", name, uplink->name);
	candidate->uplink = uplink;
	return candidate->name || fault_memory(draft->fault);
}

/* Room for one more candidate of SERVICE; NULL: refused. */
static struct conf_candidate *add_candidate(struct draft *draft, struct conf_service *service, struct place place)
{
	if (service->candidate_count == CONF_MAX_SERVICE_CANDIDATES) {
		fault_at(draft->fault, place,
		         "more than %d candidates in a service (each uplink counts); leave some out",
		         CONF_MAX_SERVICE_CANDIDATES);
		return NULL;
	}
	if (draft->candidate_count == CONF_MAX_CANDIDATES) {
		fault_at(draft->fault, place, "more than %d candidates in all; leave some out", CONF_MAX_CANDIDATES);
		return NULL;
	}
	draft->candidate_count++;
	return &service->candidates[service->candidate_count++];
}

/* One section: one candidate, or one for each of its `uplinks`. */
static bool build_candidate(struct draft *draft, struct cfg_t *section, struct conf_service *service)
{
	struct place place = draft_section_place(draft, section);
	struct conf_candidate first = { .file = place.file, .line = place.line };
	first.name = name_of(draft, section, "candidate");
	if (!first.name || !set_options(draft, &grammar_candidate, section, place, &first))
		return false;
	size_t uplinks = tree_value_count(section, "uplinks");
	if (uplinks && first.uplink)
		return fault_at(draft->fault, draft_option_place(draft, section, "uplinks"),
		                "this candidate has uplink and uplinks; keep one of them");
	size_t i = 0;
	do {
		struct conf_candidate *candidate = add_candidate(draft, service, place);
		if (!candidate)
			return false;
		*candidate = first;
		if (uplinks) {
			const struct conf_uplink *uplink =
				set_find_uplink(draft, "uplinks", tree_value(section, "uplinks", i));
			if (!uplink || !spread(draft, candidate, first.name, uplink))
				return false;
		}
		if (!validate_candidate(draft, section, service, candidate))
			return false;
	} while (++i < uplinks);
	return true;
}

static bool build_service(struct draft *draft, struct cfg_t *section, void *target)
{
	struct conf_service *service = target;
	struct place place = draft_section_place(draft, section);
	if (draft->conf->service_count == CONF_MAX_SERVICES)
		return fault_at(draft->fault, place, "more than %d services; leave some out", CONF_MAX_SERVICES);
	service->name = name_of(draft, section, "service");
	service->file = place.file;
	service->line = place.line;
	service->candidates = pool_alloc(draft->pool, CONF_MAX_SERVICE_CANDIDATES, sizeof *service->candidates);
	if (!service->candidates)
		return fault_memory(draft->fault);
	if (!service->name || !set_options(draft, &grammar_service, section, place, service))
		return false;
	if (!validate_service(draft, section, service))
		return false;
	for (size_t i = 0; i < tree_section_count(section, "candidate"); i++)
		if (!build_candidate(draft, tree_section(section, "candidate", i), service))
			return false;
	draft->conf->service_count++;
	if (!service->candidate_count)
		return fault_at(draft->fault, place,
		                "service \"%s\" has no candidate; add one: candidate \"a\" { address = \"...\" }",
		                service->name);
	return true;
}

/* All sections of KIND, into a new array at *ITEMS. */
static bool build_all(struct draft *draft, struct cfg_t *tree, const char *kind, void *items, size_t size,
                      bool (*build)(struct draft *, struct cfg_t *, void *))
{
	size_t count = tree_section_count(tree, kind);
	char *array = pool_alloc(draft->pool, count, size);
	if (!array)
		return fault_memory(draft->fault);
	memcpy(items, &array, sizeof array);
	for (size_t i = 0; i < count; i++)
		if (!build(draft, tree_section(tree, kind, i), array + i * size))
			return false;
	return true;
}

/* A section that stands once, or not at all, and belongs to the file as a whole. */
static bool build_single(struct draft *draft, struct cfg_t *tree, const struct grammar_section *grammar)
{
	if (!tree_section_count(tree, grammar->name))
		return true;
	struct cfg_t *section = tree_section(tree, grammar->name, 0);
	return set_options(draft, grammar, section, draft_section_place(draft, section), draft->conf);
}

static bool build_metrics(struct draft *draft, struct cfg_t *tree)
{
	struct conf *conf = draft->conf;
	if (!build_single(draft, tree, &grammar_metrics))
		return false;
	if (tree_section_count(tree, grammar_metrics.name)) {
		struct cfg_t *section = tree_section(tree, grammar_metrics.name, 0);
		const struct place place = draft_option_place(draft, section, "listen");
		conf->metrics_file = place.file;
		conf->metrics_line = place.line;
	}
	return true;
}

/* What a service gets that names no check, or no timing. */
static bool build_defaults(struct draft *draft, struct place place)
{
	struct conf_check *tcp = pool_alloc(draft->pool, 1, sizeof *tcp);
	struct conf_timing *timing = pool_alloc(draft->pool, 1, sizeof *timing);
	if (!tcp || !timing)
		return fault_memory(draft->fault);
	tcp->name = "";
	timing->name = "default";
	tcp->file = timing->file = place.file;
	draft->tcp = tcp;
	draft->timing = timing;
	return set_options(draft, &grammar_check, NULL, place, tcp) &&
	       set_options(draft, &grammar_timing, NULL, place, timing);
}

bool build_conf(struct draft *draft, struct cfg_t *tree)
{
	struct conf *conf = draft->conf;
	struct place top = { conf->file, 1 };
	conf->control_socket = conf->control_group = conf->metrics_listen = "";
	conf->metrics_file = conf->file;
	return build_defaults(draft, top) && set_options(draft, &grammar_file, tree, top, conf) &&
	       build_all(draft, tree, "uplink", &conf->uplinks, sizeof *conf->uplinks, build_uplink) &&
	       build_all(draft, tree, "check", &conf->checks, sizeof *conf->checks, build_check) &&
	       build_all(draft, tree, "timing", &conf->timings, sizeof *conf->timings, build_timing) &&
	       build_all(draft, tree, "service", &conf->services, sizeof *conf->services, build_service) &&
	       build_all(draft, tree, "hook", &conf->hooks, sizeof *conf->hooks, build_hook) &&
	       build_single(draft, tree, &grammar_control) && build_metrics(draft, tree) && validate_conf(draft);
}
