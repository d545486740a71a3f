#!/bin/bash
# SPDX-License-Identifier: MIT
#
# tests/run itself: a failure, a crash, silence, and a process left behind must not count as passed.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/../e2e/lib.bash"

# script NAME TEXT
script() { echo "$2" > "$WORK/$1.sh"; }
# last_line NAME ...: of running these; and its exit status
last_line() {
	local status=0
	tests/run "${@/#/$WORK/}" > "$WORK/run.log" 2>&1 || status=$?
	cat "$WORK/run.log" >&2
	echo "$(tail -n 1 "$WORK/run.log") ($status)"
}

script passes 'echo "ok one"; echo "words"; echo "ok two"'
script skips 'echo "ok one"; echo "skip two: no reason"'
script fails 'echo "ok one"; echo "not ok two: a reason"; exit 1'
script crashes 'echo "ok one"; kill -SEGV $$'
script stops 'echo "ok one"; exit 3'
script silent 'true'
script leaves 'echo "ok one"; sleep 600 & exit 0'

same "two that pass" "2 passed, 0 failed (0)" "$(last_line passes.sh 2> /dev/null)"
same "one that is skipped" "1 passed, 0 failed, 1 skipped (0)" "$(last_line skips.sh 2> /dev/null)"
same "one that fails" "1 passed, 1 failed (1)" "$(last_line fails.sh 2> /dev/null)"
same "a crash" "1 passed, 1 failed (1)" "$(last_line crashes.sh 2> /dev/null)"
same "an exit status" "1 passed, 1 failed (1)" "$(last_line stops.sh 2> /dev/null)"
same "silence" "0 passed, 1 failed (1)" "$(last_line silent.sh 2> /dev/null)"
same "a process left behind" "1 passed, 1 failed (1)" "$(last_line leaves.sh 2> /dev/null)"
same "all of them" "7 passed, 5 failed, 1 skipped (1)" \
	"$(last_line passes.sh skips.sh fails.sh crashes.sh stops.sh silent.sh leaves.sh 2> /dev/null)"
same "nothing at all is a failure" "0 passed, 1 failed (1)" "$(last_line no-such-test 2> /dev/null)"

# A unit test that dies before its plan is fulfilled.
mkdir "$WORK/units"
printf '#!/bin/sh\necho 1..2; echo "ok 1 - one"; kill -SEGV $$\n' > "$WORK/units/test_dies"
printf '#!/bin/sh\necho 1..2; echo "ok 1 - one"; echo "ok 2 - two"\n' > "$WORK/units/test_lives"
chmod +x "$WORK"/units/*
units() { B=$WORK/units UNITS="$1" tests/run "unit/$1" 2>&1 | tail -n 1; }
same "a unit test that dies" "1 passed, 1 failed" "$(units test_dies)"
same "a unit test that lives" "2 passed, 0 failed" "$(units test_lives)"
