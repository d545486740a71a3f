/* SPDX-License-Identifier: MIT */
#include "preload/endpoint.h"

#include <string.h>

static const uint8_t mapped_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

bool endpoint_is_ipv4(const uint8_t address[16])
{
	return !memcmp(address, mapped_prefix, sizeof mapped_prefix);
}

bool endpoint_from_sockaddr(struct endpoint *out, const struct sockaddr *address, socklen_t length)
{
	if (!address || length < (socklen_t)sizeof(struct sockaddr_in) || length > sizeof(struct sockaddr_storage))
		return false;
	if (address->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)address;
		memcpy(out->address, mapped_prefix, sizeof mapped_prefix);
		memcpy(out->address + sizeof mapped_prefix, &in->sin_addr, sizeof in->sin_addr);
		out->scope = 0;
		out->port = ntohs(in->sin_port);
		return true;
	}
	if (address->sa_family != AF_INET6 || length < (socklen_t)sizeof(struct sockaddr_in6))
		return false;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
	memcpy(out->address, &in6->sin6_addr, sizeof out->address);
	out->scope = in6->sin6_scope_id;
	out->port = ntohs(in6->sin6_port);
	return true;
}

socklen_t endpoint_to_sockaddr(const struct endpoint *endpoint, int family, union endpoint_sockaddr *out)
{
	memset(out, 0, sizeof *out);
	if (family == AF_INET) {
		out->in.sin_family = AF_INET;
		memcpy(&out->in.sin_addr, endpoint->address + sizeof mapped_prefix, sizeof out->in.sin_addr);
		out->in.sin_port = htons(endpoint->port);
		return sizeof out->in;
	}
	out->in6.sin6_family = AF_INET6;
	memcpy(&out->in6.sin6_addr, endpoint->address, sizeof endpoint->address);
	out->in6.sin6_scope_id = endpoint->scope;
	out->in6.sin6_port = htons(endpoint->port);
	return sizeof out->in6;
}

static char *put_number(char *at, uint32_t number, unsigned base)
{
	char digits[10];
	unsigned count = 0;
	do {
		digits[count++] = "0123456789abcdef"[number % base];
		number /= base;
	} while (number);
	while (count)
		*at++ = digits[--count];
	return at;
}

static char *put_ipv4(char *at, const uint8_t bytes[4])
{
	for (int i = 0; i < 4; i++) {
		if (i)
			*at++ = '.';
		at = put_number(at, bytes[i], 10);
	}
	return at;
}

/* RFC 5952: the longest run of zero groups, if it is longer than one, becomes "::". */
static char *put_ipv6(char *at, const uint8_t bytes[16])
{
	uint32_t group[8];
	int best = -1, best_length = 1;
	for (int i = 0; i < 8; i++)
		group[i] = (uint32_t)bytes[2 * i] << 8 | bytes[2 * i + 1];
	for (int i = 0; i < 8; i++) {
		int length = 0;
		while (i + length < 8 && !group[i + length])
			length++;
		if (length > best_length) {
			best = i;
			best_length = length;
		}
	}
	for (int i = 0; i < 8; i++) {
		if (i == best) {
			*at++ = ':';
			*at++ = ':';
			i += best_length - 1;
			continue;
		}
		if (i && i != best + best_length)
			*at++ = ':';
		else if (i && best < 0)
			*at++ = ':';
		at = put_number(at, group[i], 16);
	}
	return at;
}

unsigned endpoint_print(const uint8_t address[16], uint32_t scope, uint16_t port, char out[ENDPOINT_TEXT])
{
	char *at = out;
	bool ipv4 = endpoint_is_ipv4(address), brackets = !ipv4 && port;
	if (brackets)
		*at++ = '[';
	at = ipv4 ? put_ipv4(at, address + sizeof mapped_prefix) : put_ipv6(at, address);
	if (scope && !ipv4) {
		*at++ = '%';
		at = put_number(at, scope, 10);
	}
	if (brackets)
		*at++ = ']';
	if (port) {
		*at++ = ':';
		at = put_number(at, port, 10);
	}
	*at = '\0';
	return (unsigned)(at - out);
}
