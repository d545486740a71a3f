#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The name functions in a musl program, by the library that was built against glibc.  There an answer has at most four nodes, so only what
# fits is compared with musl's own; connect() knows the rest.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

if ! command -v musl-gcc > /dev/null; then
	skip "a musl program" "no compiler for it"
	exit 0
fi
readonly PROBE=$WORK/core_names
check "a musl client builds" musl-gcc -D_GNU_SOURCE -O1 -o "$PROBE" tests/clients/core_names.c
[ $failures -eq 0 ] || exit 1

# in_files HOSTS COMMAND [ARG ...]: where libc asks nobody but that file
# shellcheck disable=SC2016  # the inner shell expands them
in_files() { unshare -m bash -c 'mount --bind "$0" /etc/hosts && exec "$@"' "$@"; }

# ai_flags, which musl leaves at 0, is not looked at; nor is ai_canonname where nobody asked for it, which musl fills in all the same; nor
# the datagram node of a service by name, which musl leaves out if /etc/services does; musl makes a name its own alias, and
# says ENOENT where glibc says 0, for a name without an address of that family.
comparable() {
	sed -E 's/ flags=(0x)?[0-9a-f]+ length/ length/; s/status=-5/status=-2/; s/error=4/error=1/
		s/(name=([^ ]+) aliases)=\2 /\1=none /; s/status=2 none/status=0 none/' "$1" |
		grep -vE 'service=http .*type=0|without hints canonical|flags=(0|0x8|0x18|0x400|0x1|0x10|0x20|0x28) canonical|of node [1-9]' | sort -u
}

# alike WHAT DIFFERENCES: there are none, and that says something
alike() {
	if [ "$(wc -l < "$WORK/by-libc")" -lt 600 ] || ! grep -q ' status=0 ' "$WORK/by-libc"; then
		not_ok "$1" "musl itself has no answer: $(head -n 3 "$WORK/by-libc")"
	else
		same "$1" "" "$(head -n 6 <<< "$2")"
	fi
}

# as_libc NAME ADDRESS ...: all that is asked about these addresses
as_libc() {
	local name=$1 candidates
	shift
	candidates=("${@/#/c=}")
	printf "%s $name\n" "$@" > "$WORK/hosts"
	"$CLIENTS/make_table" -h "$name" "$TABLE" "${candidates[@]/%/=up}" || exit 2
	in_files "$WORK/hosts" "$PROBE" "$name" > "$WORK/by-libc" 2>&1
	in_files /dev/null env LD_PRELOAD="$LIB" MPFAILOVER_TABLE="$TABLE" "$PROBE" "$name" > "$WORK/by-table" 2>&1
	alike "as musl's own: $# of $name" "$(diff <(comparable "$WORK/by-libc") <(comparable "$WORK/by-table"))"
	in_files "$WORK/hosts" "$PROBE" -p "$name" > "$WORK/by-libc" 2>&1
	in_files "$WORK/hosts" env LD_PRELOAD="$LIB" MPFAILOVER_TABLE="$TABLE" "$PROBE" -p "$name" > "$WORK/by-table" 2>&1
	alike "asked otherwise: $# of $name" "$(diff "$WORK/by-libc" "$WORK/by-table")"
}

if unshare -m true 2> /dev/null; then
	as_libc one.test 127.0.8.1
	as_libc six.test 2001:db8::1
	as_libc two.test 127.0.8.1 127.0.8.2
	as_libc both.test 127.0.8.1 2001:db8::1
	as_libc sixes.test 2001:db8::1 2001:db8::2
else
	skip "musl's own answers" "no mount namespace to put an /etc/hosts into"
fi

# ------------------------------------------------------------------------------------------------- one to sixteen

# The addresses of the answer, in order, of a stream and of any socket type; those of gethostbyname.
streams() { with "$PROBE" full.test | sed -nE 's/^getaddrinfo service=443 family=0 type=1 protocol=0 flags=0 node .* //p'; }
any_type() { with "$PROBE" full.test | sed -nE 's/^getaddrinfo service=443 family=0 type=0 protocol=0 flags=0 node .* type=1 .* //p'; }
hostent() { with "$PROBE" full.test | sed -nE 's/^gethostbyname ([0-9.]+)$/\1/p'; }

candidates=()
for count in {1..16}; do
	candidates+=("c=127.0.9.$count=up")
	"$CLIENTS/make_table" -h full.test "$TABLE" "${candidates[@]}" || exit 2
	wanted=$(printf '127.0.9.%d\n' $(seq "$count"))
	got=$(streams | uniq; any_type | uniq; hostent)
	same "$count: four for a stream, two for any type, all for gethostbyname" \
		"$(head -n 4 <<< "$wanted"; head -n 2 <<< "$wanted"; echo "$wanted")" "$got"
done
candidates[0]=c=127.0.9.1=down
"$CLIENTS/make_table" -h full.test "$TABLE" "${candidates[@]}" || exit 2
same "the best four" "$(printf '127.0.9.%d\n' 2 3 4 5)" "$(streams)"

# ------------------------------------------------------------------------------------------ canonical names, and leaks

names=()
for i in {1..100}; do
	names+=("n$i.full.test")
done
"$CLIENTS/make_table" -h "*.full.test" -h full.test "$TABLE" "${candidates[@]}" || exit 2
same "each name is its own canonical one" "$(printf '%s\n' "${names[@]}" "${names[@]}")" \
	"$(with "$PROBE" -c "${names[@]}" "${names[@]}")"
for count in 1 3 16; do
	"$CLIENTS/make_table" -h full.test "$TABLE" "${candidates[@]:0:count}" || exit 2
	grown=$(with "$PROBE" -l 30000 full.test)
	check "30,000 lookups of $count leave nothing behind ($grown KiB)" [ "$grown" -le 64 ]
done
