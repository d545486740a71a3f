/* SPDX-License-Identifier: MIT */
#include "probe/check/dial.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>

int dial_family(const struct dial *dial)
{
	return endpoint_is_ipv4(dial->to.address) ? AF_INET : AF_INET6;
}

socklen_t dial_sockaddr(const struct dial *dial, union endpoint_sockaddr *out)
{
	return endpoint_to_sockaddr(&dial->to, dial_family(dial), out);
}

int dial_bind(const struct dial *dial, int socket)
{
	if (dial->interface[0] &&
	    setsockopt(socket, SOL_SOCKET, SO_BINDTODEVICE, dial->interface, (socklen_t)strlen(dial->interface)) < 0)
		return -errno;
	if (!dial->has_source)
		return 0;
	/* Leaves the choice of the port to connect(), so that thousands of checks can share it; may be refused. */
	setsockopt(socket, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &(int){ 1 }, sizeof(int));
	union endpoint_sockaddr source;
	socklen_t length = endpoint_to_sockaddr(&dial->source, dial_family(dial), &source);
	return bind(socket, &source.any, length) < 0 ? -errno : 0;
}

uint32_t dial_handshake_us(int socket)
{
	struct tcp_info info = { 0 };
	socklen_t length = sizeof info;
	return getsockopt(socket, SOL_TCP, TCP_INFO, &info, &length) < 0 ? 0 : info.tcpi_rtt;
}
