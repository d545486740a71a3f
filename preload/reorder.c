/* SPDX-License-Identifier: MIT */
#include "preload/reorder.h"

#include <string.h>

#include "preload/endpoint.h"

enum { RANKS = RANK_NEVER + 1 };

void reorder_read(struct reorder *out, const struct snapshot *snapshot, uint32_t failed)
{
	out->count = 0;
	for (uint32_t i = 0; i < snapshot->count; i++) {
		const struct mpf_candidate *candidate = &snapshot->candidate[i];
		if (candidate->port) /* its address means nothing at the port that will be asked for */
			continue;
		memcpy(out->address[out->count], candidate->address, sizeof out->address[0]);
		out->rank[out->count++] = (uint8_t)choose_rank_of(candidate->word, failed >> i & 1);
	}
}

/* The best of what ADDRESS has, by several uplinks perhaps; *USABLE is set if that is a usable candidate. */
static enum choose_rank rank_of(const struct reorder *reorder, const uint8_t address[16], bool *usable)
{
	unsigned best = RANKS;
	for (unsigned i = 0; i < reorder->count; i++)
		if (reorder->rank[i] < best && !memcmp(reorder->address[i], address, sizeof reorder->address[i]))
			best = reorder->rank[i];
	if (best == RANKS)
		return RANK_UNKNOWN;
	*usable |= best < RANK_DOWN;
	return (enum choose_rank)best;
}

static enum choose_rank rank_of_node(const struct reorder *reorder, const struct addrinfo *node, bool *usable)
{
	struct endpoint endpoint;
	if (!endpoint_from_sockaddr(&endpoint, node->ai_addr, node->ai_addrlen))
		return RANK_UNKNOWN;
	return rank_of(reorder, endpoint.address, usable);
}

/* The name belongs to the answer, and stands at its head. */
static void move_name(struct addrinfo *from, struct addrinfo *to)
{
	char *name = from->ai_canonname;
	from->ai_canonname = NULL;
	to->ai_canonname = name;
}

static void order_links(const struct reorder *reorder, struct addrinfo **list)
{
	struct addrinfo *first[RANKS] = { NULL }, **last[RANKS], **tail = list, *head = *list;
	bool unused = false;
	for (unsigned rank = 0; rank < RANKS; rank++)
		last[rank] = &first[rank];
	for (struct addrinfo *node = head; node; node = node->ai_next) {
		const enum choose_rank rank = rank_of_node(reorder, node, &unused);
		*last[rank] = node;
		last[rank] = &node->ai_next;
	}
	for (unsigned rank = 0; rank < RANKS; rank++)
		if (first[rank]) {
			*tail = first[rank];
			tail = last[rank];
		}
	*tail = NULL;
	if (*list != head)
		move_name(head, *list);
}

static void swap_content(struct addrinfo *a, struct addrinfo *b)
{
	const struct addrinfo node = *a;
	struct sockaddr_in6 address;
	memcpy(&address, a->ai_addr, sizeof address);
	memcpy(a->ai_addr, b->ai_addr, sizeof address);
	memcpy(b->ai_addr, &address, sizeof address);
	a->ai_family = b->ai_family;
	a->ai_socktype = b->ai_socktype;
	a->ai_protocol = b->ai_protocol;
	a->ai_addrlen = b->ai_addrlen;
	b->ai_family = node.ai_family;
	b->ai_socktype = node.ai_socktype;
	b->ai_protocol = node.ai_protocol;
	b->ai_addrlen = node.ai_addrlen;
}

static void order_content(const struct reorder *reorder, struct addrinfo *list)
{
	bool swapped, unused = false;
	do {
		swapped = false;
		for (struct addrinfo *node = list; node->ai_next; node = node->ai_next) {
			if (rank_of_node(reorder, node, &unused) <= rank_of_node(reorder, node->ai_next, &unused))
				continue;
			swap_content(node, node->ai_next);
			swapped = true;
		}
	} while (swapped);
}

bool reorder_list(const struct reorder *reorder, enum reorder_by by, struct addrinfo **list)
{
	bool usable = false;
	for (const struct addrinfo *node = *list; node; node = node->ai_next)
		rank_of_node(reorder, node, &usable);
	if (usable && by == REORDER_LINKS)
		order_links(reorder, list);
	else if (usable)
		order_content(reorder, *list);
	return usable;
}

static enum choose_rank rank_of_bytes(const struct reorder *reorder, const struct hostent *entry, const char *bytes,
                                      bool *usable)
{
	uint8_t address[16] = { [10] = 0xff, [11] = 0xff };
	if (entry->h_addrtype == AF_INET && entry->h_length == 4)
		memcpy(address + 12, bytes, 4);
	else if (entry->h_addrtype == AF_INET6 && entry->h_length == 16)
		memcpy(address, bytes, 16);
	else
		return RANK_UNKNOWN;
	return rank_of(reorder, address, usable);
}

bool reorder_entry(const struct reorder *reorder, struct hostent *entry)
{
	bool usable = false, unused = false;
	for (char **at = entry->h_addr_list; *at; at++)
		rank_of_bytes(reorder, entry, *at, &usable);
	for (char **next = entry->h_addr_list; usable && *next; next++) {
		char *bytes = *next, **at = next;
		const enum choose_rank rank = rank_of_bytes(reorder, entry, bytes, &unused);
		for (; at > entry->h_addr_list && rank_of_bytes(reorder, entry, at[-1], &unused) > rank; at--)
			*at = at[-1];
		*at = bytes;
	}
	return usable;
}
