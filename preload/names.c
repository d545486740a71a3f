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
#include "preload/setup.h"
#include "preload/view.h"

/* NULL in musl: there, the nodes of one list are parts of one block. */
extern const char *gnu_get_libc_version(void) __attribute__((weak));

/* What the table answers for a name: distinct addresses, best first. */
struct answer {
	size_t count;
	uint8_t address[MPF_MAX_SERVICE_CANDIDATES][16];
	uint32_t scope[MPF_MAX_SERVICE_CANDIDATES];
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
	if (!table || !setup_service_in_force(table, &snapshot.service, now_ms) ||
	    snapshot.service.resolve != MPF_RESOLVE_TABLE)
		return false;
	choose_answer(&snapshot, memo_failed(&snapshot, port, now_ms), &list);
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
	if (!hints)
		hints = &none;
	keep_family(&answer, hints->ai_family, hints->ai_flags & AI_V4MAPPED, hints->ai_flags & AI_ALL);
	int status = answer.count ? list_from_answer(&answer, node, service, port, hints, result) : EAI_NODATA;
	if (status != EAI_SYSTEM)
		errno = error;
	return status;
}

/* --------------------------------------------------------------------------------------- the gethostbyname family */

/* 0: *OUT filled; ERANGE: BUFFER too small; ENOENT: the name is ours, but has no address of that family; -1: not ours. */
static int host_entry(const char *name, int family, struct hostent *out, char *buffer, size_t size)
{
	struct answer answer;
	const int error = errno;
	if ((family != AF_INET && family != AF_INET6) || !answer_for(name, 0, &answer)) {
		errno = error;
		return -1;
	}
	errno = error;
	keep_family(&answer, family, false, false);
	if (!answer.count)
		return ENOENT;
	return hostent_fill(out, buffer, size, name, family, (const uint8_t(*)[16])answer.address, answer.count)
	               ? 0
	               : ERANGE;
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
	const int status = host_entry(name, AF_INET, entry, buffer, size);
	if (status < 0)
		return next_functions()->gethostbyname_r(name, entry, buffer, size, result, error);
	return finish_r(status, entry, result, error);
}

int names_gethostbyname2_r(const char *name, int family, struct hostent *entry, char *buffer, size_t size,
                           struct hostent **result, int *error)
{
	const int status = host_entry(name, family, entry, buffer, size);
	if (status < 0)
		return next_functions()->gethostbyname2_r(name, family, entry, buffer, size, result, error);
	return finish_r(status, entry, result, error);
}

/* The forms without _r return static storage: ours, beside libc's. */
static struct hostent *static_entry(int status, struct hostent *entry)
{
	if (status == 0)
		return entry;
	h_errno = status == ERANGE ? NETDB_INTERNAL : NO_DATA;
	return NULL;
}

static struct hostent entry_storage;
static char buffer_storage[sizeof(char *) * (MPF_MAX_SERVICE_CANDIDATES + 3) + 16 * MPF_MAX_SERVICE_CANDIDATES +
                           MPF_HOST_SIZE];

struct hostent *names_gethostbyname(const char *name)
{
	const int status = host_entry(name, AF_INET, &entry_storage, buffer_storage, sizeof buffer_storage);
	return status < 0 ? next_functions()->gethostbyname(name) : static_entry(status, &entry_storage);
}

struct hostent *names_gethostbyname2(const char *name, int family)
{
	const int status = host_entry(name, family, &entry_storage, buffer_storage, sizeof buffer_storage);
	return status < 0 ? next_functions()->gethostbyname2(name, family) : static_entry(status, &entry_storage);
}
