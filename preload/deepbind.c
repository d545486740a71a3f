/* SPDX-License-Identifier: MIT */
#include "preload/deepbind.h"

#include <dlfcn.h>

#include "preload/setup.h"

int deepbind_flags(int flags)
{
	uint32_t now_ms;
	return flags & RTLD_DEEPBIND && setup_table(&now_ms) ? flags & ~RTLD_DEEPBIND : flags;
}
