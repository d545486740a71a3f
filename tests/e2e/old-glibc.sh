#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The library under the oldest glibc that there is to be had: that of a Debian release in which libdl and libpthread are still
# libraries of their own.  Its packages are unpacked, not installed, and clients are built against them.

readonly RELEASE=bullseye

# Outside of any namespace: what the network is needed for.
if [ -z "${OLD-}${WHY-}" ]; then
	cd "$(dirname "$0")/../.." || exit 2
	B=$(realpath -m "${B:-build}")
	# shellcheck source=tests/e2e/chroot.bash
	. tests/e2e/chroot.bash
	# unpacked ARCHITECTURE: into $OLD/ARCHITECTURE, with the link in it that would lead out of it made to stay
	unpacked() {
		local here=$OLD/$1 deb
		local apt=(-o Dir::Etc::SourceList="$here/sources.list" -o Dir::Etc::SourceParts=/nonexistent -o APT::Architecture="$1"
			-o Dir::State::Lists="$here/lists" -o Dir::State::Status=/dev/null -o Dir::Cache="$here" -o APT::Sandbox::User=root)
		[ ! -e "$here.done" ] || return 0
		rm -rf "$here"
		mkdir -p "$here/debs" "$here/lists/partial" "$here/archives/partial"
		echo "deb $MIRROR $RELEASE main" > "$here/sources.list"
		apt-get "${apt[@]}" update && (cd "$here/debs" &&
			apt-get "${apt[@]}" download libc6 libc6-dev linux-libc-dev libcrypt1 perl-base) || return
		for deb in "$here"/debs/*.deb; do
			dpkg -x "$deb" "$here" || return
		done
		[ ! -d "$here/lib64" ] || ln -sf ../lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 "$here/lib64" || return
		rm -rf "$here/lists" "$here/debs"
		touch "$here.done"
	}
	export OLD=$B/old-glibc WHY=
	if ! MIRROR=$(debian_mirror); then
		WHY=$MIRROR
	elif [ "$(dpkg --print-architecture)" != amd64 ]; then
		WHY="not an amd64 machine"
	else
		mkdir -p "$OLD"
		for architecture in amd64 i386; do
			unpacked $architecture > "$OLD/$architecture.log" 2>&1 || WHY=$(grep . "$OLD/$architecture.log" | tail -n 1)
		done
	fi
fi
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"
# shellcheck source=tests/e2e/worlds.bash
. tests/e2e/worlds.bash
[ -z "$WHY" ] || { skip "an old glibc" "$WHY"; exit 0; }

"$CLIENTS/make_table" -b -h "$NAME" "$TABLE" "a=$DEAD=down" "b=$LIVE=up" &
PID[table]=$!
wait_for 5 [ -e "$TABLE" ] || exit 2

# old_world NAME ARCHITECTURE TRIPLET LIBRARY COMPILER ...
old_world() {
	local name=$1 root=$OLD/$2 libs=$OLD/$2/lib/$3 headers=$OLD/$2/usr/lib/$3 to=$WORK/$2
	local PRELOAD=$4 line client
	local compile=("${@:5}" --sysroot="$root" -B"$headers/" -L"$headers" -L"$libs" -D_GNU_SOURCE -I.
		"-Wl,--dynamic-linker=$libs/ld-2.31.so" "-Wl,-rpath,$libs:$CLIENTS")
	# What the library needs, too, is this world's.
	with() { env LD_PRELOAD="$PRELOAD" LD_LIBRARY_PATH="$libs" MPFAILOVER_TABLE="$TABLE" "$@"; }
	mkdir "$to"
	check "$name: clients build" "${compile[@]}" -o "$to/fetch" tests/clients/fetch.c tests/clients/lookup.c
	check "$name: one with threads" "${compile[@]}" -o "$to/hammer" tests/clients/hammer.c -l:libpthread.so.0
	check "$name: one with plugins" "${compile[@]}" -Wl,-rpath,"$to" -o "$to/plugin_host" tests/clients/plugin_host.c -l:libdl.so.2
	check "$name: a plugin" "${compile[@]}" -shared -fPIC -o "$to/libearly.so" tests/clients/early.c
	check "$name: another preload library" "${compile[@]}" -shared -fPIC -o "$to/libpassthru.so" tests/clients/passthru.c -l:libdl.so.2
	same "$name: it is that glibc" "$libs/libc.so.6" "$("$libs/ld-2.31.so" --list "$to/fetch" | sed -nE 's/.*libc\.so\.6 => ([^ ]+) .*/\1/p')"

	both_ways "$name" "$PRELOAD" "$to/fetch"
	# Its connect() is another one, in libpthread.
	line=$(with "$to/hammer" -t 8 -c 50 "$DEAD" "$HTTP" 2>&1)
	same "$name: threads" "failed=0 site-2=400" "$(grep -oE 'failed=[0-9]+|site-2=[0-9]+' <<< "$line" | paste -sd ' ')"
	# A program that needs libdl, so that it comes after ours.
	early() { EARLY_ADDRESS=$DEAD EARLY_PORT=$HTTP "$@" 2>&1; }
	same "$name: alone, a plugin is refused" "early: Connection refused" "$(early "$to/plugin_host" libearly.so)"
	same "$name: a plugin is found and does not escape" "early: $LIVE" "$(early with "$to/plugin_host" libearly.so)"
	for PRELOAD in "$4:$to/libpassthru.so" "$to/libpassthru.so:$4"; do
		same "$name: ${PRELOAD//$WORK\//}" "$(printf 'passthru: called\nsite-2')" \
			"$(PASSTHRU=1 with "$to/fetch" getaddrinfo "$DEAD" "$HTTP" 2>&1 | sort)"
	done
	PRELOAD=$4
	# A real client, whose parts that connect are plugins; libcrypt and libdl are what it needs beside libc.
	client=("$libs/ld-2.31.so" --library-path "$libs:$headers" "$root/usr/bin/perl" -I "$headers/perl-base" tests/clients/fetch.pl)
	same "$name: its perl, alone" "perl: IO::Socket::INET: connect: Connection refused" "$("${client[@]}" "$DEAD" "$HTTP" 2>&1)"
	same "$name: its perl, by address" site-2 "$(with "${client[@]}" "$DEAD" "$HTTP" 2>&1)"
	same "$name: its perl, by name" site-2 "$(with "${client[@]}" "$NAME" "$HTTP" 2>&1)"
}
old_world "glibc 2.31" amd64 x86_64-linux-gnu "$LIB" gcc
if [ -e "$B/m32/libmpfailover.so" ]; then
	old_world "glibc 2.31, 32 bits" i386 i386-linux-gnu "$B/m32/libmpfailover.so" gcc -m32
else
	skip "glibc 2.31, 32 bits" "there is no compiler for it"
fi
