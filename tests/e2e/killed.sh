#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The daemon is killed 200 times, at random moments, while four clients fetch from a dead site's address without a pause, and status is
# read all the time.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

readonly KILLS=${KILLS:-200}
# Four clients, a daemon and its starts share two cores: what blocks, blocks for far longer than this.
readonly LIMIT_MS=2000

# The dead site accepts connections, so that a client that was sent there would show it; its page says that it is ill.
site_up 1 503
site_up 2
site_up 3
write_conf
daemon_sees site-1=down site-2=up site-3=up

# One line for each look: the verdicts, or what went wrong.  Exit status 4 is right while no daemon lives.
watch_status() {
	local status
	while [ ! -e "$WORK/enough" ]; do
		status=0
		"$CTL" -t "$TABLE" status --json || status=$?
		[ $status -eq 0 ] || [ $status -eq 4 ] || echo "{\"name\": \"exit status\", \"verdict\": $status}"
	done | jq -c '[.. | objects | select(has("verdict")) | "\(.name)=\(.verdict)"]'
}

for i in 1 2 3 4; do
	start "hammer-$i" env LD_PRELOAD="$LIB" MPFAILOVER_TABLE="$TABLE" "$CLIENTS/hammer" "${SITE[1]}" "$HTTP"
done
start watch watch_status

# A restart takes some 30 ms: the moments fall before, within and after it, or into a reload.
for ((i = 1; i <= KILLS; i++)); do
	sleep "0.$(printf %03d $((RANDOM % 60)))"
	if ((i % 4 == 0)); then
		kill -HUP "${PID[daemon]}" 2> /dev/null
	fi
	stop daemon KILL
	daemon_start
done
check "the last daemon lives" wait_for 10 verdict_is site-2 up
touch "$WORK/enough"
wait "${PID[watch]}" || not_ok "status is JSON" "it is not"
unset "PID[watch]"

for i in 1 2 3 4; do
	stop "hammer-$i"
	status=$?
	cat "$WORK/hammer-$i.log"
	line=$(tail -n 1 "$WORK/hammer-$i.log")
	[ $status -eq 0 ] || not_ok "client $i lives" "exit status $status"
	[[ $line =~ ^fetched=([0-9]+)\ failed=([0-9]+)\ slowest_ms=([0-9]+)\ (.*)$ ]] || {
		not_ok "client $i says what it did" "$line"
		continue
	}
	check "client $i fetched all the time" [ "${BASH_REMATCH[1]}" -gt 1000 ]
	same "client $i never failed" 0 "${BASH_REMATCH[2]}"
	check "client $i was not held up" [ "${BASH_REMATCH[3]}" -lt $LIMIT_MS ]
	same "client $i was never sent to the dead site" "${BASH_REMATCH[4]}" "${BASH_REMATCH[4]//site-1=/}"
done

seen=$(sort "$WORK/watch.log" | uniq -c | sort -rn)
echo "status: $seen"
check "status was read often" [ "$(wc -l < "$WORK/watch.log")" -gt $((KILLS / 2)) ]
same "a restarted daemon adopts the verdicts" '["site-1=down","site-2=up","site-3=up"]' "$(sort -u "$WORK/watch.log")"
