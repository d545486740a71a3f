/* SPDX-License-Identifier: MIT */
#include "probe/uplink/uplink_way.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "conf/conf.h"
#include "preload/endpoint.h"
#include "probe/uplink/route.h"

struct inquiry {
	const struct conf *conf;
	uplink_way_told *told;
	void *owner;
	char device[CONF_MAX_UPLINKS][IF_NAMESIZE]; /* by which programs' connections leave, "": not known */
};

static void tell(const struct inquiry *inquiry, const struct conf_uplink *uplink, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void tell(const struct inquiry *inquiry, const struct conf_uplink *uplink, const char *format, ...)
{
	char text[512], line[1024];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	snprintf(line, sizeof line, "%s:%u: uplink \"%s\": %s", uplink->file, uplink->line, uplink->name, text);
	inquiry->told(inquiry->owner, line);
}

/* The first candidate that is reached through UPLINK; NULL: none. */
static const struct conf_candidate *find_candidate(const struct conf *conf, const struct conf_uplink *uplink)
{
	for (size_t i = 0; i < conf->service_count; i++)
		for (size_t j = 0; j < conf->services[i].candidate_count; j++) {
			const struct conf_candidate *candidate = &conf->services[i].candidates[j];
			if (candidate->uplink == uplink && !candidate->is_dns)
				return candidate;
		}
	return NULL;
}

/* By which device connections should leave: as configured, or the one that has the source.  "": whichever. */
static void expected_device(const struct conf_uplink *uplink, char out[IF_NAMESIZE])
{
	out[0] = '\0';
	if (uplink->interface[0])
		snprintf(out, IF_NAMESIZE, "%s", uplink->interface);
	else if (uplink->has_source)
		route_owner(uplink->source.ip.s6_addr, out);
}

static void check_device(const struct inquiry *inquiry, const struct conf_uplink *uplink, const char *to,
                         const char *device)
{
	char source[ENDPOINT_TEXT], expected[IF_NAMESIZE];
	expected_device(uplink, expected);
	if (!expected[0] || !strcmp(expected, device))
		return;
	if (!uplink->has_source) {
		tell(inquiry, uplink,
		     "it has no source, so programs reach %s by %s, and only checks by %s; give it the source address of %s",
		     to, device, expected, expected);
		return;
	}
	endpoint_print(uplink->source.ip.s6_addr, 0, 0, source);
	tell(inquiry, uplink,
	     "connections from %s to %s leave by %s, not by %s; give a routing table a default route by %s, and let \"ip "
	     "rule add from %s table ...\" lead there",
	     source, to, device, expected, expected, source);
}

/* Fills in the uplink's device, if it can be told. */
static void check_uplink(struct inquiry *inquiry, size_t number)
{
	const struct conf_uplink *uplink = &inquiry->conf->uplinks[number];
	const struct conf_candidate *candidate = find_candidate(inquiry->conf, uplink);
	const uint8_t *source = uplink->has_source ? uplink->source.ip.s6_addr : NULL;
	char to[ENDPOINT_TEXT], from[ENDPOINT_TEXT] = "here";
	if (uplink->interface[0] && !if_nametoindex(uplink->interface)) {
		tell(inquiry, uplink, "this machine has no interface %s now (\"ip link\" lists them)",
		     uplink->interface);
		return;
	}
	if (source) {
		endpoint_print(source, 0, 0, from);
		if (!route_is_own(source)) {
			tell(inquiry, uplink,
			     "this machine does not have the address %s now (\"ip address\" lists them)", from);
			return;
		}
	}
	if (!candidate)
		return;
	endpoint_print(candidate->address.ip.s6_addr, candidate->address.scope, 0, to);
	const int result = route_device(candidate->address.ip.s6_addr, source, inquiry->device[number]);
	if (result < 0)
		tell(inquiry, uplink, "there is no route from %s to %s now: %s", from, to, strerror(-result));
	else
		check_device(inquiry, uplink, to, inquiry->device[number]);
}

static void check_pairs(const struct inquiry *inquiry)
{
	const struct conf *conf = inquiry->conf;
	for (size_t i = 1; i < conf->uplink_count; i++)
		for (size_t j = 0; j < i; j++) {
			if (!inquiry->device[i][0] || strcmp(inquiry->device[i], inquiry->device[j]) != 0)
				continue;
			tell(inquiry, &conf->uplinks[i],
			     "its connections leave by %s, as those of uplink \"%s\" do; what takes one down takes the other",
			     inquiry->device[i], conf->uplinks[j].name);
			break;
		}
}

void uplink_way_check(const struct conf *conf, uplink_way_told *told, void *owner)
{
	struct inquiry inquiry = { .conf = conf, .told = told, .owner = owner };
	for (size_t i = 0; i < conf->uplink_count; i++)
		check_uplink(&inquiry, i);
	check_pairs(&inquiry);
}
