#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Clients of another word size, and of another C library, read the same table.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

readonly FUNCTIONS="getaddrinfo gethostbyname gethostbyname2 gethostbyname_r gethostbyname2_r"
readonly DEAD=${SITE[1]} LIVE=${SITE[2]}
site_up 2
"$CLIENTS/make_table" -h "$NAME" "$TABLE" "a=$DEAD=down" "b=$LIVE=up" || exit 2

# both_ways NAME LIBRARY FETCH
both_ways() {
	local how
	same "$1: alone it is refused" "connect: Connection refused" "$("$3" getaddrinfo "$DEAD" "$HTTP" 2>&1)"
	same "$1: by address" site-2 "$(PRELOAD=$2 with "$3" getaddrinfo "$DEAD" "$HTTP" 2>&1)"
	for how in $FUNCTIONS; do
		same "$1: by name, $how" site-2 "$(PRELOAD=$2 with "$3" "$how" "$NAME" "$HTTP" 2>&1)"
		same "$1: $how gives both" "$(printf '%s\n' "$LIVE" "$DEAD")" "$(PRELOAD=$2 with "$3" "$how" "$NAME" 2>&1)"
	done
	same "$1: an address that is not ours" "127.0.0.1" "$(PRELOAD=$2 with "$3" getaddrinfo 127.0.0.1 2>&1)"
}

if echo 'int main(void) { return 0; }' | gcc -m32 -x c -o "$WORK/try" - 2> /dev/null; then
	check "the 32-bit library builds" make B="$B/m32" CC="gcc -m32" "$B/m32/libmpfailover.so" "$B/m32/clients/fetch"
	both_ways "32 bits" "$B/m32/libmpfailover.so" "$B/m32/clients/fetch"
else
	skip "32 bits" "no compiler for it"
fi

if command -v musl-gcc > /dev/null; then
	check "a musl client builds" musl-gcc -D_GNU_SOURCE -I. -o "$WORK/fetch-musl" tests/clients/fetch.c tests/clients/lookup.c
	both_ways "musl" "$LIB" "$WORK/fetch-musl"
else
	skip "musl" "no compiler for it"
fi
