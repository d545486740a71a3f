#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The name functions against libc's own: the same addresses once in /etc/hosts without the library, once in the table with it.
# Every field of every answer is the same, for all combinations of hints.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

if [ -z "$OWN_NETWORK" ] || ! unshare -m true 2> /dev/null; then
	skip "libc's answers" "no mount namespace to put an /etc/hosts into"
	exit 0
fi

# AI_ADDRCONFIG asks whether there is more than loopback.
ip address add 10.77.0.9/32 dev lo
ip -6 address add fd00:6d70::9/128 dev lo nodad

# 16 addresses under one name, and fewer under others.
hosts() {
	local i
	for i in {1..16}; do
		echo "127.0.8.$i full.test"
		[ "$i" -gt 1 ] || echo "127.0.8.$i one.test"
		[ "$i" -gt 2 ] || printf '%s two.test\n%s both.test\n' "127.0.8.$i" "127.0.8.$i"
		[ "$i" -gt 4 ] || echo "127.0.8.$i four.test"
	done
	printf '2001:db8::1 both.test\n2001:db8::1 six.test\n'
}
hosts > "$WORK/hosts"
echo "hosts: files" > "$WORK/nsswitch"

# in_files HOSTS COMMAND [ARG ...]: where libc asks nobody but that file
# shellcheck disable=SC2016  # the inner shell expands them
readonly IN_FILES='mount --bind "$0" /etc/hosts && mount --bind "$1" /etc/nsswitch.conf && shift && exec "$@"'
in_files() { unshare -m bash -c "$IN_FILES" "$1" "$WORK/nsswitch" "${@:2}"; }

# A known name without an address of that family is NODATA where libc asks DNS, NONAME where it reads files.  The order is the table's
# affair.
comparable() { sed -E 's/status=-5/status=-2/; s/error=4/error=1/' "$1" | sort -u; }

# alike WHAT LINES BY-LIBC BY-TABLE: these files, which have at least so many LINES
alike() {
	local different
	different=$(diff <(comparable "$3") <(comparable "$4"))
	if [ "$(wc -l < "$3")" -lt "$2" ]; then
		not_ok "$1" "libc itself has no answer: $(head -n 3 "$3")"
	else
		same "$1" "" "$(head -n 6 <<< "$different")"
	fi
}

# as_libc WHAT LIBRARY CLIENT NAME: by the table that is there now, and by /etc/hosts; then what is libc's even with a table
as_libc() {
	in_files "$WORK/hosts" "$3" "$4" > "$WORK/by-libc" 2>&1
	in_files /dev/null env LD_PRELOAD="$2" MPFAILOVER_TABLE="$TABLE" "$3" "$4" > "$WORK/by-table" 2>&1
	alike "$1: $4" 600 "$WORK/by-libc" "$WORK/by-table"
	in_files "$WORK/hosts" "$3" -p "$4" > "$WORK/by-libc" 2>&1
	in_files "$WORK/hosts" env LD_PRELOAD="$2" MPFAILOVER_TABLE="$TABLE" "$3" -p "$4" > "$WORK/by-table" 2>&1
	alike "$1: $4, asked otherwise" 600 "$WORK/by-libc" "$WORK/by-table"
}

# table_of NAME: a table with the addresses that the file has for it
table_of() {
	local candidates
	mapfile -t candidates < <(sed -nE "s/^([^ ]+) .*\b$1( |$).*/c=\1=up/p" "$WORK/hosts")
	"$CLIENTS/make_table" -h "$1" "$TABLE" "${candidates[@]}"
}

# The same client for 32 bits, where gethostbyname_r() has two versions of different manners.
wide=true
for kind in "" -DOLDEST; do
	gcc -m32 -D_GNU_SOURCE -O1 $kind -o "$WORK/core_names-32$kind" tests/clients/core_names.c 2> "$WORK/gcc.log" || wide=false
done
[ ! -e "$B/m32/libmpfailover.so" ] && wide=false
$wide || skip "32 bits" "no compiler for it, or no library"

for name in one.test two.test both.test six.test four.test full.test; do
	table_of $name || exit 2
	as_libc "64 bits" "$LIB" "$CLIENTS/core_names" $name
	if $wide; then
		as_libc "32 bits" "$B/m32/libmpfailover.so" "$WORK/core_names-32" $name
		as_libc "32 bits of 1998" "$B/m32/libmpfailover.so" "$WORK/core_names-32-DOLDEST" $name
	fi
done

# --------------------------------------------------------------------------------------------------------------- leaks

# leaves_nothing LOOKUPS NAME: the heap grows by 132 KiB at a time
leaves_nothing() {
	local grown
	table_of "$2" || exit 2
	grown=$(with "$CLIENTS/core_names" -l "$1" "$2")
	check "$1 lookups of $2 leave nothing behind ($grown KiB)" [ "$grown" -le 300 ]
}
leaves_nothing 60000 one.test
leaves_nothing 6000 full.test
