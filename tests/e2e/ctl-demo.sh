#!/bin/bash
# SPDX-License-Identifier: MIT
#
# scripts/demo holds, twice, and leaves nothing behind; neither does one that is interrupted.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

export TMPDIR=$WORK/tmp
mkdir -m 755 "$TMPDIR"

# left_behind NAME: nothing must be
left_behind() {
	same "$1: no process is left" "" "$(pgrep -fa "$TMPDIR/mpfailover-demo")"
	[ -z "$OWN_NETWORK" ] || same "$1: nobody listens" "" "$(ss -Hltn)"
	same "$1: no file is left" "" "$(ls -A "$TMPDIR")"
}

for time in first second; do
	started=$SECONDS
	if scripts/demo > "$WORK/demo.log" 2>&1; then
		ok "the $time time"
	else
		not_ok "the $time time" "exit status $?"
		cat "$WORK/demo.log"
	fi
	check "the $time time: in under a minute" [ $((SECONDS - started)) -lt 60 ]
	left_behind "the $time time"
done

: > "$WORK/demo.log"
start demo scripts/demo
half_way() { grep -q '^3\.' "$WORK/demo.log"; }
check "half way" wait_for 30 half_way
stop demo
left_behind "interrupted"
