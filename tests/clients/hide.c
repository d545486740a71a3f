/* SPDX-License-Identifier: MIT */
/*
 * A client's own dl_iterate_phdr(), as some bring one to make exceptions cheaper: it tells of nothing the first HIDE times.
 */
#include <dlfcn.h>
#include <link.h>
#include <stdlib.h>

typedef int look(struct dl_phdr_info *, size_t, void *);

__attribute__((visibility("default"))) int dl_iterate_phdr(look *each, void *data)
{
	static unsigned asked;
	const char *hide = getenv("HIDE");
	if (hide && asked++ < strtoul(hide, NULL, 10))
		return 0;
	int (*next)(look *, void *);
	*(void **)&next = dlsym(RTLD_NEXT, "dl_iterate_phdr");
	return next(each, data);
}
