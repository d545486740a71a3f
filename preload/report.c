/* SPDX-License-Identifier: MIT */
#include "preload/report.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "preload/system.h"

bool report_send(const struct mpf_header *table, const struct snapshot *snapshot, enum mpf_report_kind kind,
                 unsigned index, int error, uint64_t elapsed_us)
{
	const int client_error = errno;
	const struct mpf_report report = { .magic = MPF_MAGIC,
		                           .kind = kind,
		                           .generation = snapshot->generation,
		                           .candidate = snapshot->first_candidate + index,
		                           .error = (uint32_t)error,
		                           .elapsed_us = elapsed_us > UINT32_MAX ? UINT32_MAX : (uint32_t)elapsed_us };
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	bool sent = false;
	if (!table->report[0])
		return false;
	memcpy(to.sun_path, table->report, sizeof to.sun_path);
	to.sun_path[sizeof to.sun_path - 1] = '\0';
	/* System calls as such: no cancellation point while a descriptor is open. */
	const int fd = (int)syscall(SYS_socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		errno = client_error;
		return false;
	}
	/* Below 3 it would be, for a moment, a standard stream that the client has closed: leave that number alone. */
	if (fd > STDERR_FILENO)
		sent = syscall(SYS_sendto, fd, &report, sizeof report, MSG_DONTWAIT | MSG_NOSIGNAL, &to, sizeof to) ==
		       sizeof report;
	system_close(fd);
	errno = client_error;
	return sent;
}
