#!/bin/bash
# SPDX-License-Identifier: MIT
#
# mpfailoverctl status: what it says of tables in every state, and its exit statuses.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

cat > "$WORK/mpfailover.conf" << END
uplink "isp-a" { source = "192.0.2.10" }
service "dm" {
	hosts = { "$NAME" }
	ports = { 443, 80 }
	candidate "london" { address = "192.0.2.80" uplink = "isp-a" }
	candidate "dublin" { address = "198.51.100.80" }
}
service "labels" {
	hosts = { "labels.$NAME" }
	ports = { 443 }
	when-stale = pass-through
	candidate "six" { address = "2001:db8::80" port = 9443 }
}
END

# shellcheck source=tests/e2e/ctl-paint.bash
. tests/e2e/ctl-paint.bash

# status [ARG ...]: into $out, $err and $code, with a fresh heartbeat
status() {
	paint beat 0
	look "$@"
}
look() {
	code=0
	out=$("$CTL" -t "$TABLE" status "$@" 2> "$WORK/err") || code=$?
	err=$(cat "$WORK/err")
}
row() { grep -E "^(dm|labels) +$1 " <<< "$out" | tr -s ' '; }

# ------------------------------------------------------------------------------------------------------------- verdicts

status
same "everything unknown: usable" "0" "$code"
same "a row of a candidate not yet tried" "dm london 192.0.2.80 unknown - - - isp-a" "$(row london)"
same "an address with a port of its own" "labels six [2001:db8::80]:9443 unknown - - - -" "$(row six)"

paint candidate dublin up reason=2,200 handshake=1240 since=7500 checked=1
paint candidate six up reason=1,0 since=59 checked=1
paint candidate london down reason=12,503 since=192 checked=1
status
case $(row london) in
"dm london 192.0.2.80 down 3m 1"[23]"s status 503, "[12]"s ago - isp-a") ok "a row of a dead candidate" ;;
*) not_ok "a row of a dead candidate" "$(row london)" ;;
esac
case $(row dublin) in
"dm dublin 198.51.100.80 up 2h 5m passed, "[12]"s ago 1.24 ms -") ok "a row of a live candidate" ;;
*) not_ok "a row of a live candidate" "$(row dublin)" ;;
esac
same "one usable candidate in each service: all is well" "0" "$code"

for words in doubted held drain maint; do
	paint candidate dublin "ready plain $words"
	status
	same "$words stands beside the verdict" "dm dublin 198.51.100.80 up, $words" "$(row dublin | cut -d' ' -f1-5)"
done
same "none usable in one service (down, maint): the exit status" "1" "$code"
check "and the words" grep -q '^dm: no candidate is usable: clients try those that are down' <<< "$out"
paint candidate dublin "ready plain up"

paint service labels off
paint uplink isp-a down
paint all off
status
check "all switched off" grep -q '^off .*all clients pass everything through' <<< "$out"
check "a service switched off" grep -q '^labels: off by an operator' <<< "$out"
check "an uplink down" grep -q '^uplink isp-a: down' <<< "$out"
paint service labels on
paint uplink isp-a up
paint all on

# ----------------------------------------------------------------------------------------------------------- the daemon

status
check "an alive daemon" grep -qE "^daemon   pid ${PID[paint]}, version [0-9.]+, heartbeat 0\.[0-9] s ago" <<< "$out"
paint beat 42500
look
same "a silent daemon: the exit status" "4" "$code"
check "and the words, for services that see it differently" \
	grep -qE "no heartbeat for 42s, though process ${PID[paint]} exists: .*pass 1 of 2 services through" <<< "$out"
paint beat 0

# ------------------------------------------------------------------------------------------------------------------ JSON

status --json
same "JSON parses" object "$(jq -r type <<< "$out")"
same "JSON: verdicts" "london down dublin up six up" \
	"$(jq -r '[.services[].candidates[] | .name, .verdict] | join(" ")' <<< "$out")"
same "JSON: the last check" '{"text":"status 503","code":12,"detail":503}' \
	"$(jq -c '.services[0].candidates[0].last_check.reason' <<< "$out")"
same "JSON: hosts, ports, uplink, port of its own" "[\"$NAME\"] [443,80] isp-a 9443" \
	"$(jq -rc '"\(.services[0].hosts) \(.services[0].ports) \(.services[0].candidates[0].uplink) \(.services[1].candidates[0].port)"' <<< "$out")"
same "JSON: the daemon" "true ${PID[paint]}" "$(jq -r '"\(.daemon.alive) \(.daemon.pid)"' <<< "$out")"

# ----------------------------------------------------------------------------------------------------------------- watch

# In a pipe: a block for each change, and for nothing else.
paint beat 0
start watch "$CTL" -t "$TABLE" status --json --watch
lines() { [ "$(wc -l < "$WORK/watch.log")" -ge "$1" ]; }
wait_for 5 lines 1
paint candidate dublin down
wait_for 5 lines 2
paint candidate dublin handshake=999
paint beat 0
paint candidate dublin up
wait_for 5 lines 3
stop watch
same "watching a pipe: one line for each change of verdict" "up down up" \
	"$(jq -r '.services[0].candidates[1].verdict' "$WORK/watch.log" | tr '\n' ' ' | sed 's/ $//')"

paint beat 0
mkfifo "$WORK/pipe"
"$CTL" -t "$TABLE" status --watch > "$WORK/pipe" 2> "$WORK/pipe.log" &
PID["pipe"]=$!
ended() { ! running pipe; }
check "watching a pipe: what it is" grep -q . <<< "$(head -n 1 < "$WORK/pipe")"
paint beat 0
check "watching ends when nobody reads" wait_for 10 ended
unset "PID[pipe]"

# On a terminal: q ends it, and the terminal is left as it was.
cat > "$WORK/terminal.py" << 'END'
import os, pty, select, sys, termios
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
before = None
seen = b""
while b"dublin" not in seen:
    if not select.select([fd], [], [], 10)[0]:
        sys.exit("nothing drawn: %r" % seen)
    seen += os.read(fd, 65536)
raw = termios.tcgetattr(fd)
os.write(fd, b"xq")
while True:
    try:
        data = os.read(fd, 65536)
    except OSError:
        break
    if not data:
        break
    seen += data
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
print(status, b"\x1b[?1049h" in seen, seen.rstrip().endswith(b"\x1b[?1049l"), b"\x1b[32mup\x1b[0m" in seen,
      bool(raw[3] & termios.ECHO))
END
paint beat 0
same "watching a terminal: drawn in colour, ended by q, the screen given back" "0 True True True False" \
	"$(TERM=xterm timeout 20 python3 "$WORK/terminal.py" "$CTL" -t "$TABLE" status --watch)"
paint beat 0
same "NO_COLOR" "0 True True False False" \
	"$(NO_COLOR=1 TERM=xterm timeout 20 python3 "$WORK/terminal.py" "$CTL" -t "$TABLE" status --watch)"

# drive WAIT SEND ... COMMAND: in a shell on a terminal, waits for each WAIT and then types what follows it; all that came is in
# $seen, on one line and with ^ for ESC
cat > "$WORK/drive.py" << 'END'
import os, pty, select, sys
pid, fd = pty.fork()
if pid == 0:
    os.execvp("bash", ["bash", "--norc", "-c", sys.argv[-1]])
seen, start = b"", 0
def more():
    global seen
    if not select.select([fd], [], [], 15)[0]:
        return False
    try:
        data = os.read(fd, 65536)
    except OSError:
        return False
    seen += data
    return bool(data)
for wait, send in zip(sys.argv[1:-1:2], sys.argv[2:-1:2]):
    while wait.encode() not in seen[start:]:
        if not more():
            break
    start = len(seen)
    os.write(fd, send.encode())
while more():
    pass
sys.stdout.buffer.write(seen.translate(bytes.maketrans(b"\x1b\r\n", b"^  ")))
END
drive() { seen=$(TERM=${TERMINAL-xterm} timeout 60 python3 "$WORK/drive.py" "$@"); }
# appears NAME PATTERN
appears() { if [[ $seen =~ $2 ]]; then ok "$1"; else not_ok "$1" "$seen"; fi; }
readonly WATCH="'$CTL' -t '$TABLE' status --watch" ENTER='\^\[\?1049h' LEAVE='\^\[\?1049l'
paint beat 0
drive dublin $'\x1a' stopped $'\n' dublin $'\x1c' "set -m; $WATCH; echo stopp''ed; read; fg; echo en''ded"
appears "watching a terminal: stopped, it gives the screen back" "$ENTER.*dublin.*$LEAVE.*stopped"
appears "watching a terminal: and draws again when it goes on" "stopped.*$ENTER.*dublin"
appears "watching a terminal: SIGQUIT gives the screen back" "stopped.*$ENTER.*$LEAVE *ended"
for TERMINAL in dumb ""; do
	paint beat 0
	drive dublin $'\x03' "trap : INT; $WATCH; echo en''ded"
	appears "a terminal that is \"$TERMINAL\": watched without drawing" '^at .*dublin.*ended'
	check "a terminal that is \"$TERMINAL\": no escape sequence" [ "${seen/^[[]/}" = "$seen" ] # but ^C
done

# ------------------------------------------------------------------------------------------------- output that goes nowhere

# unwritten NAME WHY COMMAND: exit status 6 and one line, which says why
unwritten() {
	local code=0 said
	said=$(timeout 10 bash -c "$3" 2>&1) || code=$?
	same "$1" "6 mpfailoverctl: standard output: $2" "$code $said"
}
export CTL TABLE
for command in -h -V status "status --help" "status --json" "status --watch" "status --watch --json" "export --help"; do
	paint beat 0
	unwritten "$command, on a full disk" "No space left on device" "\"\$CTL\" -t \"\$TABLE\" $command > /dev/full"
	unwritten "$command, with standard output closed" "Bad file descriptor" "\"\$CTL\" -t \"\$TABLE\" $command >&-"
done
paint beat 0
check "with all of them closed" [ "$("$CTL" -t "$TABLE" status <&- >&- 2>&-; echo $?)" = 6 ]

# ----------------------------------------------------------------------------------------- tables that are not believed

refused() { # NAME PATTERN
	look
	if [ "$code" = 3 ] && grep -qE "$2" <<< "$err" && [ -z "$out" ]; then ok "$1"; else not_ok "$1" "$code: $err"; fi
	look --json
	if [ "$code" = 3 ] && jq -e .error > /dev/null <<< "$out"; then ok "$1, as JSON"; else not_ok "$1, as JSON" "$code: $out"; fi
}
good=$TABLE
chmod g+w "$TABLE"
refused "a table that others may write" "writable by others: not trusted, clients ignore it; chmod go-w $TABLE"
chmod g-w "$TABLE"
status
same "trusted again" 0 "$code"

TABLE=$WORK/other
refused "no table" 'there is no table'
mkdir "$TABLE"
refused "a directory" 'not a regular file'
rmdir "$TABLE"
: > "$TABLE"
refused "an empty file" 'not a table'
head -c 100000 /dev/urandom > "$TABLE"
refused "random bytes" 'not a table'
head -c 20000 "$good" > "$TABLE"
refused "a table cut short" 'not a table'
cp "$good" "$TABLE"
printf '\2' | dd of="$TABLE" bs=1 seek=4 conv=notrunc status=none
refused "another version" 'another version than 1'
if [ "$(id -u)" -eq 0 ] && chown 65534 "$TABLE" 2> /dev/null; then
	cp "$good" "$TABLE"
	refused "someone else's table" 'owned by .*uid 65534.*: not trusted'
else
	skip "someone else's table" "not root"
fi
TABLE=$good

# ---------------------------------------------------------------------------------------------------- without the daemon

paint_end
look
same "after the daemon's end" "4" "$code"
check "its verdicts are still there" grep -qE '^dm +dublin .* up ' <<< "$out"
check "and the end is told" grep -qE '^daemon   ended .* ago' <<< "$out"

# ----------------------------------------------------------------------------------------------------------------- usage

usage_error() { # NAME WORDS ARG ...
	local name=$1 words=$2 code=0
	shift 2
	"$CTL" "$@" > /dev/null 2> "$WORK/err" || code=$?
	if [ $code = 2 ] && grep -q "$words" "$WORK/err"; then ok "$name"; else not_ok "$name" "$code: $(cat "$WORK/err")"; fi
}
usage_error "a wrong command is answered with those that exist" 'no command "statsu"; there are: status, explain' statsu
usage_error "no command" 'usage:'
usage_error "a wrong option" 'unrecognized option' status --jsno
usage_error "an argument too many" 'takes no "dm"' status dm
check "--help" grep -q '  status ' <<< "$("$CTL" --help)"
check "doctor --help: all that it takes" grep -qF -- 'doctor [-q] [--json] [-l LIBRARY] [COMMAND ... | PID]' <<< "$("$CTL" doctor --help)"
check "export --help: all that it takes" grep -qF -- 'export haproxy [-c FILE] [-b ADDRESS ...]' <<< "$("$CTL" export --help)"
check "status --help" grep -q '^usage: mpfailoverctl .* status' <<< "$("$CTL" status --help)"
check "--version" grep -qE '^mpfailoverctl [0-9]' <<< "$("$CTL" --version)"
same "the table of the environment" "4" "$(MPFAILOVER_TABLE=$TABLE "$CTL" status > /dev/null; echo $?)"
