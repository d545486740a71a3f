# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# A browser beside a script (page.py), to be sourced behind tests/e2e/lib.bash: it says "ready" when it is.

mkfifo "$WORK/asked" "$WORK/answered"
/usr/bin/python3 tests/page/page.py "$WORK/profile" < "$WORK/asked" > "$WORK/answered" 2> "$WORK/browser.log" &
readonly BROWSER=$!
exec 8> "$WORK/asked" 9< "$WORK/answered"
trap : PIPE # when it has died, there is no answer, but this shell goes on

close_browser() {
	echo quit >&8
	timeout 20 tail --pid=$BROWSER -f /dev/null || kill $BROWSER
	wait $BROWSER 2> /dev/null
	[ ! -s "$WORK/browser.log" ] || tail -n 5 "$WORK/browser.log"
}
close_all() {
	local status=$?
	close_browser
	(exit $status)
	at_end
}
trap close_all EXIT

# The next answer.
answer() {
	local line
	read -r -t 60 line <&9 || line="no answer"
	echo "$line"
}

# ask COMMAND [ARGUMENT ...]: and its answer
ask() {
	local IFS=$'\t'
	echo "$*" >&8
	answer
}
