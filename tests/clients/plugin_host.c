/* SPDX-License-Identifier: MIT */
/*
 * plugin_host NAME: loads a library that only its RUNPATH leads to, and with RTLD_DEEPBIND, with which calls escape a preload.
 */
#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	if (argc == 2 && dlopen(argv[1], RTLD_NOW | RTLD_DEEPBIND))
		return 0;
	fprintf(stderr, "plugin_host: %s\n", argc == 2 ? dlerror() : "want a NAME");
	return 1;
}
