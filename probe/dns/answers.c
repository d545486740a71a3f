/* SPDX-License-Identifier: MIT */
#include "probe/dns/answers.h"

#include <string.h>

#include <netinet/in.h>

#include "preload/endpoint.h"

/* May a server have it?  Blocked names are answered with 0.0.0.0 by some. */
static bool is_server(const uint8_t address[16])
{
	struct in6_addr ip;
	memcpy(&ip, address, sizeof ip);
	if (!endpoint_is_ipv4(address))
		return !IN6_IS_ADDR_UNSPECIFIED(&ip) && !IN6_IS_ADDR_MULTICAST(&ip) && !IN6_IS_ADDR_LINKLOCAL(&ip);
	return address[12] != 0 && address[12] < 224;
}

static int find(const struct answers *answers, const uint8_t address[16])
{
	for (unsigned i = 0; i < answers->count; i++)
		if (!memcmp(answers->list[i].address, address, 16))
			return (int)i;
	return -1;
}

static void drop(struct answers *answers, unsigned place)
{
	answers->count--;
	memmove(&answers->list[place], &answers->list[place + 1], (answers->count - place) * sizeof answers->list[0]);
}

/* Is the address out of its time? */
static bool is_old(const struct answers_address *address, uint64_t now_ms)
{
	const uint64_t ttl_ms = (uint64_t)address->ttl_s * 1000;
	const uint64_t least_ms = address->sources ? ANSWERS_SILENT_MS : ANSWERS_LEAST_MS;
	return now_ms - address->told_ms >= (ttl_ms > least_ms ? ttl_ms : least_ms);
}

/* The place of one that has to go for a new one: no longer current, and down, or else the one that was told longest ago, if it is
 * old.  -1: none. */
static int find_room(const struct answers *answers, uint32_t down, uint64_t now_ms)
{
	int found = -1;
	for (unsigned i = 0; i < answers->count; i++) {
		const struct answers_address *address = &answers->list[i];
		if (address->sources)
			continue;
		if (down >> i & 1)
			return (int)i;
		if (is_old(address, now_ms) && (found < 0 || address->told_ms < answers->list[found].told_ms))
			found = (int)i;
	}
	return found;
}

/* For one more, all zero.  *DOWN goes with the list. */
static bool make_room(struct answers *answers, uint32_t *down, uint64_t now_ms)
{
	if (answers->count == ANSWERS_MOST) {
		const int place = find_room(answers, *down, now_ms);
		if (place < 0)
			return false;
		drop(answers, (unsigned)place);
		*down = (*down & ((1u << place) - 1)) | (*down >> (place + 1) << place);
	}
	answers->list[answers->count] = (struct answers_address){ .sources = 0 };
	return true;
}

static enum answers_change compare(const struct answers *before, const struct answers *after)
{
	enum answers_change change = ANSWERS_SAME;
	if (before->count != after->count)
		return ANSWERS_OTHERS;
	for (unsigned i = 0; i < before->count; i++) {
		if (memcmp(before->list[i].address, after->list[i].address, 16) != 0)
			return ANSWERS_OTHERS;
		if (!before->list[i].sources != !after->list[i].sources)
			change = ANSWERS_TURNED;
	}
	return change;
}

/* As answered by SOURCE, if it is in the list. */
static void renew(struct answers *answers, unsigned source, const uint8_t address[16], uint32_t ttl_s, uint64_t now_ms)
{
	const int place = find(answers, address);
	if (place < 0)
		return;
	answers->list[place].sources |= 1u << source;
	answers->list[place].told_ms = now_ms;
	answers->list[place].ttl_s = ttl_s;
}

enum answers_change answers_told(struct answers *answers, unsigned source, const uint8_t (*addresses)[16],
                                 unsigned count, uint32_t ttl_s, uint32_t down, uint64_t now_ms)
{
	const struct answers before = *answers;
	bool any = false;
	for (unsigned i = 0; i < count; i++)
		any |= is_server(addresses[i]);
	if (!any)
		return ANSWERS_SAME;
	for (unsigned i = 0; i < answers->count; i++)
		answers->list[i].sources &= ~(1u << source);
	/* Those that are known first, so that none of them has to go for a new one. */
	for (unsigned i = 0; i < count; i++)
		renew(answers, source, addresses[i], ttl_s, now_ms);
	for (unsigned i = 0; i < count; i++)
		if (is_server(addresses[i]) && find(answers, addresses[i]) < 0 && make_room(answers, &down, now_ms)) {
			memcpy(answers->list[answers->count++].address, addresses[i], sizeof answers->list[0].address);
			renew(answers, source, addresses[i], ttl_s, now_ms);
		}
	return compare(&before, answers);
}

void answers_seed(struct answers *answers, const uint8_t address[16], uint32_t sources, uint64_t now_ms)
{
	if (answers->count == ANSWERS_MOST || find(answers, address) >= 0)
		return;
	struct answers_address *new = &answers->list[answers->count++];
	*new = (struct answers_address){ .sources = sources, .told_ms = now_ms };
	memcpy(new->address, address, sizeof new->address);
}

bool answers_expire(struct answers *answers, uint32_t down, uint64_t now_ms)
{
	const unsigned before = answers->count;
	for (unsigned i = before; i-- > 0;)
		if (down >> i & 1 && is_old(&answers->list[i], now_ms))
			drop(answers, i);
	return answers->count < before;
}
