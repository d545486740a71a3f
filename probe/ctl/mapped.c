/* SPDX-License-Identifier: MIT */
#include "probe/ctl/mapped.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

static bool map(struct mapped *out, int fd)
{
	if (fstat(fd, &out->st) < 0)
		return false;
	if (!S_ISREG(out->st.st_mode)) {
		errno = EINVAL;
		return false;
	}
	if (!out->st.st_size)
		return true;
	void *data = mmap(NULL, (size_t)out->st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return false;
	out->data = data;
	out->size = (size_t)out->st.st_size;
	return true;
}

bool mapped_open(struct mapped *out, const char *path)
{
	*out = (struct mapped){ 0 };
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return false;
	const bool done = map(out, fd);
	const int error = errno;
	close(fd);
	errno = error;
	return done;
}

void mapped_close(struct mapped *mapped)
{
	if (mapped->data)
		munmap((void *)mapped->data, mapped->size);
	mapped->data = NULL;
	mapped->size = 0;
}
