/* SPDX-License-Identifier: MIT */
#include "preload/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "preload/choose.h"
#include "preload/endpoint.h"
#include "preload/hostent.h"
#include "preload/memo.h"
#include "preload/musl_list.h"
#include "preload/next.h"
#include "preload/reorder.h"
#include "preload/setup.h"
#include "preload/view.h"

/* NULL in musl: there, the nodes of one list are parts of one block. */
extern const char *gnu_get_libc_version(void) __attribute__((weak));

/* What the table answers for a name: distinct addresses, best first. */
struct answer {
	size_t count;
	uint8_t address[MPF_MAX_SERVICE_CANDIDATES][16];
	uint32_t scope[MPF_MAX_SERVICE_CANDIDATES];
	bool asks_libc; /* whose answer comes first, in the order of: */
	struct reorder order;
};

/* The table in force, if NAME belongs to a service in it. */
static const struct mpf_header *find_service(const char *name, uint16_t port, struct snapshot *out, uint32_t *now_ms)
{
	const struct mpf_header *table = name ? setup_table(now_ms) : NULL;
	return table && lookup_host(table, name, port, out) ? table : NULL;
}

/* Does NAME belong to any service?  Which one, and whether that is in force, the port decides. */
static bool name_known(const char *name)
{
	struct snapshot snapshot;
	uint32_t now_ms;
	return find_service(name, 0, &snapshot, &now_ms) != NULL;
}

/* False: not ours, or nothing to say: libc's. */
static bool answer_for(const char *name, uint16_t port, struct answer *out)
{
	struct snapshot snapshot;
	struct choose_list list;
	uint32_t now_ms;
	const struct mpf_header *table = find_service(name, port, &snapshot, &now_ms);
	if (table && view_renew(now_ms))
		table = find_service(name, port, &snapshot, &now_ms);
	if (!table || !setup_service_in_force(table, &snapshot.service, now_ms))
		return false;
	const uint32_t failed = memo_failed(&snapshot, port, now_ms);
	out->asks_libc = snapshot.service.resolve == MPF_RESOLVE_DNS;
	if (out->asks_libc)
		reorder_read(&out->order, &snapshot, failed);
	choose_answer(&snapshot, failed, &list);
	out->count = list.count;
	for (unsigned i = 0; i < list.count; i++) {
		const struct mpf_candidate *candidate = &snapshot.candidate[list.candidate[i]];
		memcpy(out->address[i], candidate->address, sizeof out->address[i]);
		out->scope[i] = candidate->scope;
	}
	return out->count > 0;
}

/* Keeps the addresses of FAMILY (AF_UNSPEC: all).  MAPPED: for AF_INET6, IPv4 ones as mapped, if ALL or if there is no other. */
static void keep_family(struct answer *answer, int family, bool mapped, bool all)
{
	size_t kept = 0;
	bool native = false;
	for (size_t i = 0; i < answer->count; i++)
		native |= !endpoint_is_ipv4(answer->address[i]);
	for (size_t i = 0; i < answer->count; i++) {
		const bool ipv4 = endpoint_is_ipv4(answer->address[i]);
		if (family == AF_INET ? !ipv4 : family == AF_INET6 && ipv4 && !(mapped && (all || !native)))
			continue;
		memmove(answer->address[kept], answer->address[i], 16);
		answer->scope[kept++] = answer->scope[i];
	}
	answer->count = kept;
}

/* ------------------------------------------------------------------------------------------------- getaddrinfo */

static bool hints_ours(const struct addrinfo *hints)
{
	return !hints ||
	       ((hints->ai_family == AF_UNSPEC || hints->ai_family == AF_INET || hints->ai_family == AF_INET6) &&
	        (hints->ai_socktype == 0 || hints->ai_socktype == SOCK_STREAM) &&
	        (hints->ai_protocol == 0 || hints->ai_protocol == IPPROTO_TCP) && !(hints->ai_flags & AI_NUMERICHOST));
}

/* The port that SERVICE names; 0 if it is NULL.  False: libc has to say what is wrong with it. */
static bool service_port(const char *service, const struct addrinfo *hints, uint16_t *port)
{
	*port = 0;
	if (!service)
		return true;
	char *end;
	const unsigned long number = strtoul(service, &end, 10);
	if (*service >= '0' && *service <= '9' && !*end) {
		*port = (uint16_t)number;
		return number <= UINT16_MAX;
	}
	const struct addrinfo any = { .ai_family = AF_INET,
		                      .ai_socktype = SOCK_STREAM,
		                      .ai_flags = AI_NUMERICHOST | (hints ? hints->ai_flags & AI_NUMERICSERV : 0) };
	struct addrinfo *list;
	if (next_functions()->getaddrinfo("127.0.0.1", service, &any, &list) != 0)
		return false;
	*port = ntohs(((struct sockaddr_in *)(void *)list->ai_addr)->sin_port);
	freeaddrinfo(list);
	return true;
}

/* ADDRESS as a string that libc takes for FAMILY: an IPv4 one that is asked for as IPv6 keeps its prefix. */
static void print_numeric(const struct answer *answer, size_t number, int family, char out[ENDPOINT_TEXT + 8])
{
	const bool mapped = family == AF_INET6 && endpoint_is_ipv4(answer->address[number]);
	if (mapped)
		memcpy(out, "::ffff:", 7);
	endpoint_print(answer->address[number], answer->scope[number], 0, out + (mapped ? 7 : 0));
}

/* glibc frees each node by itself, so a list may be put together from several answers: libc is asked again, with numbers. */
static int list_from_numbers(const struct answer *answer, const char *service, int family, const struct addrinfo *hints,
                             struct addrinfo **result)
{
	struct addrinfo *list = NULL, **tail = &list;
	for (size_t i = 0; i < answer->count; i++) {
		char text[ENDPOINT_TEXT + 8];
		print_numeric(answer, i, family, text);
		const int status = next_functions()->getaddrinfo(text, service, hints, tail);
		if (status != 0) {
			*tail = NULL;
			if (list)
				freeaddrinfo(list);
			return status;
		}
		while (*tail)
			tail = &(*tail)->ai_next;
	}
	*result = list;
	return 0;
}

static void print_port(uint16_t port, char out[6])
{
	char *at = out + 5;
	*at = '\0';
	do {
		*--at = (char)('0' + port % 10);
		port /= 10;
	} while (port);
	memmove(out, at, (size_t)(out + 6 - at));
}

static int list_from_answer(const struct answer *answer, const char *node, const char *service, uint16_t port,
                            const struct addrinfo *asked, struct addrinfo **result)
{
	const bool canonical = asked->ai_flags & AI_CANONNAME;
	/* Without AI_ADDRCONFIG, which costs a netlink dump and is for DNS: the table says what is reachable. */
	struct addrinfo hints = { .ai_family = AF_UNSPEC,
		                  .ai_socktype = asked->ai_socktype,
		                  .ai_protocol = asked->ai_protocol,
		                  .ai_flags = (asked->ai_flags &
		                               ~(AI_ADDRCONFIG | AI_CANONNAME | AI_V4MAPPED | AI_ALL | AI_PASSIVE)) |
		                              AI_NUMERICHOST };
	char number[6];
	/* A named service is looked up once, unless its protocols decide which nodes there are. */
	if (service && hints.ai_socktype) {
		print_port(port, number);
		service = number;
	}
	if (!gnu_get_libc_version)
		return musl_list(answer->address, answer->scope, answer->count, asked->ai_family,
		                 canonical ? node : NULL, port, &hints, result);
	const int status = list_from_numbers(answer, service, asked->ai_family, &hints, result);
	for (struct addrinfo *one = status == 0 ? *result : NULL; one; one = one->ai_next)
		one->ai_flags = asked->ai_flags;
	if (status == 0 && canonical) {
		const size_t length = strlen(node);
		(*result)->ai_canonname = strndup(node, length - (node[length - 1] == '.'));
		if (!(*result)->ai_canonname) {
			freeaddrinfo(*result);
			return EAI_MEMORY;
		}
	}
	return status;
}

/* `resolve = dns`: libc's answer, if a usable candidate is among it, or if the table has none.  HINTS: as the client gave them. */
static bool libc_does(const struct answer *answer, const char *node, const char *service, const struct addrinfo *hints,
                      struct addrinfo **result, int *status)
{
	const enum reorder_by by = gnu_get_libc_version ? REORDER_LINKS : REORDER_CONTENT;
	*status = next_functions()->getaddrinfo(node, service, hints, result);
	if ((*status == 0 && reorder_list(&answer->order, by, result)) || !answer->count)
		return true;
	if (*status == 0)
		freeaddrinfo(*result);
	return false;
}

int names_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **result)
{
	static const struct addrinfo none = { .ai_flags = AI_V4MAPPED | AI_ADDRCONFIG };
	struct answer answer;
	uint16_t port;
	const int error = errno;
	/* The port only decides between services that share a name, so the name comes first: most are not ours. */
	if (!hints_ours(hints) || !name_known(node) || !service_port(service, hints, &port) ||
	    !answer_for(node, port, &answer)) {
		errno = error;
		return next_functions()->getaddrinfo(node, service, hints, result);
	}
	const struct addrinfo *asked = hints ? hints : &none;
	int status;
	keep_family(&answer, asked->ai_family, asked->ai_flags & AI_V4MAPPED, asked->ai_flags & AI_ALL);
	if (answer.asks_libc && libc_does(&answer, node, service, hints, result, &status))
		return status;
	status = answer.count ? list_from_answer(&answer, node, service, port, asked, result) : EAI_NODATA;
	if (status != EAI_SYSTEM)
		errno = error;
	return status;
}

/* --------------------------------------------------------------------------------------- the gethostbyname family */

/* False: not ours.  errno is kept. */
static bool host_answer(const char *name, int family, struct answer *out)
{
	const int error = errno;
	const bool ours = (family == AF_INET || family == AF_INET6) && answer_for(name, 0, out);
	errno = error;
	if (ours)
		keep_family(out, family, false, false);
	return ours;
}

/* 0: *OUT filled; ERANGE: BUFFER too small; ENOENT: the name has no address of that family. */
static int host_entry(const struct answer *answer, const char *name, int family, struct hostent *out, char *buffer,
                      size_t size)
{
	if (!answer->count)
		return ENOENT;
	return hostent_fill(out, buffer, size, name, family, (const uint8_t(*)[16])answer->address, answer->count)
	               ? 0
	               : ERANGE;
}

/* `resolve = dns`: as libc_does(), with libc's answer in ENTRY, NULL: it has none. */
static bool libc_did(const struct answer *answer, struct hostent *entry)
{
	return (entry && reorder_entry(&answer->order, entry)) || !answer->count;
}

/* The contract of the _r forms: 0 and *RESULT NULL for "no such"; ERANGE asks for a larger buffer. */
static int finish_r(int status, struct hostent *entry, struct hostent **result, int *error)
{
	*result = status == 0 ? entry : NULL;
	*error = status == 0 ? NETDB_SUCCESS : status == ERANGE ? NETDB_INTERNAL : NO_DATA;
	if (status == ERANGE)
		errno = ERANGE;
	return status == ERANGE ? ERANGE : 0;
}

int names_gethostbyname_r(const char *name, struct hostent *entry, char *buffer, size_t size, struct hostent **result,
                          int *error)
{
	struct answer answer;
	const int kept = errno;
	const bool ours = host_answer(name, AF_INET, &answer);
	if (!ours || answer.asks_libc) {
		const int status = next_functions()->gethostbyname_r(name, entry, buffer, size, result, error);
		if (!ours || status == ERANGE || libc_did(&answer, *result))
			return status;
		errno = kept;
	}
	return finish_r(host_entry(&answer, name, AF_INET, entry, buffer, size), entry, result, error);
}

int names_gethostbyname2_r(const char *name, int family, struct hostent *entry, char *buffer, size_t size,
                           struct hostent **result, int *error)
{
	struct answer answer;
	const int kept = errno;
	const bool ours = host_answer(name, family, &answer);
	if (!ours || answer.asks_libc) {
		const int status = next_functions()->gethostbyname2_r(name, family, entry, buffer, size, result, error);
		if (!ours || status == ERANGE || libc_did(&answer, *result))
			return status;
		errno = kept;
	}
	return finish_r(host_entry(&answer, name, family, entry, buffer, size), entry, result, error);
}

/* The forms without _r return static storage: ours, beside libc's. */
static struct hostent *static_entry(const struct answer *answer, const char *name, int family)
{
	static struct hostent entry;
	static char buffer[sizeof(char *) * (MPF_MAX_SERVICE_CANDIDATES + 3) + 16 * MPF_MAX_SERVICE_CANDIDATES +
	                   MPF_HOST_SIZE];
	const int status = host_entry(answer, name, family, &entry, buffer, sizeof buffer);
	if (status == 0)
		return &entry;
	h_errno = status == ERANGE ? NETDB_INTERNAL : NO_DATA;
	return NULL;
}

struct hostent *names_gethostbyname(const char *name)
{
	struct answer answer;
	const int kept = errno;
	const bool ours = host_answer(name, AF_INET, &answer);
	if (!ours || answer.asks_libc) {
		struct hostent *entry = next_functions()->gethostbyname(name);
		if (!ours || libc_did(&answer, entry))
			return entry;
		errno = kept;
	}
	return static_entry(&answer, name, AF_INET);
}

struct hostent *names_gethostbyname2(const char *name, int family)
{
	struct answer answer;
	const int kept = errno;
	const bool ours = host_answer(name, family, &answer);
	if (!ours || answer.asks_libc) {
		struct hostent *entry = next_functions()->gethostbyname2(name, family);
		if (!ours || libc_did(&answer, entry))
			return entry;
		errno = kept;
	}
	return static_entry(&answer, name, family);
}
