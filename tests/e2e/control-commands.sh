#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The commands that the daemon carries out, as a new user tries them: right, wrong, without the daemon, without permission; and
# what running clients make of them.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

readonly NOBODY=54321 # owns nothing on any machine

# ctl ARG ...: into $code, with what it says in $WORK/out and $WORK/err
ctl() {
	code=0
	"$CTL" -t "$TABLE" "$@" > "$WORK/out" 2> "$WORK/err" || code=$?
}

# says NAME CODE TEXT ARG ...: that its exit status is CODE, and that TEXT is in what it says
says() {
	local name=$1 wanted=$2 text=$3
	shift 3
	ctl "$@"
	if [ "$code" = "$wanted" ] && grep -qF -- "$text" "$WORK/out" "$WORK/err"; then
		ok "$name"
	else
		not_ok "$name" "wanted $wanted and <$text>, got $code and <$(cat "$WORK/out" "$WORK/err")>"
	fi
}

# operator_is NAME WORD: by the table
operator_is() {
	[ "$("$CTL" -t "$TABLE" status --json | jq -er --arg name "$1" \
		'[.. | objects | select(.name? == $name and has("operator"))][0].operator')" = "$2" ]
}
log_says() { grep -q -- "$1" "$WORK/daemon.log"; }

# Starts it, until it takes commands: the table tells of the one before it.
daemon_answers() {
	daemon_start
	wait_for 10 "$CTL" -t "$TABLE" check dm/site-1
}

# ---------------------------------------------------------------------------------------------------------- no daemon at all

for command in 'drain dm/site-1' 'maint dm/site-1' 'ready dm/site-1' off 'on dm' check reload events 'log debug'; do
	# shellcheck disable=SC2086 # words
	says "no daemon: $command" 4 "$WORK/control: nobody is there: mpfailoverd is not running" $command
done
says "no daemon, a socket of its own" 4 "$WORK/none: nobody is there" -s "$WORK/none" events
says "no daemon, after the command" 4 "$WORK/none: nobody is there" events -s "$WORK/none"

site_up 1
site_up 2
write_conf
daemon_sees site-1=up site-2=up site-3=down
check "it listens beside its table, for itself and its group" [ "$(stat -c '%F %a' "$WORK/control")" = 'socket 660' ]

# ------------------------------------------------------------------------------------------------------------- wrong words

says "a wrong candidate" 9 'no candidate site-9 in dm; there are: site-1, site-2, site-3' drain dm/site-9
says "a wrong service" 9 'no service md; there are: dm' maint md/site-1
says "a wrong service for off" 9 'no service site-1; there are: dm' off site-1
says "no operand" 2 'drain takes SERVICE/CANDIDATE' drain
says "a service alone" 2 'ready takes SERVICE/CANDIDATE' ready dm
says "an operand too many" 2 'maint takes no "dm/site-2"' maint dm/site-1 dm/site-2
says "a candidate for off" 2 'off takes a service' off dm/site-1
says "a wrong level" 9 'no level loud; there are: error, warn, info, debug' log loud
says "no level" 2 'log takes a level: error, warn, info, debug' log
says "reload takes nothing" 2 'reload takes nothing more' reload now
says "--follow is for events" 2 'only events takes --follow' check --follow
says "an empty name" 9 'no candidate  in dm' drain dm/
says "a name that is no text" 9 'names are UTF-8' drain $'dm/\377'
same "and a wrong word changes nothing" 3 "$("$CTL" -t "$TABLE" status --json | jq '[.. | .operator? | select(. == "ready")] | length')"
same "an unknown command, from another client" 'no command dance; there are: drain, maint, ready, off, on, check, events, log, reload' \
	"$(echo '{"version":1,"command":"dance"}' | nc -N -U "$WORK/control" | jq -r .error.text)"
same "a candidate where none belongs" 'off takes a service, or nothing' \
	"$(echo '{"version":1,"command":"off","service":"dm","candidate":"x"}' | nc -N -U "$WORK/control" | jq -r .error.text)"

# ------------------------------------------------------------------------------------- drain, maint, ready; and a running client

# One process, from here to the end: for each line that it reads it connects to the first site, and says which site answered.
coproc CLIENT {
	with /usr/bin/python3 -u -c '
import socket, sys
for line in sys.stdin:
    try:
        with socket.create_connection((sys.argv[1], int(sys.argv[2])), 5) as s:
            s.sendall(b"GET / HTTP/1.0\r\n\r\n")
            print(b"".join(iter(lambda: s.recv(4096), b"")).split()[-1].decode())
    except OSError as error:
        print(error.strerror)
' "${SITE[1]}" "$HTTP" 2>&1
}
# shellcheck disable=SC2153 # coproc sets it
PID[client]=$CLIENT_PID
reaches() {
	local answer
	echo >&"${CLIENT[1]}"
	IFS= read -r -t 10 answer <&"${CLIENT[0]}" || answer="no answer"
	echo "$answer"
}

same "a client of the first site" site-1 "$(reaches)"
says "drain" 0 'dm/site-1 is drained: no new connections while a better one is usable' drain dm/site-1
check "drain: the table has it" operator_is site-1 drain
same "drain: a running client goes elsewhere" site-2 "$(reaches)"
check "drain: it is still checked" verdict_is site-1 up
moved() { "$CTL" -t "$TABLE" status --json | jq '.services[0].candidates[1].moved'; }
before=$(moved)
for _ in 1 2 3 4 5; do reaches > /dev/null; done
moved_more() { [ "$(moved)" -eq $((before + 5)) ]; }
check "drain: moved connections are counted where they go" wait_for 5 moved_more
check "drain: status shows them" grep -qE "site-2 .* $((before + 5)) +0$" <<< "$("$CTL" -t "$TABLE" status)"
says "drain of the last good one: a warning" 0 'all usable candidates of this service are drained, so connections still go to those' drain dm/site-2
same "drain of the last good one: clients still go there" site-1 "$(reaches)"
says "maint" 0 'dm/site-1 is in maintenance: no connections at all' maint dm/site-1
same "maint: a running client goes elsewhere" site-2 "$(reaches)"
says "maint of the last good one: a warning" 0 'no candidate of this service is usable now' maint dm/site-2
says "ready" 0 'dm/site-2 is ready, and up' ready dm/site-2
same "ready: a running client comes back" site-2 "$(reaches)"
ctl --table "$TABLE" drain --json dm/site-2
same "--json" 'true drain up 1' "$(jq -r '"\(.ok) \(.operator) \(.verdict) \(.usable)"' "$WORK/out")"
ctl --table "$TABLE" drain --json dm/nowhere
same "--json, refused" '9 false no-candidate' "$code $(jq -r '"\(.ok) \(.error.code)"' "$WORK/out")"

# ------------------------------------------------------------------------------------------------ they survive what happens

says "reload" 0 "$WORK/mpfailover.conf is in force: 1 services, 3 candidates" reload
check "a reload: maint stays" operator_is site-1 maint
check "a reload: drain stays" operator_is site-2 drain
stop daemon
daemon_answers
check "a restart: maint stays" operator_is site-1 maint
check "a restart: drain stays" operator_is site-2 drain
stop daemon KILL
daemon_answers
check "killed and restarted: maint stays" operator_is site-1 maint
says "killed and restarted: the socket is its own again" 0 'dm/site-1 is ready' ready dm/site-1
says "ready, the other one" 0 'dm/site-2 is ready' ready dm/site-2
same "ready: a running client comes back to the first" site-1 "$(reaches)"

# ------------------------------------------------------------------------------------------------------------ off and on

says "drain again" 0 'drained' drain dm/site-1
same "led" site-2 "$(reaches)"
says "off" 0 'everything is off: clients pass it through from their next connect on' off
same "off: a running client passes through" site-1 "$(reaches)"
stop daemon
daemon_answers
same "off: after a restart, too" site-1 "$(reaches)"
says "on, one service" 0 'dm is on, but everything is off still' on dm
says "on" 0 'everything is on: clients are led' on
same "on: a running client is led again" site-2 "$(reaches)"
says "off, one service" 0 'dm is off' off dm
same "off, one service: a running client passes through" site-1 "$(reaches)"
says "off, one service: a reload" 0 'in force' reload
same "off, one service: stays off" site-1 "$(reaches)"
says "on: it is told what stays off" 0 'these are off by themselves: dm' on
says "on, one service" 0 'dm is on: clients are led' on dm
same "on, one service: a running client is led again" site-2 "$(reaches)"
says "ready again" 0 'ready' ready dm/site-1

# ------------------------------------------------------------------------------------------------------- check, events, log

says "check, what is up" 0 'dm       site-1     success  passed' check dm/site-1
says "check, what is down" 1 'dm       site-3     failure  refused' check dm/site-3
ctl check --json
same "check, all" '1 site-1=success site-2=success site-3=failure' \
	"$code $(jq -r '[.checks[] | "\(.candidate)=\(.outcome)"] | sort | join(" ")' "$WORK/out")"
site_up 3
ctl check dm
check "check makes the verdict" verdicts_are site-3=up
site_down 3
"$CTL" -t "$TABLE" events --follow --json > "$WORK/followed" 2> /dev/null &
PID[follower]=$!
check "events --follow: the past first" wait_for 5 grep -q '"command":"check"\|"event":"operator"' "$WORK/followed"
check "events --follow: what comes" wait_for 5 grep -q '"candidate":"site-3".*"to":"down"' "$WORK/followed"
says "log" 0 "the log's level is debug" log debug
check "log debug: each check is logged" wait_for 5 log_says 'level=debug event=check .*candidate=site-1'
says "log info" 0 "the log's level is info" log info
check "events --follow: each act, and whose it was" wait_for 5 grep -q '"command":"log","log_level":"info","uid":'"$(id -u)" "$WORK/followed"
says "events" 0 'operator  dm/site-1 command=ready' events
cp "$WORK/mpfailover.conf" "$WORK/right.conf"
echo 'tabel = "x\y"' >> "$WORK/mpfailover.conf"
says "a faulty configuration" 9 'nothing has changed' reload
mv "$WORK/right.conf" "$WORK/mpfailover.conf"
messages() { sed -n 's/.* \(msg=".*tabel.*"\)$/\1/p' "$1" | tail -n 1; }
wait_for 5 grep -q 'msg=".*tabel' "$WORK/daemon.log"
ctl events
same "events: quoted as in the log" "$(messages "$WORK/daemon.log")" "$(messages "$WORK/out")"
check "events: quotes within quotes" grep -qF '\"tabel\"' "$WORK/out"
export CTL TABLE
for command in events "events --json" "events --follow" "events --follow --json" "check dm/site-1"; do
	code=0
	said=$(timeout 10 bash -c "\"\$CTL\" -t \"\$TABLE\" $command > /dev/full" 2>&1) || code=$?
	same "$command, on a full disk" "6 mpfailoverctl: standard output: No space left on device" "$code $said"
	code=0
	said=$(timeout 10 bash -c "\"\$CTL\" -t \"\$TABLE\" $command >&-" 2>&1) || code=$?
	same "$command, with standard output closed" "6 mpfailoverctl: standard output: Bad file descriptor" "$code $said"
done
check "the log has them, too" log_says "event=operator command=drain service=dm candidate=site-1 uid=$(id -u)"
ctl events --json
same "events --json: a line for each" "$(wc -l < "$WORK/out")" "$(jq -c . "$WORK/out" | wc -l)"
stop daemon
check "events --follow: ends with the daemon" wait_for 5 eval '! running follower'
wait "${PID[follower]}" 2> /dev/null
same "events --follow: and says so by its exit status" 4 $?
unset 'PID[follower]'

# ------------------------------------------------------------------------------------------------------------- permission

daemon_answers
as_nobody=(setpriv "--reuid=$NOBODY" "--regid=$NOBODY" --clear-groups)
if [ "$(id -u)" -eq 0 ] && "${as_nobody[@]}" true 2> /dev/null; then
	code=0
	"${as_nobody[@]}" "$CTL" -t "$TABLE" drain dm/site-1 > "$WORK/out" 2> "$WORK/err" || code=$?
	same "without permission" "8 mpfailoverctl: $WORK/control is for the user root and the group root; be one of them, or root" \
		"$code $(cat "$WORK/err")"
	check "without permission: status works" "${as_nobody[@]}" "$CTL" -t "$TABLE" status
	stop daemon
	sed -i "s|^control .*|control { socket = \"$WORK/sock\" group = \"adm\" }|" "$WORK/mpfailover.conf"
	daemon_answers
	same "control { group }" 'root adm 660' "$(stat -c '%U %G %a' "$WORK/sock")"
	check "a member of the group" setpriv "--reuid=$NOBODY" "--regid=$NOBODY" "--groups=$(getent group adm | cut -d: -f3)" \
		"$CTL" -t "$TABLE" check dm/site-1
	code=0
	"${as_nobody[@]}" "$CTL" -t "$TABLE" drain dm/site-1 > "$WORK/out" 2> "$WORK/err" || code=$?
	same "no member of the group" "8 mpfailoverctl: $WORK/sock is for the user root and the group adm; be one of them, or root" \
		"$code $(cat "$WORK/err")"
else
	skip "permission" "needs root, and another user"
fi

# ------------------------------------------------------------------------------------------- another daemon, and no socket

stop daemon
mkdir "$WORK/not-a-socket"
sed -i "s|^control .*|control { socket = \"$WORK/not-a-socket\" }|" "$WORK/mpfailover.conf"
daemon_start
check "the socket cannot be had: the log says so" wait_for 10 log_says "not-a-socket: File exists; mpfailoverctl can give no commands"
check "the socket cannot be had: it runs" wait_for 10 verdict_is site-1 up
says "the socket cannot be had: it is told" 4 'could not open a control socket' events
stop daemon

# -------------------------------------------------------------------------------------------------------------- completion

cat > "$WORK/mpfailover.conf" << CONF
table = "$TABLE"
uplink "isp-a" { interface = "lo" }
uplink "isp-b" { source = "127.0.0.1" }
service "dm" { ports = { 1 } candidate "london" { address = "${SITE[1]}" uplinks = { "isp-a", "isp-b" } } candidate "dublin" { address = "${SITE[2]}" } }
service "the \"other\" one" { ports = { 2 } candidate "no. 1" { address = "${SITE[1]}" } }
CONF
start daemon "$DAEMON" -c "$WORK/mpfailover.conf"
# complete_line WORD ...: what completion offers for the last one, typed as readline breaks it
complete_line() {
	# shellcheck disable=SC2016 # it is the inner shell that expands
	bash --norc -c '
		compopt() { :; } # there is no command line here
		. scripts/completion.bash
		ctl=$1
		shift
		COMP_LINE="$*" COMP_POINT=${#COMP_LINE} COMP_WORDS=("$ctl") COMP_CWORD=0 COMPREPLY=()
		shift
		for word; do
			while [[ $word = *@* ]]; do
				COMP_WORDS+=("${word%%@*}" @)
				word=${word#*@}
			done
			COMP_WORDS+=("$word")
		done
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_mpfailoverctl "$ctl"
		printf "%s\n" "${COMPREPLY[@]}"' bash "$CTL" mpfailoverctl "$@"
}
wait_for 10 verdict_is dublin down
same "completion: candidates" 'dm/london@isp-a dm/london@isp-b dm/dublin the\ \"other\"\ one/no.\ 1' \
	"$(complete_line -t "$TABLE" drain '' | paste -sd ' ')"
same "completion: what follows an @" 'isp-a isp-b' "$(complete_line -t "$TABLE" maint dm/london@i | paste -sd ' ')"
same "completion: services" 'dm the\ \"other\"\ one' "$(complete_line -t "$TABLE" off '' | paste -sd ' ')"
same "completion: both" 'dm dm/london@isp-a dm/london@isp-b dm/dublin' "$(complete_line -t "$TABLE" check d | paste -sd ' ')"
same "completion: levels" 'debug' "$(complete_line log d)"
same "completion: options" '--follow --json --socket --table --help' "$(complete_line events - | paste -sd ' ')"
check "completion: every command" [ "$(complete_line '' | wc -l)" -eq "$("$CTL" --help | grep -c '^  [a-z]')" ]
