#!/bin/bash
# SPDX-License-Identifier: MIT
#
# `resolve = dns`: what libc answers (here from /etc/hosts), reordered and repaired, in programs of glibc and musl; each frees it.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

if ! unshare -m true 2> /dev/null; then
	skip "libc's answers" "no mount namespace to put an /etc/hosts into"
	exit 0
fi
cat > "$WORK/mpfailover.conf" << END
service "dm" {
	hosts = { "$NAME" }
	ports = { 443 }
	resolve = dns
	candidate "one" { address = "127.0.8.1" }
	candidate "two" { address = "127.0.8.2" }
	candidate "six" { address = "2001:db8::3" }
}
END
# shellcheck source=tests/e2e/ctl-paint.bash
. tests/e2e/ctl-paint.bash

# become LINE ...: several at once
become() {
	local line
	for line; do
		paint "$line"
	done
}
# hosts ADDRESS ...: what libc knows
hosts() {
	[ $# -eq 0 ] || printf "%s $NAME\n" "$@"
} > "$WORK/hosts"
echo "hosts: files" > "$WORK/nsswitch.conf"
echo "options timeout:1 attempts:1" > "$WORK/resolv.conf" # musl asks DNS in any case
# addresses HOW: what $CLIENT is told
# shellcheck disable=SC2016  # the inner shell expands them
addresses() {
	unshare -m bash -c 'for file; do
			[ "$file" != env ] || exec "$@"
			mount --bind "$file" "/etc/${file##*/}" || exit
			shift
		done' bash "$WORK/hosts" "$WORK/nsswitch.conf" "$WORK/resolv.conf" env LD_PRELOAD="$LIB" MPFAILOVER_TABLE="$TABLE" "$CLIENT" "$1" "$NAME" 2>&1 | paste -sd ' '
}

# told WHAT WANTED: by each function, but for IPv6
told() {
	local how
	for how in getaddrinfo gethostbyname gethostbyname2 gethostbyname_r gethostbyname2_r; do
		same "$LIBC, $1: $how" "$2" "$(addresses $how | sed 's/ *2001:[^ ]*//g')"
	done
}

clients=("glibc $CLIENTS/fetch")
if command -v musl-gcc > /dev/null; then
	check "a musl client builds" musl-gcc -D_GNU_SOURCE -I. -O1 -o "$WORK/fetch" tests/clients/fetch.c tests/clients/lookup.c
	clients+=("musl $WORK/fetch")
else
	skip "a musl program" "no compiler for it"
fi
for client in "${clients[@]}"; do
	LIBC=${client%% *} CLIENT=${client#* }
	become "candidate one up" "candidate two up" "candidate six up" "beat 0"
	hosts 127.0.8.2 127.0.8.1
	told "all are up: libc's order" "127.0.8.2 127.0.8.1"
	become "candidate two down" "candidate six down"
	told "one is down: the living first" "127.0.8.1 127.0.8.2"
	hosts 127.0.8.9 127.0.8.2
	told "nothing usable is among it: the table's" "127.0.8.1 127.0.8.2"
	hosts 127.0.8.9 127.0.8.1
	told "what the table does not know comes after what lives" "127.0.8.1 127.0.8.9"
	hosts
	told "libc has no answer: the table's" "127.0.8.1 127.0.8.2"
	hosts 2001:db8::3 127.0.8.1
	same "$LIBC: over both families" "127.0.8.1 2001:db8::3" "$(addresses getaddrinfo)"
	become "candidate six up" "candidate one down"
	same "$LIBC: and the other way round" "2001:db8::3 127.0.8.1" "$(addresses getaddrinfo)"
done
