/* SPDX-License-Identifier: MIT */
#include "preload/musl_list.h"

#include <string.h>

#include "preload/endpoint.h"
#include "preload/next.h"

enum { BLOCK = 4, NAMES = 1024 /* as many as a table has */, NAME_SIZE = 256 };

/* NAME, kept for good: musl's freeaddrinfo() does not free ai_canonname, so it must not be allocated.  NULL: no room. */
static char *keep_name(const char *name)
{
	static char kept[NAMES][NAME_SIZE];
	static uint32_t taken[NAMES]; /* 0 free, 1 being written, 2 there */
	const size_t size = strlen(name) + 1;
	for (int i = 0; i < NAMES && size <= NAME_SIZE; i++) {
		uint32_t was = 0;
		if (__atomic_compare_exchange_n(&taken[i], &was, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)) {
			memcpy(kept[i], name, size);
			__atomic_store_n(&taken[i], 2, __ATOMIC_RELEASE);
			return kept[i];
		}
		if (was == 2 && !strcmp(kept[i], name))
			return kept[i];
	}
	return NULL;
}

/* A block of exactly NODES (1, 2 or 4): how musl answers for "this machine" with each combination. */
static int ask_block(unsigned nodes, struct addrinfo **result)
{
	const struct addrinfo hints = { .ai_family = nodes == BLOCK ? AF_UNSPEC : AF_INET,
		                        .ai_socktype = nodes == 1 ? SOCK_STREAM : 0,
		                        .ai_flags = AI_NUMERICSERV };
	const int status = next_functions()->getaddrinfo(NULL, "0", &hints, result);
	if (status != 0)
		return status;
	unsigned count = 0;
	for (const struct addrinfo *node = *result; node; node = node->ai_next)
		count++;
	if (count == nodes)
		return 0;
	freeaddrinfo(*result);
	return EAI_FAIL;
}

static void set_node(struct addrinfo *node, const uint8_t address[16], uint32_t scope, uint16_t port, int family)
{
	struct endpoint endpoint = { .scope = scope, .port = port };
	union endpoint_sockaddr to;
	memcpy(endpoint.address, address, sizeof endpoint.address);
	node->ai_family = family != AF_INET6 && endpoint_is_ipv4(address) ? AF_INET : AF_INET6;
	node->ai_addrlen = endpoint_to_sockaddr(&endpoint, node->ai_family, &to);
	memcpy(node->ai_addr, &to, node->ai_addrlen);
}

int musl_list(const uint8_t (*addresses)[16], const uint32_t *scopes, size_t count, int family, const char *canonical,
              uint16_t port, const struct addrinfo *hints, struct addrinfo **result)
{
	const unsigned types =
		hints->ai_socktype || hints->ai_protocol ? 1 : 2; /* musl: a stream and a datagram node */
	if (count > BLOCK / types)
		count = BLOCK / types;
	const unsigned wanted = (unsigned)count * types;
	char *name = canonical ? keep_name(canonical) : NULL;
	if (canonical && !name)
		return EAI_MEMORY;
	const int status = ask_block(wanted <= 2 ? wanted : BLOCK, result);
	if (status != 0)
		return status;
	unsigned number = 0;
	for (struct addrinfo *node = *result; node; node = node->ai_next, number++) {
		const unsigned from =
			number < wanted ? number / types : (unsigned)count - 1; /* three: the last one twice */
		set_node(node, addresses[from], scopes[from], port, family);
		node->ai_socktype = types == 2 && number % 2 ? SOCK_DGRAM : SOCK_STREAM;
		node->ai_protocol = node->ai_socktype == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
		node->ai_canonname = NULL;
	}
	(*result)->ai_canonname = name;
	return 0;
}
