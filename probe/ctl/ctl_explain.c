/* SPDX-License-Identifier: MIT */
#include "probe/ctl/ctl.h"

#include <getopt.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "preload/choose.h"
#include "preload/endpoint.h"
#include "preload/lookup.h"
#include "preload/view.h"
#include "probe/ctl/ctl_grid.h"
#include "probe/ctl/ctl_table.h"
#include "probe/ctl/ctl_text.h"
#include "probe/judge/reason.h"

/* How often the table is read again when its configuration changes between two looks at it. */
enum { TRIES = 10 };

struct explain {
	const char *path, *what; /* the table, and what was asked for */
	bool by_name;
	struct endpoint asked; /* by name: only the port */
	struct ctl_table table;
	char error[CTL_ERROR_SIZE]; /* why there is no table */
	bool found;
	struct snapshot snapshot; /* if it was found */
};

/* The library asks with a port; where a person names none, that of the first service which has the address (any, if it takes any). */
static uint16_t port_to_ask(const struct explain *explain)
{
	const struct mpf_slot *slot = &explain->table.slot;
	if (explain->asked.port || explain->by_name)
		return explain->asked.port;
	for (uint32_t i = 0; i < slot->candidate_count; i++) {
		const struct mpf_candidate *it = &slot->candidates[i];
		if (it->port || it->service >= slot->service_count ||
		    memcmp(it->address, explain->asked.address, 16) != 0)
			continue;
		const struct mpf_service *service = &slot->services[it->service];
		return service->port_count ? (uint16_t)service->ports[0] : UINT16_MAX;
	}
	return 0;
}

static bool lookup(const struct explain *explain, const struct mpf_header *table, struct snapshot *out)
{
	const uint16_t port = port_to_ask(explain);
	return explain->by_name ? lookup_host(table, explain->what, port, out)
	                        : lookup_address(table, explain->asked.address, explain->asked.scope, port, out);
}

/* Asks the table as the library does, and takes the copy that has the names from the same generation of it. */
static bool ask(struct explain *explain)
{
	uint32_t now_ms;
	for (int try = 0; try < TRIES; try++) {
		if (!ctl_table_read(&explain->table, explain->path, explain->error))
			return false;
		explain->found = lookup(explain, view_table(&now_ms), &explain->snapshot);
		if (!explain->found || explain->snapshot.generation == explain->table.slot.generation)
			return true;
	}
	snprintf(explain->error, sizeof explain->error, "%s: it changes all the time", explain->path);
	return false;
}

static void print_ports(const struct mpf_service *service)
{
	for (uint32_t i = 0; i < service->port_count && i < MPF_MAX_PORTS; i++)
		printf("%s%u", i ? ", " : "", service->ports[i]);
}

static void print_known_hosts(const struct mpf_slot *slot)
{
	enum { SHOWN = 12 };
	for (uint32_t i = 0; i < slot->host_count && i < SHOWN; i++)
		printf("%s %s", i ? "," : "there are:", (const char *)slot->hosts[i].pattern);
	if (slot->host_count > SHOWN)
		printf(" and %u more (status --json lists them)", slot->host_count - SHOWN);
	if (slot->host_count)
		putchar('\n');
}

/* The candidate that has the address but a port of its own, by which the address alone leads nowhere; NULL: none. */
static const struct mpf_candidate *with_own_port(const struct explain *explain)
{
	const struct mpf_slot *slot = &explain->table.slot;
	for (uint32_t i = 0; i < slot->candidate_count; i++) {
		const struct mpf_candidate *it = &slot->candidates[i];
		if (it->port && !memcmp(it->address, explain->asked.address, sizeof it->address))
			return it;
	}
	return NULL;
}

/* The service that has what was asked for, if only the port was another. */
static bool has_for_another_port(const struct explain *explain, struct mpf_service *out)
{
	const struct mpf_slot *slot = &explain->table.slot;
	struct snapshot snapshot;
	uint32_t now_ms;
	if (!explain->asked.port)
		return false;
	if (explain->by_name) {
		const bool found = lookup_host(view_table(&now_ms), explain->what, 0, &snapshot);
		*out = snapshot.service;
		return found;
	}
	for (uint32_t i = 0; i < slot->candidate_count; i++) {
		const struct mpf_candidate *it = &slot->candidates[i];
		if (it->port || it->service >= slot->service_count ||
		    memcmp(it->address, explain->asked.address, 16) != 0)
			continue;
		*out = slot->services[it->service];
		return true;
	}
	return false;
}

/* Why the library finds nothing. */
static int explain_not_ours(const struct explain *explain)
{
	const struct mpf_slot *slot = &explain->table.slot;
	struct mpf_service other;
	printf("%s: not ours, passes through: ", explain->what);
	if (has_for_another_port(explain, &other)) {
		printf("service %s has it, but for port ", (const char *)other.name);
		print_ports(&other);
		printf(" and not %u%s\n", explain->asked.port,
		       explain->by_name ? " (gethostbyname(), which knows no port, is answered all the same)" : "");
	} else if (explain->by_name) {
		printf("no service has this host\n");
		print_known_hosts(slot);
	} else if (with_own_port(explain)) {
		const uint32_t number = (uint32_t)(with_own_port(explain) - slot->candidates);
		const uint32_t service = slot->candidates[number].service;
		printf("candidate %s of service %s has it, but with a port of its own, %u: only a connect to another address "
		       "of that service leads there\n",
		       (const char *)slot->infos[number].name,
		       service < slot->service_count ? (const char *)slot->services[service].name : "?",
		       slot->candidates[number].port);
	} else
		printf("no service has a candidate with this address (status lists them)\n");
	return CTL_NOT_OURS;
}

/* Is there something for which the library lets everything of this service pass?  Says so. */
static bool passes_all(const struct explain *explain)
{
	const struct mpf_service *service = &explain->snapshot.service;
	char age[CTL_TEXT];
	if (explain->table.header.off)
		printf("passes through: an operator has turned everything off\n");
	else if (service->off)
		printf("passes through: an operator has turned this service off\n");
	else if (service->when_stale == MPF_STALE_PASS &&
	         ctl_table_stale(&explain->table, explain->snapshot.service_index))
		printf("passes through: no heartbeat of the daemon for %s, and when-stale = pass-through\n",
		       ctl_text_duration(ctl_table_heartbeat_age_ms(&explain->table) / 1000, age));
	else
		return false;
	return true;
}

/* The port at which a connect to PORT of the service finds CANDIDATE. */
static uint16_t port_of(const struct mpf_candidate *candidate, uint16_t port)
{
	return candidate->port ? (uint16_t)candidate->port : port;
}

/* What getaddrinfo() hands out.  The first of it is what a client asks connect() for.  False: nothing of ours. */
static bool print_answer(struct explain *explain)
{
	const bool from_table = explain->snapshot.service.resolve == MPF_RESOLVE_TABLE;
	struct choose_list list;
	char text[ENDPOINT_TEXT];
	choose_answer(&explain->snapshot, 0, &list);
	if (!list.count)
		printf("getaddrinfo() asks libc: no candidate is usable, or all have a port of their own\n");
	else if (from_table)
		printf("getaddrinfo() answers without DNS:");
	else
		printf("getaddrinfo() asks libc (resolve = dns), and puts the usable first; if none is usable, it answers:");
	for (unsigned i = 0; i < list.count; i++) {
		const struct mpf_candidate *candidate = &explain->snapshot.candidate[list.candidate[i]];
		endpoint_print(candidate->address, candidate->scope, 0, text);
		printf("%s %s%s", i ? "," : "", text, i + 1 == list.count ? "\n" : "");
	}
	if (list.count) {
		const struct mpf_candidate *first = &explain->snapshot.candidate[list.candidate[0]];
		memcpy(explain->asked.address, first->address, sizeof first->address);
		explain->asked.scope = first->scope;
	}
	return list.count > 0;
}

static void describe(const struct explain *explain, uint32_t index, char out[CTL_ERROR_SIZE])
{
	const uint32_t word = explain->snapshot.candidate[index].word;
	const struct mpf_info *info = &explain->table.slot.infos[explain->snapshot.first_candidate + index];
	char since[CTL_TEXT] = "", ago[CTL_TEXT], reason[REASON_TEXT];
	if (info->since_s)
		snprintf(since, sizeof since, " for %s", ctl_text_since(explain->table.now_s, info->since_s, ago));
	reason_print(mpf_word_reason(word), mpf_word_detail(word), reason);
	switch (choose_rank_of(word, false)) {
	case RANK_UP:
		snprintf(out, CTL_ERROR_SIZE, "up%s", since);
		return;
	case RANK_DOUBTED:
		snprintf(out, CTL_ERROR_SIZE, "up, but doubted: a client reported a failure");
		return;
	case RANK_SUSPECT:
		snprintf(out, CTL_ERROR_SIZE, "suspect%s: %s", since, reason);
		return;
	case RANK_HELD:
		snprintf(out, CTL_ERROR_SIZE, "up again%s, but held: fail-back waits", since);
		return;
	case RANK_UNKNOWN:
		snprintf(out, CTL_ERROR_SIZE, "unknown: not tried yet");
		return;
	case RANK_DRAIN:
		snprintf(out, CTL_ERROR_SIZE, "drained by an operator");
		return;
	case RANK_DOWN:
		snprintf(out, CTL_ERROR_SIZE, "down%s: %s; tried when all others have failed", since, reason);
		return;
	case RANK_NEVER:
		snprintf(out, CTL_ERROR_SIZE, "%s",
		         mpf_word_operator(word) == MPF_MAINT ? "in maintenance" : "a verdict from a newer version");
	}
}

static void add_row(struct grid *grid, const struct explain *explain, uint32_t index, unsigned place, const char *why)
{
	const struct mpf_candidate *candidate = &explain->snapshot.candidate[index];
	const struct mpf_info *info = &explain->table.slot.infos[explain->snapshot.first_candidate + index];
	char text[ENDPOINT_TEXT], number[16] = "  -";
	if (place)
		snprintf(number, sizeof number, "%3u", place);
	grid_add(grid, GRID_PLAIN, number);
	grid_add(grid, GRID_PLAIN, (const char *)info->name);
	endpoint_print(candidate->address, candidate->scope, port_of(candidate, explain->asked.port), text);
	grid_add(grid, GRID_PLAIN, text);
	grid_add(grid, GRID_PLAIN, why);
}

static bool is_asked(const struct explain *explain, uint32_t index)
{
	const struct mpf_candidate *candidate = &explain->snapshot.candidate[index];
	return !candidate->port && !memcmp(candidate->address, explain->asked.address, sizeof candidate->address);
}

static void add_listed(struct grid *grid, const struct explain *explain, const struct choose_list *list)
{
	char why[CTL_ERROR_SIZE];
	for (unsigned i = 0; i < list->count; i++) {
		describe(explain, list->candidate[i], why);
		if (is_asked(explain, list->candidate[i]))
			strncat(why, " (the address that was asked for)", sizeof why - strlen(why) - 1);
		add_row(grid, explain, list->candidate[i], i + 1, why);
	}
}

static void add_left_out(struct grid *grid, const struct explain *explain, const struct choose_list *list)
{
	char why[CTL_ERROR_SIZE];
	for (uint32_t i = 0; i < explain->snapshot.count; i++) {
		if (list->count && memchr(list->candidate, (int)i, list->count))
			continue;
		const enum choose_rank rank = choose_rank_of(explain->snapshot.candidate[i].word, false);
		describe(explain, i, why);
		if (rank < RANK_DOWN || (rank == RANK_DOWN && explain->snapshot.service.all_down == MPF_ALL_DOWN_TRY))
			snprintf(why, sizeof why, "left out: of the other address family");
		else if (rank == RANK_DOWN)
			snprintf(why, sizeof why, "left out: down, and all-down = pass-through");
		else
			strncat(why, ": left out", sizeof why - strlen(why) - 1);
		add_row(grid, explain, i, 0, why);
	}
}

/* Where a connect() to the asked address goes, and what else it would try. */
static int print_order(const struct explain *explain)
{
	const struct snapshot *snapshot = &explain->snapshot;
	const struct endpoint *asked = &explain->asked;
	const enum choose_reach reach = endpoint_is_ipv4(asked->address) ? REACH_IPV4 : REACH_IPV6_MAPPED;
	struct choose_list list;
	struct grid grid = { .columns = 4 };
	char from[ENDPOINT_TEXT], to[ENDPOINT_TEXT];
	choose_order(snapshot, &(struct choose_request){ .reach = reach, .sticky = -1, .address = asked->address },
	             &list);
	endpoint_print(asked->address, asked->scope, asked->port, from);
	if (!list.count)
		printf("connect() to %s passes through: nothing is usable\n", from);
	else if (is_asked(explain, list.candidate[0]))
		printf("connect() to %s stays there\n", from);
	else {
		const struct mpf_candidate *first = &snapshot->candidate[list.candidate[0]];
		endpoint_print(first->address, first->scope, port_of(first, asked->port), to);
		printf("connect() to %s goes to %s\n", from, to);
	}
	add_listed(&grid, explain, &list);
	add_left_out(&grid, explain, &list);
	grid_print(&grid, stdout, false);
	const bool failed = grid.failed;
	grid_free(&grid);
	return failed ? CTL_FAILED : list.count && list.rank[0] < RANK_DOWN ? CTL_OK : CTL_UNUSABLE;
}

static int explain_ours(struct explain *explain)
{
	const struct mpf_service *service = &explain->table.slot.services[explain->snapshot.service_index];
	const char *off = getenv("MPFAILOVER_OFF");
	char age[CTL_TEXT];
	if (!explain->asked.port && service->port_count)
		explain->asked.port = (uint16_t)service->ports[0];
	printf("%s", explain->what);
	if (explain->asked.port)
		printf(", port %u", explain->asked.port);
	printf(": service %s\n", (const char *)service->name);
	if (off && *off && strcmp(off, "0") != 0)
		printf("note: MPFAILOVER_OFF is set here: clients that inherit it pass everything through\n");
	if (passes_all(explain))
		return CTL_NOT_OURS;
	if (!ctl_table_alive(&explain->table))
		printf("note: no heartbeat of the daemon for %s: these are its last verdicts\n",
		       ctl_text_duration(ctl_table_heartbeat_age_ms(&explain->table) / 1000, age));
	if (explain->by_name && !print_answer(explain))
		return CTL_UNUSABLE;
	return print_order(explain);
}

/* What libc would take for a number, and of that only the low 16 bits, has to be one that a port can have. */
static bool is_port_or_name(const char *text)
{
	char *end;
	const unsigned long number = strtoul(text, &end, 10);
	return *end || (*text >= '0' && *text <= '9' && number <= UINT16_MAX);
}

/* Address and port as libc reads them, without ever asking DNS. */
static bool parse_target(struct explain *explain, const char *port)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	if (port && !is_port_or_name(port)) {
		fprintf(stderr, "mpfailoverctl: \"%s\" is no port: they go up to %d\n", port, UINT16_MAX);
		return false;
	}
	explain->by_name = getaddrinfo(explain->what, port, &hints, &found) != 0;
	if (explain->by_name && getaddrinfo("127.0.0.1", port, &hints, &found) != 0) {
		fprintf(stderr, "mpfailoverctl: \"%s\" is no port\n", port);
		return false;
	}
	endpoint_from_sockaddr(&explain->asked, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	return true;
}

static bool parse(struct explain *explain, struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = { { "table", required_argument, NULL, 't' }, { 0 } };
	for (int option; (option = getopt_long(argc, argv, "t:", options, NULL)) != -1;) {
		if (option != 't')
			return false;
		ctl->table = optarg;
	}
	if (argc - optind < 1 || argc - optind > 2) {
		fprintf(stderr, "mpfailoverctl: explain takes a host or an address, and perhaps a port\n");
		return false;
	}
	explain->path = ctl->table;
	explain->what = argv[optind];
	return parse_target(explain, argv[optind + 1]);
}

int ctl_explain(struct ctl *ctl, int argc, char **argv)
{
	int result = CTL_NO_TABLE;
	struct explain *explain = calloc(1, sizeof *explain);
	if (!explain) {
		perror("mpfailoverctl");
		return CTL_FAILED;
	}
	if (!parse(explain, ctl, argc, argv))
		result = CTL_USAGE;
	else if (!ask(explain))
		printf("%s: passes through: %s\n", explain->what, explain->error);
	else
		result = explain->found ? explain_ours(explain) : explain_not_ours(explain);
	free(explain);
	return result;
}
