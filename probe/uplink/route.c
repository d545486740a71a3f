/* SPDX-License-Identifier: MIT */
#include "probe/uplink/route.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "preload/endpoint.h"

struct question {
	struct nlmsghdr header;
	struct rtmsg route;
	char attributes[2 * RTA_SPACE(16)];
};

static void put_address(struct question *question, unsigned short type, const uint8_t address[16], bool ipv4)
{
	const size_t size = ipv4 ? 4 : 16;
	struct rtattr *at = (struct rtattr *)(void *)((char *)question + NLMSG_ALIGN(question->header.nlmsg_len));
	at->rta_type = type;
	at->rta_len = (unsigned short)RTA_LENGTH(size);
	memcpy(RTA_DATA(at), address + 16 - size, size);
	question->header.nlmsg_len = NLMSG_ALIGN(question->header.nlmsg_len) + (uint32_t)RTA_ALIGN(at->rta_len);
}

static struct question ask_for(const uint8_t to[16], const uint8_t *source)
{
	const bool ipv4 = endpoint_is_ipv4(to);
	const unsigned char bits = ipv4 ? 32 : 128;
	struct question question = {
		.header = { .nlmsg_len = NLMSG_LENGTH(sizeof question.route),
		            .nlmsg_type = RTM_GETROUTE,
		            .nlmsg_flags = NLM_F_REQUEST },
		.route = { .rtm_family = ipv4 ? AF_INET : AF_INET6,
		           .rtm_dst_len = bits,
		           .rtm_src_len = source ? bits : 0 },
	};
	put_address(&question, RTA_DST, to, ipv4);
	if (source)
		put_address(&question, RTA_SRC, source, ipv4);
	return question;
}

/* The answer's device: its index, or -errno. */
static int read_answer(struct nlmsghdr *answer, size_t size)
{
	if (!NLMSG_OK(answer, size))
		return -EPROTO;
	if (answer->nlmsg_type == NLMSG_ERROR) {
		const int error = ((struct nlmsgerr *)NLMSG_DATA(answer))->error;
		return error < 0 ? error : -EPROTO;
	}
	if (answer->nlmsg_type != RTM_NEWROUTE)
		return -EPROTO;
	struct rtmsg *route = NLMSG_DATA(answer);
	unsigned left = (unsigned)RTM_PAYLOAD(answer);
	for (struct rtattr *at = RTM_RTA(route); RTA_OK(at, left); at = RTA_NEXT(at, left))
		if (at->rta_type == RTA_OIF) {
			int index;
			memcpy(&index, RTA_DATA(at), sizeof index);
			return index;
		}
	return -ENETUNREACH;
}

int route_device(const uint8_t to[16], const uint8_t *source, char device[IF_NAMESIZE])
{
	union {
		struct nlmsghdr header;
		char bytes[8192];
	} answer;
	struct question question = ask_for(to, source);
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), result = -1;
	if (fd < 0)
		return -errno;
	ssize_t size = send(fd, &question, question.header.nlmsg_len, 0);
	if (size >= 0)
		size = recv(fd, &answer, sizeof answer, 0);
	result = size < 0 ? -errno : read_answer(&answer.header, (size_t)size);
	close(fd);
	if (result < 0)
		return result;
	return if_indextoname((unsigned)result, device) ? 0 : -errno;
}

bool route_is_own(const uint8_t address[16])
{
	struct endpoint endpoint = { .port = 0 };
	union endpoint_sockaddr name;
	memcpy(endpoint.address, address, sizeof endpoint.address);
	const int family = endpoint_is_ipv4(address) ? AF_INET : AF_INET6;
	const socklen_t size = endpoint_to_sockaddr(&endpoint, family, &name);
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool own = fd >= 0 && (bind(fd, &name.any, size) == 0 || errno != EADDRNOTAVAIL);
	if (fd >= 0)
		close(fd);
	return own;
}

bool route_owner(const uint8_t address[16], char device[IF_NAMESIZE])
{
	struct ifaddrs *list;
	bool found = false;
	if (getifaddrs(&list) < 0)
		return false;
	for (const struct ifaddrs *at = list; at && !found; at = at->ifa_next) {
		struct endpoint own;
		const socklen_t size = at->ifa_addr && at->ifa_addr->sa_family == AF_INET ? sizeof(struct sockaddr_in)
		                                                                          : sizeof(struct sockaddr_in6);
		found = !(at->ifa_flags & IFF_LOOPBACK) && endpoint_from_sockaddr(&own, at->ifa_addr, size) &&
		        !memcmp(own.address, address, sizeof own.address);
		if (found)
			snprintf(device, IF_NAMESIZE, "%s", at->ifa_name);
	}
	freeifaddrs(list);
	return found;
}
