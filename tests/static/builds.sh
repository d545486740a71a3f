#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Everything builds from nothing with gcc and with clang, without a word from either; each header compiles alone.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/../e2e/lib.bash"

# quiet_make TARGETS ...: succeeds, and nothing in what it says is a warning
quiet_make() { make -sk B="$WORK/$CC" CC="$CC" "$@" > "$WORK/make.log" 2>&1 && ! grep -iE 'warning|error:' "$WORK/make.log"; }
build() {
	quiet_make "$@" && return
	grep -iE -A 8 'warning|error' "$WORK/make.log" | tail -n 40
	return 1
}

for CC in gcc clang; do
	check "$CC: the library, the daemon, mpfailoverctl" build all
	check "$CC: each header alone" build headers
done
# With gcc these are what the tests run.
check "clang: the tests and what they run" build test-programs
