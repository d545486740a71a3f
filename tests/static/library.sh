#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What the library exports and needs, in both widths.  Whatever is missing where it is loaded kills the client.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/../e2e/lib.bash"

readonly HOOKS="connect dlopen getaddrinfo gethostbyname gethostbyname2 gethostbyname2_r gethostbyname_r"
readonly NEWEST=2.17 # of glibc's symbol versions

# The functions that it defines for others, whatever their versions.
exported() { nm -D --defined-only "$1" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort -u | paste -sd ' '; }
# needed LIBRARY: what it needs beside libc, which musl takes as its own, too (librt: in 32 bits, for old glibc)
needed() { readelf -d "$1" | sed -nE 's/.*\(NEEDED\).*\[(.*)\]/\1/p' | grep -vxE 'libc\.so\.6|librt\.so\.1'; }
too_new() {
	objdump -T "$1" | grep -oE 'GLIBC_[0-9.]+' | sort -u | sed 's/GLIBC_//' |
		awk -v newest=$NEWEST -F. '{ split(newest, n, ".") } $1 > n[1] || ($1 == n[1] && $2 > n[2])'
}
# libc must be entered by a jump, so that it finds the RUNPATH of its real caller.
leaves_by_a_jump() {
	local code
	code=$(objdump -d --no-show-raw-insn --disassemble=dlopen "$1" | sed -nE 's/^ +[0-9a-f]+:\t//p')
	echo "$code"
	grep -qE '^(notrack |bnd )?jmp +\*' <<< "$code" && ! grep -qE '^(notrack |bnd )?call +\*' <<< "$code"
}
# A lazily bound call would enter the dynamic linker from wherever connect() is called.
binds_at_once() { readelf -d "$1" | grep -q NOW; }
# A program that loads it and lets go of it again may have threads in it, and would keep a table mapped each time.
stays_loaded() { readelf -d "$1" | grep -q NODELETE; }

# connect() may be called in a signal handler: it allocates nothing, uses no stdio, takes no lock.  So nothing that does is here:
# whoever adds a name has to know that.  What is meant for elsewhere: strndup() and freeaddrinfo() in getaddrinfo(), whose canonical
# name (AI_CANONNAME) the client's libc frees; dl_iterate_phdr() and secure_getenv() when a process starts, strtoul() in name functions.
readonly IMPORTS="__errno_location __h_errno_location __libc_current_sigrtmin __progname bind clock_gettime dl_iterate_phdr freeaddrinfo
	geteuid getpid getsockname getsockopt gnu_get_libc_version memcmp memcpy memmove munmap poll ppoll program_invocation_short_name
	pthread_setcancelstate pthread_testcancel recvmsg secure_getenv setsockopt sigemptyset strcmp strlen strndup strtoul syscall"
readonly OF_THE_COMPILER="_ITM_deregisterTMCloneTable _ITM_registerTMCloneTable __cxa_finalize __gmon_start__"
imported() { nm -D --undefined-only "$1" | awk '{ sub(/@.*/, "", $2); print $2 }' | sort -u; }
unexpected() { imported "$1" | grep -vxF -f <(tr -s ' \t' '\n' <<< "$IMPORTS $OF_THE_COMPILER"); }

look_at() {
	check "$1: what it imports is known" [ "$(imported "$2" | wc -l)" -gt 20 ]
	same "$1: and nothing else" "" "$(unexpected "$2")"
	same "$1: exports the hooks only" "$HOOKS" "$(exported "$2")"
	same "$1: needs no more than libc" "" "$(needed "$2")"
	same "$1: no symbol of glibc newer than $NEWEST" "" "$(too_new "$2")"
	check "$1: dlopen leaves by a jump" leaves_by_a_jump "$2"
	check "$1: binds at once" binds_at_once "$2"
	check "$1: stays loaded" stays_loaded "$2"
}

look_at "64 bits" "$LIB"
if [ -e "$B/m32/libmpfailover.so" ]; then
	look_at "32 bits" "$B/m32/libmpfailover.so"
else
	skip "32 bits" "make m32 was not done, or there is no compiler for it"
fi
