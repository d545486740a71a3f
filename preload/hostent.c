/* SPDX-License-Identifier: MIT */
#include "preload/hostent.h"

#include <string.h>
#include <sys/socket.h>

bool hostent_fill(struct hostent *out, char *buffer, size_t size, const char *name, int family,
                  const uint8_t (*addresses)[16], size_t count)
{
	const size_t length = family == AF_INET ? 4 : 16, name_size = strlen(name) + 1;
	const size_t padding = -(uintptr_t)buffer % sizeof(char *);
	/* Pointers first, for their alignment: the addresses' list with its end, the empty alias list; then bytes. */
	if (size < padding || size - padding < (count + 2) * sizeof(char *) + count * length + name_size)
		return false;
	char **list = (char **)(void *)(buffer + padding);
	char **aliases = list + count + 1;
	char *bytes = (char *)(aliases + 1);
	for (size_t i = 0; i < count; i++, bytes += length) {
		memcpy(bytes, addresses[i] + 16 - length, length);
		list[i] = bytes;
	}
	list[count] = NULL;
	*aliases = NULL;
	memcpy(bytes, name, name_size);
	*out = (struct hostent){ .h_name = bytes,
		                 .h_aliases = aliases,
		                 .h_addrtype = family,
		                 .h_length = (int)length,
		                 .h_addr_list = list };
	return true;
}
