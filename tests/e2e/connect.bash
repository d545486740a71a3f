# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What the tests of connect() share.  To be sourced after lib.bash.

# A network like this script's, but another one: both have servers at the same addresses.
beside() {
	if [ -n "$OWN_NETWORK" ]; then
		unshare -n -- bash -c 'ip link set lo up && exec "$@"' beside "$@"
	else
		"$@"
	fi
}

# with_and_without PROGRAM: its tests with the library, and, to see what each is worth, without it; both at once, since they mostly wait
with_and_without() {
	local native
	beside "$CLIENTS/$1" > "$WORK/native" 2>&1 &
	native=$!
	"$CLIENTS/$1" -l "$LIB" || failures=$((failures + 1))
	wait $native || failures=$((failures + 1))
	cat "$WORK/native"
}
