#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The daemon as an operator meets it: options, signals, a faulty file, a second daemon, a pause of its own, and watch
# connections.
# runs alone
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

# status_of COMMAND [ARG ...]: its exit status; what it says is in $WORK/said
status_of() {
	local status=0
	"$@" > "$WORK/said" 2>&1 || status=$?
	echo $status
}
says() { grep -qF -- "$1" "$WORK/said"; }
log_says() { grep -q -- "$1" "$WORK/daemon.log"; }
log_says_more_than() { [ "$(grep -c -- "$2" "$WORK/daemon.log")" -gt "$1" ]; }

same "--help" 0 "$(status_of "$DAEMON" --help)"
same "--version" 0 "$(status_of "$DAEMON" --version)"
same "an unknown option" 2 "$(status_of "$DAEMON" -x)"
same "an argument too much" 2 "$(status_of "$DAEMON" now)"
same "no configuration" 1 "$(status_of "$DAEMON" -c "$WORK/none.conf")"
check "no configuration: its name is told" says "$WORK/none.conf"

write_conf
same "-n" 0 "$(status_of "$DAEMON" -c "$WORK/mpfailover.conf" -n)"
check "-n: one line in the end" says "$WORK/mpfailover.conf: 1 services, 3 candidates, ok"
check "-n: no table is made" [ ! -e "$TABLE" ]

# ------------------------------------------------------------------------- its own checks are not led elsewhere by a library

site_up 2
daemon_sees site-1=down site-2=up site-3=down
stop daemon
start daemon env LD_PRELOAD="$LIB" MPFAILOVER_TABLE="$TABLE" "$DAEMON" -c "$WORK/mpfailover.conf" -v
check "preloaded: it checks the dead site again" wait_for 10 log_says "event=check .*candidate=site-1"
check "preloaded: and finds it dead" verdicts_are site-1=down site-2=up
check "preloaded: it is called by its name" grep -q '^mpfailoverd$' "/proc/${PID[daemon]}/comm"

# --------------------------------------------------------------------------------------------------- signals and other daemons

same "a second daemon" 1 "$(status_of "$DAEMON" -c "$WORK/mpfailover.conf")"
check "a second daemon: is told why" says "another mpfailoverd writes $TABLE"

cp "$WORK/mpfailover.conf" "$WORK/good.conf"
sed -i '3s/status = "200"/status = "200" speed = 9/' "$WORK/mpfailover.conf"
kill -HUP "${PID[daemon]}"
check "SIGHUP, a faulty file: where" wait_for 5 log_says "mpfailover.conf:3:"
check "SIGHUP, a faulty file: nothing changes" verdicts_are site-1=down site-2=up site-3=down
sed 's/"site-3"/"site-three"/' "$WORK/good.conf" > "$WORK/mpfailover.conf"
kill -HUP "${PID[daemon]}"
check "SIGHUP, a good file" verdicts_are site-three=down site-1=down site-2=up
check "SIGHUP, a good file: what stays is known" log_says "3 candidates, 2 of them known"
cp "$WORK/good.conf" "$WORK/mpfailover.conf"

check "SIGTERM" stop daemon
check "SIGTERM: the table stays" verdict_is site-2 up
check "SIGTERM: the report socket goes" [ ! -e "$WORK/report" ]

# -------------------------------------------------------------------------------------------------------- a pause of its own

site_up 1
site_up 3
daemon_sees site-1=up site-2=up site-3=up
changes=$(grep -c event=verdict "$WORK/daemon.log")
for _ in 1 2 3; do
	kill -STOP "${PID[daemon]}" "${PID[site-1]}" "${PID[site-2]}" "${PID[site-3]}"
	sleep 1.7 # the pause itself: longer than a check may take
	kill -CONT "${PID[daemon]}" "${PID[site-1]}" "${PID[site-2]}" "${PID[site-3]}"
	checked=$(grep -c event=late "$WORK/daemon.log")
	check "a pause: verdicts hold" verdicts_are site-1=up site-2=up site-3=up
done
check "a pause: it is told" [ "$checked" -gt 0 ]
same "a pause: no verdict changed" "$changes" "$(grep -c event=verdict "$WORK/daemon.log")"
stop daemon

# --------------------------------------------------------------------------------------------------------- watch connections

# With checks 5 seconds apart: how long after the server's end is it no longer up, and down?
sed -i 's/interval = "1s"/interval = "5s"/; s/down = "200ms"/down = "100ms"/' "$WORK/mpfailover.conf"
sed -i 's/ports = /watch = on ports = /' "$WORK/mpfailover.conf"
daemon_sees site-1=up
# When the log last said that site-1 became $1, in milliseconds.
became_ms() {
	date -d "$(grep "event=verdict.*candidate=site-1 .* to=$1 " "$WORK/daemon.log" | tail -n 1 |
		sed 's/time=\([^ ]*\) .*/\1/')" +%s%3N
}
median() { sort -n | sed -n "$((($1 + 1) / 2))p"; }
watched() { ss -Htnp state established dst "${SITE[1]}" | grep -q "pid=${PID[daemon]},"; }
for ((i = 0; i < 20; i++)); do
	wait_for 10 watched
	sleep 0.06 # a check is never within 50 ms of the last one
	killed_ms=$(date +%s%3N)
	kill -KILL "${PID[site-1]}"
	wait "${PID[site-1]}" 2> /dev/null
	verdicts_are site-1=down
	echo $(($(became_ms suspect) - killed_ms)) >> "$WORK/suspect_ms"
	echo $(($(became_ms down) - killed_ms)) >> "$WORK/down_ms"
	site_up 1
	verdicts_are site-1=up
done
echo "not up after (ms): $(tr '\n' ' ' < "$WORK/suspect_ms")"
echo "down after (ms): $(tr '\n' ' ' < "$WORK/down_ms")"
check "watch: no longer up within 50 ms (median of 20)" [ "$(median 20 < "$WORK/suspect_ms")" -le 50 ]
check "watch: down within 300 ms (median of 20)" [ "$(median 20 < "$WORK/down_ms")" -le 300 ]
