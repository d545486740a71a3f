#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Clients that pull away what they stand on: descriptors closed, another root, fewer rights, a sandbox, another program.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

readonly DEAD=${SITE[1]} LIVE=${SITE[2]} FEET=$CLIENTS/feet
site_up 1
site_up 2
write_conf
daemon_sees site-1=up site-2=up
mkdir "$WORK/empty" && chmod 755 "$WORK/empty"

# What each ends with: 0, or the errno of the connection.
readonly REFUSED=111
ends() { # COMMAND ...
	local ended=0
	"$@" > "$WORK/feet.out" 2>&1 || ended=$?
	cat "$WORK/feet.out"
	echo "$ended"
}
feet() { ends with "$FEET" "$1" "${2:-$DEAD}" "$HTTP" "${3:-$LIVE}"; }

# each WHEN: the habits, in a client that meets the dead site
each() {
	local habit
	for habit in closefrom-0 closefrom-3 few-descriptors exec; do
		same "$habit, $1" 0 "$(feet $habit)"
	done
	if [ "$(id -u)" = 0 ] && setpriv --reuid=65534 true 2> /dev/null; then
		same "chroot, $1" 0 "$(cd "$WORK/empty" && feet chroot)"
		same "drop, $1" 0 "$(feet drop)"
	else
		skip "chroot, drop, $1" "this user may not"
	fi
	same "exec without the environment, $1: as without the library" $REFUSED "$(feet exec-bare)"
}

# streams_closed WHEN: each choice of descriptors 0 to 2 closed from the start, with a log to write, too
streams_closed() {
	local closed log
	for closed in '<&-' '>&-' '2>&-' '<&- >&-' '<&- 2>&-' '>&- 2>&-' '<&- >&- 2>&-'; do
		for log in '' stderr "$WORK/log"; do
			# shellcheck disable=SC2016 # it is the inner shell that expands
			same "started with $closed, log to <${log##*/}>, $1" 0 "$(MPFAILOVER_LOG=$log ends with \
				sh -c '"$0" none "$@" '"$closed" "$FEET" "$DEAD" "$HTTP" "$LIVE" | tail -n 1)"
		done
	done
}

same "nothing is moved while all is well" 0 "$(feet none "$DEAD" "$DEAD")"

# ----------------------------------------------------- nobody knows yet: the client meets the failure itself, and reports it

running daemon && kill -STOP "${PID[daemon]}"
site_down 1
same "alone, it is refused" $REFUSED "$(ends "$FEET" none "$DEAD" "$HTTP" "$LIVE")"
for way in pass ours; do
	same "the sandbox works: $way" $REFUSED "$(ends "$CLIENTS/feet_seccomp" $way "$DEAD" "$HTTP" "$LIVE")"
done
each "not yet known"
same "a sandbox that lets the listed system calls through, not yet known" 0 "$(ends with "$CLIENTS/feet_seccomp" ours "$DEAD" "$HTTP" "$LIVE")"
same "and with a log" 0 "$(MPFAILOVER_LOG=$WORK/log ends with "$CLIENTS/feet_seccomp" ours "$DEAD" "$HTTP" "$LIVE")"
streams_closed "not yet known"

# A thread with as little stack as there can be, of which the manual tells how much is needed.
needs=$("$CLIENTS/feet_stack" "$LIVE" "$HTTP" "$LIVE")
moved=$(MPFAILOVER_LOG=$WORK/log with "$CLIENTS/feet_stack" "$DEAD" "$HTTP" "$LIVE")
check "a small stack: 3 KiB more than the $needs bytes by itself are enough (${moved:=65536})" [ $((moved - needs)) -le 3072 ]

# ------------------------------------------------------------------------------------------------ the daemon knows

kill -CONT "${PID[daemon]}"
verdicts_are site-1=down || not_ok "the daemon sees site 1 down" "it does not"
each "known"
streams_closed "known"
same "a sandbox that lets the listed system calls through, known" 0 "$(ends with "$CLIENTS/feet_seccomp" ours "$DEAD" "$HTTP" "$LIVE")"

# With a table in force, an address that is not ours costs no system call that the client does not make itself.
read -r other < <(free_ports 1 "$LIVE")
start other python3 -c '
import socket, sys
s = socket.create_server((sys.argv[1], int(sys.argv[2])), backlog=50)
while True: s.accept()[0].close()' "$LIVE" "$other"
is_open() { (exec 3<> "/dev/tcp/$LIVE/$other") 2> /dev/null; }
wait_for 5 is_open
same "a sandbox for an address that is not ours" 0 "$(ends with "$CLIENTS/feet_seccomp" pass "$LIVE" "$other" "$LIVE")"
