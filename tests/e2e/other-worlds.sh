#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Clients of another word size, and of another C library, read the same table.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

# shellcheck source=tests/e2e/worlds.bash
. tests/e2e/worlds.bash

"$CLIENTS/make_table" -h "$NAME" "$TABLE" "a=$DEAD=down" "b=$LIVE=up" || exit 2

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
