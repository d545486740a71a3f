/* SPDX-License-Identifier: MIT */
/*
 * deepbind.h - dlopen() without RTLD_DEEPBIND, with which a plugin's calls would pass our hooks by.
 */
#ifndef MPFAILOVER_DEEPBIND_H
#define MPFAILOVER_DEEPBIND_H

/* FLAGS as dlopen() is to get them: without RTLD_DEEPBIND while a table is in force, else unchanged. */
int deepbind_flags(int flags);

#endif
