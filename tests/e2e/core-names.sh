#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The name functions against libc's own: the same addresses once in /etc/hosts without the library, once in the table with it.
# Every field of every answer is the same, for all combinations of hints.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

if ! unshare -m true 2> /dev/null; then
	skip "libc's answers" "no mount namespace to put an /etc/hosts into"
	exit 0
fi

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

# ai_flags has a unit test; a known name without an address of that family is NODATA where libc asks DNS, NONAME where it reads files.
# The order is the table's affair.
comparable() { sed -E 's/ flags=(0x)?[0-9a-f]+ length/ length/; s/status=-5/status=-2/; s/error=4/error=1/' "$1" | sort -u; }

# as_libc WHAT CLIENT FILTER NAME: by the table that is there now, and by /etc/hosts
as_libc() {
	local different
	in_files "$WORK/hosts" "$2" "$4" > "$WORK/by-libc" 2>&1
	in_files /dev/null env LD_PRELOAD="$LIB" MPFAILOVER_TABLE="$TABLE" "$2" "$4" > "$WORK/by-table" 2>&1
	different=$(diff <(comparable "$WORK/by-libc" | grep -E "$3") <(comparable "$WORK/by-table" | grep -E "$3"))
	if [ "$(grep -cE "$3" "$WORK/by-libc")" -lt 20 ]; then
		not_ok "$1: $4" "libc itself has no answer: $(head -n 3 "$WORK/by-libc")"
	else
		same "$1: $4" "" "$(head -n 6 <<< "$different")"
	fi
}

# table_of NAME: a table with the addresses that the file has for it
table_of() {
	local candidates
	mapfile -t candidates < <(sed -nE "s/^([^ ]+) .*\b$1( |$).*/c=\1=up/p" "$WORK/hosts")
	"$CLIENTS/make_table" -h "$1" "$TABLE" "${candidates[@]}"
}

for name in one.test two.test both.test six.test four.test full.test; do
	table_of $name || exit 2
	as_libc glibc "$CLIENTS/core_names" . $name
done

# --------------------------------------------------------------------------------------------------------------- leaks

table_of full.test || exit 2
grown=$(with "$CLIENTS/core_names" -l 100000 full.test)
check "100,000 lookups leave nothing behind ($grown KiB)" [ "$grown" -le 1024 ]
