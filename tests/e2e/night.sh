#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What an operator meets at three in the morning: that the log, mpfailoverctl and status say what is wrong, and that what can go on
# does.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

log_says() { grep -qF -- "$1" "$WORK/daemon.log"; }
# says NAME STATUS TEXT COMMAND [ARG ...]
says() {
	local name=$1 wanted=$2 text=$3 status=0
	shift 3
	timeout 20 "$@" > "$WORK/said" 2>&1 || status=$?
	if [ $status = "$wanted" ] && grep -qF -- "$text" "$WORK/said"; then
		ok "$name"
	else
		not_ok "$name" "wanted $wanted and <$text>, got $status and <$(cat "$WORK/said")>"
	fi
}
ctl=("$CTL" -t "$TABLE")
# conf_with SED-COMMAND: into $WORK/second.conf
conf_with() { sed "$1" "$WORK/good.conf" > "$WORK/second.conf"; }

site_up 1
site_up 2
write_conf
cp "$WORK/mpfailover.conf" "$WORK/good.conf"
daemon_sees site-1=up site-2=up site-3=down

# ---------------------------------------------------------------------------------------------------------- kill -9

stop daemon KILL
no_heartbeat() { "${ctl[@]}" status > "$WORK/said"; grep -q 'no heartbeat for [3-9]s: the daemon is not running; clients go by the last verdicts' "$WORK/said"; }
check "killed: status says so" wait_for 10 no_heartbeat
says "killed: by its exit status, too" 4 "the daemon is not running" "${ctl[@]}" status
says "killed: and so does a command" 4 "nobody is there: mpfailoverd is not running" "${ctl[@]}" drain dm/site-1
site_down 1
same "killed: clients go on, past a site that dies now" site-2 "$(WITH=with fetch curl "${SITE[1]}")"
check "killed: its socket for reports is left behind" [ -S "$WORK/report" ]
check "killed: and so is that for commands" [ -S "$WORK/control" ]
daemon_start
check "the next one takes over" wait_for 10 "${ctl[@]}" check dm/site-2
check "the next one takes over: commands and reports" eval "! grep -E 'level=(warn|error)' '$WORK/daemon.log'"
check "the next one takes over: what has changed is seen" verdicts_are site-1=down site-2=up
site_up 1

# ------------------------------------------------------------------------------------------------------ one daemon too many

says "a second daemon for the same table" 1 "another mpfailoverd writes $TABLE" "$DAEMON" -c "$WORK/mpfailover.conf"
conf_with "s|^table.*|table = \"$WORK/other\"|"
start second "$DAEMON" -c "$WORK/second.conf"
second_says() { grep -qF -- "$1" "$WORK/second.log"; }
check "one for another table in the same place: the control socket is taken" wait_for 10 \
	second_says "$WORK/control: another daemon listens there; mpfailoverctl can give no commands"
check "one for another table in the same place: so is that for reports" wait_for 10 \
	second_says "$WORK/report: Address already in use; clients cannot report"
check "one for another table in the same place: works beside it" wait_for 10 eval "'$CTL' -t '$WORK/other' status | grep -q 'site-2 .* up'"
says "one for another table in the same place: a command is told" 4 "could not open a control socket; its log says why" \
	"$CTL" -t "$WORK/other" check
stop second
says "the first one is as it was" 0 success "${ctl[@]}" check dm/site-2
check "the first one is as it was: reports arrive" [ -S "$WORK/report" ]

# ------------------------------------------------------------------------------------------------ where the table should be

conf_with "s|^table.*|table = \"$WORK/new/table\"|; s|^control.*||"
start second "$DAEMON" -c "$WORK/second.conf"
check "no directory: it is made, for all to read" wait_for 10 eval "[ \"\$(stat -c '%a' '$WORK/new')\" = 755 ] && [ -e '$WORK/new/table' ]"
stop second
conf_with "s|^table.*|table = \"$WORK/no/such/table\"|; s|^control.*||"
says "no directory, nor what it should be in" 1 "$WORK/no/such/table: No such file or directory" "$DAEMON" -c "$WORK/second.conf"
conf_with "s|^table.*|table = \"$WORK/disk/table\"|; s|^control.*||"
mkdir "$WORK/disk"
# on_disk NAME OPTIONS TEXT: on a file system with those
on_disk() {
	# shellcheck disable=SC2016 # it is the inner shell that expands
	says "$1" 1 "$WORK/disk/table: $3" unshare -m bash -c 'mount -t tmpfs -o "$1" tmpfs "$2" && shift 2 && exec "$@"' bash \
		"$2" "$WORK/disk" "$DAEMON" -c "$WORK/second.conf"
}
if unshare -m true 2> /dev/null; then
	on_disk "a full disk" size=64k "No space left on device"
	on_disk "one that is read-only" ro "Read-only file system"
else
	skip "a full disk, one that is read-only" "there is no mount namespace to be had"
fi

# ------------------------------------------------------------------------------------------- a configuration that is not one

before=$("${ctl[@]}" status --json | jq -c .configuration.generation)
for what in 'mkdir' 'mkfifo' 'ln -s /dev/zero' 'ln -s /nonexistent' 'touch'; do
	rm "$WORK/mpfailover.conf"
	$what "$WORK/mpfailover.conf"
	says "reload, $what: told, with its place" 9 "$WORK/mpfailover.conf:1: " "${ctl[@]}" reload
	check "reload, $what: that nothing has changed" grep -q '; nothing has changed$' "$WORK/said"
	check "reload, $what: in the log" log_says "level=error event=config msg=\"$WORK/mpfailover.conf:1: "
	: > "$WORK/daemon.log"
	rm -d "$WORK/mpfailover.conf"
	cp "$WORK/good.conf" "$WORK/mpfailover.conf"
done
same "and nothing has" "$before" "$("${ctl[@]}" status --json | jq -c .configuration.generation)"
says "reload, mended" 0 "is in force" "${ctl[@]}" reload

# --------------------------------------------------------------------------------------------------------- one that hangs

kill -STOP "${PID[daemon]}"
hangs() { "${ctl[@]}" status > "$WORK/said"; grep -q "no heartbeat for [3-9]s, though process ${PID[daemon]} exists: the daemon hangs or is stopped" "$WORK/said"; }
check "stopped: status says so" wait_for 10 hangs
same "stopped: clients go on" site-2 "$(WITH=with fetch curl "${SITE[2]}")"
kill -CONT "${PID[daemon]}"
says "it goes on, and answers" 0 success "${ctl[@]}" check dm/site-2
check "it goes on: the log tells that it was away" wait_for 5 log_says 'level=warn event=late msg="this process was away for'
check "it goes on: and all is well" verdicts_are site-1=up site-2=up

# ----------------------------------------------------------------------------------------------------- a table that is gone

rm "$TABLE"
check "a table that was removed: the log says so" wait_for 10 log_says 'level=error event=table msg="it was removed or replaced: programs that start now do not find it; start this daemon again"'
says "a table that was removed: status says that there is none" 3 "there is no table" "${ctl[@]}" status
says "a table that was removed: commands find the daemon" 0 success "${ctl[@]}" check dm/site-2
check "and ends as it should" stop daemon
same "it is told once" 1 "$(grep -c event=table "$WORK/daemon.log")"
daemon_start
check "the next one makes it anew" verdicts_are site-1=up site-2=up
stop daemon

# ------------------------------------------------------------------------------------------------------ a clock that jumps

# The wall clock as a daemon sees it, by so many seconds of what is in $WORK/jump.
gcc -x c -shared -fPIC -o "$WORK/jump.so" - << 'C' || exit 2
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
int clock_gettime(clockid_t clock, struct timespec *now)
{
	static int (*real)(clockid_t, struct timespec *);
	if (!real)
		real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
	const int result = real(clock, now);
	FILE *file = clock == CLOCK_REALTIME ? fopen(getenv("JUMP"), "r") : NULL;
	long by = 0;
	if (file && fscanf(file, "%ld", &by) == 1)
		now->tv_sec += by;
	if (file)
		fclose(file);
	return result;
}
C
echo 0 > "$WORK/jump"
: > "$WORK/daemon.log"
start daemon env "LD_PRELOAD=$WORK/jump.so" "JUMP=$WORK/jump" "$DAEMON" -c "$WORK/mpfailover.conf" -t "$TABLE"
check "a clock that jumps: the daemon runs" wait_for 10 "${ctl[@]}" check dm/site-2
verdicts_are site-1=up site-2=up
for by in 86400 -86400 -1000000000; do
	same "by $by s: no verdict has changed" "" "$(grep 'event=verdict.*candidate=site-[12] ' "$WORK/daemon.log")"
	echo "$by" > "$WORK/jump"
	says "by $by s: checks go on" 0 success "${ctl[@]}" check dm/site-2
	says "by $by s: so does the heartbeat, and status tells no nonsense" 0 ", heartbeat " "${ctl[@]}" status
	site_down 1
	check "by $by s: a dead site is seen" verdicts_are site-1=down site-2=up
	site_up 1
	check "by $by s: and that it is back" verdicts_are site-1=up
	check "by $by s: the log has the new time" log_says "time=$(date -u -d "@$(($(date +%s) + by))" +%F)"
	: > "$WORK/daemon.log"
done
check "a clock that jumps: and ends as it should" stop daemon
