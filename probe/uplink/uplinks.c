/* SPDX-License-Identifier: MIT */
#include "probe/uplink/uplinks.h"

#include "preload/endpoint.h"
#include "probe/engine/canary.h"
#include "probe/engine/clock.h"
#include "probe/news/news.h"
#include "probe/table/table_writer.h"
#include "probe/uplink/uplink.h"

static struct uplink_member member_of(const struct candidate *candidate)
{
	bool up = candidate->verdict.verdict == MPF_UP;
	return (struct uplink_member){
		.uplink = candidate->row->uplink,
		.address = candidate->row->address,
		.port = candidate_check_port(candidate),
		.verdict = candidate->verdict.verdict,
		.settled = up && !candidate->announce.down,
		.silent = uplink_is_silence(candidate->reason),
	};
}

static size_t survey(const struct roster *roster, struct uplink_member members[MPF_MAX_CANDIDATES])
{
	for (size_t i = 0; i < roster->count; i++)
		members[i] = member_of(roster->list[i]);
	return roster->count;
}

/* ------------------------------------------------------------------------------------------------- what is told */

static void put_uplink(json_t *event, const struct mpf_uplink *uplink, const char *name, const char *source,
                       const char *interface)
{
	char text[ENDPOINT_TEXT];
	news_put_text(event, name, (const char *)uplink->name);
	if (uplink->has_source) {
		endpoint_print(uplink->source, 0, 0, text);
		news_put_text(event, source, text);
	}
	if (uplink->interface[0])
		news_put_text(event, interface, (const char *)uplink->interface);
}

/* The first other uplink with a candidate that is up; NULL: none. */
static const struct mpf_uplink *find_other(const struct mpf_slot *slot, uint32_t number,
                                           const struct uplink_member *members, size_t count)
{
	for (uint32_t other = 1; other <= slot->uplink_count; other++)
		for (size_t i = 0; i < count && other != number; i++)
			if (members[i].uplink == other && members[i].verdict == MPF_UP)
				return &slot->uplinks[other - 1];
	return NULL;
}

static void tell(struct news *news, const struct mpf_slot *slot, uint32_t number, const struct uplink_member *members,
                 size_t count)
{
	const struct mpf_uplink *uplink = &slot->uplinks[number - 1], *other;
	json_t *event = news_event(uplink->down ? "uplink-down" : "uplink-up");
	uint64_t own = 0;
	for (size_t i = 0; i < count; i++)
		own += members[i].uplink == number;
	put_uplink(event, uplink, "uplink", "source", "interface");
	news_put_number(event, "candidates", own);
	if (uplink->down && (other = find_other(slot, number, members, count)))
		put_uplink(event, other, "instead", "instead_source", "instead_interface");
	news_tell(news, uplink->down ? LEVEL_WARN : LEVEL_INFO, json_incref(event));
	news_run_hooks(news, uplink->down ? CONF_ON_UPLINK_DOWN : CONF_ON_UPLINK_UP, (const char *)uplink->name, event);
}

/* ------------------------------------------------------------------------------------------------- what is done */

/* It fails, but has not yet done so for longer than it takes to be down. */
static bool begins_to_fail(const struct candidate *candidate)
{
	const struct verdict *verdict = &candidate->verdict;
	return (verdict->verdict == MPF_SUSPECT || verdict->verdict == MPF_DOWN) && !verdict->succeeding &&
	       verdict->streak <= candidate->service->timing->fall && uplink_is_silence(candidate->reason);
}

static bool is_in_doubt(const struct roster *roster, uint32_t number)
{
	for (size_t i = 0; i < roster->count; i++)
		if (roster->list[i]->row->uplink == number && begins_to_fail(roster->list[i]))
			return true;
	return false;
}

static void try_others(const struct roster *roster, uint32_t number)
{
	for (size_t i = 0; i < roster->count; i++)
		if (roster->list[i]->row->uplink == number)
			canary_doubt(roster->list[i]);
}

void uplinks_judge(const struct roster *roster, struct mpf_slot *slot, struct news *news)
{
	struct uplink_member members[MPF_MAX_CANDIDATES];
	size_t count = slot->uplink_count ? survey(roster, members) : 0;
	for (uint32_t number = 1; number <= slot->uplink_count; number++) {
		struct mpf_uplink *uplink = &slot->uplinks[number - 1];
		bool down = uplink_is_down(uplink->down, number, members, count);
		if (!down && is_in_doubt(roster, number))
			try_others(roster, number);
		if (down == (uplink->down != 0))
			continue;
		table_store(&uplink->down, down);
		table_store(&uplink->since_s, clock_wall_s());
		tell(news, slot, number, members, count);
	}
}
