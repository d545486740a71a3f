#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Everything builds from nothing with gcc and with clang, without a word from either; each header compiles alone, and no unit test is
# left out.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/../e2e/lib.bash"

# quiet_make TARGETS ...: succeeds, and nothing in what it says is a warning
quiet_make() { make -sk B="$WORK/$CC" CC="$CC" "$@" > "$WORK/make.log" 2>&1 && ! grep -iE 'warning|error:' "$WORK/make.log"; }
build() {
	quiet_make "$@" && return
	grep -iE -A 8 'warning|error' "$WORK/make.log" | tail -n 40
	return 1
}

# shellcheck disable=SC2016 # it is make that expands
unit_tests() { make -s --eval='unit-tests: ; @printf "%s\n" $(TESTS)' unit-tests | sort; }
same "every tests/unit/test_*.c is one of TESTS" "$(basename -s .c tests/unit/test_*.c | sort)" "$(unit_tests)"

for CC in gcc clang; do
	check "$CC: the library, the daemon, mpfailoverctl" build all
	check "$CC: each header alone" build headers
done
# With gcc these are what the tests run.
check "clang: the tests and what they run" build test-programs
