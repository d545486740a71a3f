#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Every legacy client that we could get, asking by name and by the dead address for a service whose first server refuses or is
# silent, before and after the table knows.  The table is in $B/matrix.txt.
#
# tests/e2e/matrix.sh [CLIENT ...]: those only, by the names in tests/matrix/clients.py
# runs alone: it measures time
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

if [ -z "$OWN_NETWORK" ]; then
	skip "the matrix" "no network namespace of its own can be made here"
	exit
fi

make_certificates || exit 2
build() { make -k -f tests/matrix/clients.mk B="$B" all > "$WORK/build.log" 2>&1 || { cat "$WORK/build.log"; return 1; }; }
check "the clients whose compilers are here are built" build
# By the name that it has in dependencies.
built=$(realpath --relative-to=. "$B")
make B="$built" libraries "$built/clients/paint_table" "$built/mpfailoverctl" > "$WORK/make.log" 2>&1 || cat "$WORK/make.log"
# One for every client: each dynamic linker takes what fits.
python3 tests/matrix/matrix.py "$B/matrix-clients" "$B/\$LIB/libmpfailover.so" "$CLIENTS/paint_table" "$CTL" \
	"$WORK" "$B/matrix.txt" "$@"
