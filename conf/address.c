/* SPDX-License-Identifier: MIT */
#include "conf/address.h"

#include "conf/duration.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <string.h>

static const char malformed[] =
	"not an IP address; write it as \"192.0.2.80\" or \"2001:db8::80\" (host names: see hosts)";

bool address_is_ipv4(const struct conf_address *address)
{
	return IN6_IS_ADDR_V4MAPPED(&address->ip);
}

bool address_same(const struct conf_address *a, const struct conf_address *b)
{
	return a->scope == b->scope && !memcmp(&a->ip, &b->ip, sizeof a->ip);
}

static void map_ipv4(struct in6_addr *ip, const struct in_addr *ipv4)
{
	*ip = (struct in6_addr){ .s6_addr = { [10] = 0xff, [11] = 0xff } };
	memcpy(ip->s6_addr + 12, ipv4, sizeof *ipv4);
}

static const char *check_ipv4(const struct in6_addr *ip)
{
	struct in_addr ipv4;
	memcpy(&ipv4, ip->s6_addr + 12, sizeof ipv4);
	uint32_t value = ntohl(ipv4.s_addr);
	if (value == INADDR_ANY)
		return "0.0.0.0 is no server's address; name the real one";
	if (value == INADDR_BROADCAST)
		return "a broadcast address; name one machine's";
	if (IN_MULTICAST(value))
		return "a multicast address; name one machine's";
	return NULL;
}

static const char *check_ipv6(const struct conf_address *address)
{
	if (IN6_IS_ADDR_UNSPECIFIED(&address->ip))
		return ":: is no server's address; name the real one";
	if (IN6_IS_ADDR_MULTICAST(&address->ip))
		return "a multicast address; name one machine's";
	if (IN6_IS_ADDR_LINKLOCAL(&address->ip) && !address->scope)
		return "a link-local address needs its interface, as in \"fe80::80%eth0\"";
	return NULL;
}

/* The interface that follows "%". */
static const char *parse_scope(const char *text, struct conf_address *out)
{
	int64_t number;
	if (!IN6_IS_ADDR_LINKLOCAL(&out->ip))
		return "only a link-local address (fe80::...) has an interface; remove what follows \"%\"";
	out->scope = if_nametoindex(text);
	if (!out->scope && !number_parse(text, &number) && number > 0 && number <= UINT32_MAX)
		out->scope = (uint32_t)number;
	return out->scope ? NULL
	                  : "this machine has no such interface (\"ip link\" lists them); correct what follows \"%\"";
}

const char *address_parse(const char *text, struct conf_address *out)
{
	char plain[INET6_ADDRSTRLEN];
	size_t length = strcspn(text, "%");
	struct in_addr ipv4;
	*out = (struct conf_address){ 0 };
	if (length >= sizeof plain)
		return malformed;
	memcpy(plain, text, length);
	plain[length] = '\0';
	if (inet_pton(AF_INET, plain, &ipv4) == 1)
		map_ipv4(&out->ip, &ipv4);
	else if (inet_pton(AF_INET6, plain, &out->ip) != 1)
		return malformed;
	const char *problem = text[length] ? parse_scope(text + length + 1, out) : NULL;
	if (problem)
		return problem;
	return address_is_ipv4(out) ? check_ipv4(&out->ip) : check_ipv6(out);
}

const char *address_check_listen(const char *text)
{
	static const char form[] = "not an address and a port; write it as \"127.0.0.1:9109\" or \"[::1]:9109\"";
	const char *colon = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN + 2];
	int64_t port;
	if (!colon || (size_t)(colon - text) >= sizeof host)
		return form;
	size_t length = (size_t)(colon - text);
	memcpy(host, text, length);
	host[length] = '\0';
	bool ipv6 = length > 2 && host[0] == '[' && host[length - 1] == ']';
	if (ipv6)
		host[length - 1] = '\0';
	struct in6_addr ip;
	if (inet_pton(ipv6 ? AF_INET6 : AF_INET, host + ipv6, &ip) != 1)
		return form;
	if (number_parse(colon + 1, &port) || port < 1 || port > 65535)
		return form;
	return NULL;
}
