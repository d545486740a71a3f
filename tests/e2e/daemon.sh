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

# What stands in the table's place and is none.
mkdir "$WORK/directory"
same "-t DIRECTORY" 1 "$(status_of "$DAEMON" -c "$WORK/mpfailover.conf" -t "$WORK/directory")"
check "-t DIRECTORY: the way out" says "$WORK/directory: is there, and no file: name another one for the table"
check "-t DIRECTORY: nothing is made beside it" [ ! -e "$WORK/directory.lock" ]
cp "$WORK/mpfailover.conf" "$WORK/same.conf"
same "-t the configuration" 1 "$(status_of "$DAEMON" -c "$WORK/same.conf" -t "$WORK/same.conf")"
check "-t the configuration: is told" says "$WORK/same.conf: is the configuration"
check "-t the configuration: it stays" cmp "$WORK/mpfailover.conf" "$WORK/same.conf"

nowhere() { "$@" > /dev/full; }
for option in -h -V "-n"; do
	same "$option, standard output is full" 1 "$(status_of nowhere "$DAEMON" -c "$WORK/mpfailover.conf" $option)"
	check "$option, standard output is full: is told" says "standard output: No space left on device"
done

# ------------------------------------------------------------------------------- where it is started, and with what it is open

site_up 2
sed -i '/^control/d' "$WORK/same.conf"
(cd "$WORK" && exec "$DAEMON" -c same.conf -t directory/table) < /dev/null > "$WORK/daemon.log" 2>&1 &
PID[daemon]=$!
check "relative paths: found from elsewhere" wait_for 10 "$CTL" -t "$WORK/directory/table" log debug
check "relative paths: the socket's, too" [ -S "$WORK/directory/control" ]
check "relative paths: and the configuration's" grep -qF "$WORK/same.conf" <("$CTL" -t "$WORK/directory/table" reload 2>&1)
check "relative paths: it ends" stop daemon
for closed in "0" "1" "2" "0 1 2"; do
	(for fd in $closed; do eval "exec $fd>&-"; done; exec "$DAEMON" -c "$WORK/mpfailover.conf" -t "$TABLE") &
	PID[daemon]=$!
	check "without descriptor $closed: it serves" wait_for 10 "$CTL" -t "$TABLE" log info
	check "without descriptor $closed: it ends well" stop daemon
done
stop site-2

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
# 50 and 300 on a quiet machine; without a watch it takes seconds.
check "watch: no longer up at once (median of 20)" [ "$(median 20 < "$WORK/suspect_ms")" -le 150 ]
check "watch: soon down (median of 20)" [ "$(median 20 < "$WORK/down_ms")" -le 900 ]

# -------------------------------------------------------------------------------------------------- a change of the network

checks() { grep -c "event=check .*candidate=site-1" "$WORK/daemon.log"; }
checked_since() { [ "$(checks)" -gt "$1" ]; }
if [ -n "$OWN_NETWORK" ] && ip link add mpf0 type veth peer name mpf1 2> /dev/null; then
	sed -i 's/interval = "5s"/interval = "1h"/; s/down = "100ms"/down = "1h"/; s/watch = on//' "$WORK/mpfailover.conf"
	check "every hour a check" "$CTL" -t "$TABLE" reload
	"$CTL" -t "$TABLE" log debug
	check "it was checked" wait_for 10 "$CTL" -t "$TABLE" check dm/site-1
	before=$(checks)
	ip link set mpf0 up
	check "a link comes up: it is checked at once" wait_for 10 checked_since "$before"
	before=$(checks)
	ip address add 192.0.2.1/32 dev mpf0
	check "an address comes: it is checked at once" wait_for 10 checked_since "$before"
else
	skip "a change of the network" "no network of its own, or no veth"
fi
