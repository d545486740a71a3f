#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Users of this machine who mean no good: at the control socket, which is for a few, and at the report socket, which is for all.  The
# daemon goes on checking, answers who asks properly, and does not grow.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

readonly NOBODY=54321 # owns nothing on any machine
memory_kb() { sed -n 's/^RssAnon:[ \t]*\([0-9]*\) kB/\1/p' "/proc/${PID[daemon]}/status"; }
descriptors() { find "/proc/${PID[daemon]}/fd" -mindepth 1 | wc -l; }
ctl() { "$CTL" -t "$TABLE" "$@" > "$WORK/out" 2>&1; }
serves() { ctl check dm/site-2; }
checked_at() { "$CTL" -t "$TABLE" status --json | jq '.services[0].candidates[0].last_check.at'; }
checked_after() { [ "$(checked_at)" -gt "$1" ]; }
checks_on() { wait_for 10 checked_after "$(checked_at)"; }

site_up 1
site_up 2
site_up 3
write_conf
daemon_sees site-1=up site-2=up site-3=up
wait_for 10 serves
memory=$(memory_kb) descriptors=$(descriptors)

# ----------------------------------------------------------------------------------------------------- the control socket

cat > "$WORK/hostile.py" << 'PYTHON'
import random, resource, signal, socket, sys, time
what, work = sys.argv[1], sys.argv[2]
path = work + "/control"

def connect():
    s = socket.socket(socket.AF_UNIX)
    s.connect(path)
    s.settimeout(20)
    return s

def last_words(s):
    said = b""
    try:
        while part := s.recv(65536):
            said += part
    except ConnectionError:
        pass
    return said.decode()

def send(s, text):
    try:
        s.sendall(text)
    except ConnectionError:
        pass

if what == "slow":  # a request that never comes to its end
    s, start = connect(), time.monotonic()
    open(work + "/slow", "w").close()
    s.settimeout(0.2)
    while True:
        try:
            s.sendall(b" ")
            if not s.recv(100):
                break
        except TimeoutError:
            continue
        except ConnectionError:
            break
    print(round(time.monotonic() - start))
elif what == "garbage":
    random.seed(5)
    for _ in range(300):
        s = connect()
        send(s, random.randbytes(random.randrange(1, 6000)) + b"\n")
        last_words(s)
        s.close()
elif what == "huge":
    s = connect()
    send(s, b"[" * (8 << 20))
    print(last_words(s)[:200])
elif what == "deep":
    s = connect()
    send(s, b"[" * 4000 + b"\n")
    print(last_words(s)[:200])
elif what == "many":
    resource.setrlimit(resource.RLIMIT_NOFILE, (1100, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    taken = []
    for _ in range(1000):
        taken.append(connect())
    open(work + "/many", "w").close()
    signal.pause()
elif what == "report":  # noise, and what looks like a report
    with open(work + "/table", "rb") as table:
        magic = table.read(4)
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.setblocking(False)
    s.connect(work + "/report")
    random.seed(5)
    end, sent = time.monotonic() + 2, 0
    generation = int(sys.argv[3]).to_bytes(4, sys.byteorder)
    while time.monotonic() < end:
        kind = random.randrange(4)
        if kind == 0:
            text = random.randbytes(random.randrange(0, 300))
        elif kind == 1:
            text = magic + random.randbytes(20)
        else:  # one that the daemon must take for true
            text = b"".join(n.to_bytes(4, sys.byteorder) for n in (1, )) + generation
            text = magic + text + random.randrange(3).to_bytes(4, sys.byteorder) + bytes(8)
        try:
            s.send(text)
            sent += 1
        except BlockingIOError:
            time.sleep(0.0005)
    print(sent)
PYTHON
hostile() { /usr/bin/python3 "$WORK/hostile.py" "$1" "$WORK" "${@:2}"; }

start slow hostile slow
check "slow: there is one" wait_for 10 [ -e "$WORK/slow" ]
check "slow: others are served" serves
check "garbage, 300 times" hostile garbage
check "garbage: others are served" serves
hostile huge > "$WORK/huge"
check "a huge line: is told why it is refused" grep -q 'a request is longer than 4096 bytes' "$WORK/huge"
hostile deep > "$WORK/deep"
check "brackets without end: are no request" grep -q 'not a JSON object' "$WORK/deep"

start many /usr/bin/python3 "$WORK/hostile.py" many "$WORK"
check "1,000 connections: they can be made" wait_for 20 [ -e "$WORK/many" ]
check "1,000 connections: the daemon has kept few of them" [ "$(descriptors)" -le $((descriptors + 40)) ]
refused() { ! ctl check dm/site-2 && grep -q 'too many clients at once; try again later' "$WORK/out"; }
check "1,000 connections: who comes now is told why it is refused" refused
check "1,000 connections: status needs nobody" "$CTL" -t "$TABLE" status
site_down 1
check "1,000 connections: a dead site is seen all the same" verdicts_are site-1=down site-2=up
same "1,000 connections: and clients are led past it" site-2 "$(WITH=with fetch curl "${SITE[1]}")"
site_up 1
verdicts_are site-1=up
stop many KILL
check "1,000 connections: when they have gone, others are served" wait_for 10 serves

# ------------------------------------------------------------------------------------------------------ the report socket

as_anybody=()
if setpriv "--reuid=$NOBODY" "--regid=$NOBODY" --clear-groups true 2> /dev/null; then
	as_anybody=(setpriv "--reuid=$NOBODY" "--regid=$NOBODY" --clear-groups)
fi
generation=$("$CTL" -t "$TABLE" status --json | jq .configuration.generation)
verdicts=$(grep -c event=verdict "$WORK/daemon.log")
start report "${as_anybody[@]}" /usr/bin/python3 "$WORK/hostile.py" report "$WORK" "$generation"
check "reports that lie: checks go on" checks_on
for _ in 1 2 3 4 5; do WITH=with fetch curl "${SITE[1]}"; done > "$WORK/fetched" 2>&1
check "reports that lie: clients are served" [ "$(grep -c '^site-' "$WORK/fetched")" -eq 5 ]
check "reports that lie: and so are operators" serves
wait "${PID[report]}"
unset "PID[report]"
echo "reports sent: $(cat "$WORK/report.log")"
check "reports that lie: there were many" [ "$(cat "$WORK/report.log")" -gt 1000 ]
same "reports that lie: no verdict has changed" "$verdicts" "$(grep -c event=verdict "$WORK/daemon.log")"
no_doubt() { "$CTL" -t "$TABLE" status --json | jq -e '.services[0].candidates | all(.doubted | not)'; }
check "reports that lie: nothing stays in doubt" wait_for 10 no_doubt

# ------------------------------------------------------------------------------------------------------------- afterwards

wait "${PID[slow]}"
unset "PID[slow]"
check "slow: is dropped after ten seconds ($(cat "$WORK/slow.log"))" [ "$(cat "$WORK/slow.log")" -ge 9 ]
echo "the daemon: $memory kB, then $(memory_kb) kB; $descriptors descriptors, then $(descriptors)"
# A thousand clients at once need a few kB each, and malloc() keeps some of that.
check "the daemon has not grown" [ "$(memory_kb)" -le $((memory + 6144)) ]
few_descriptors() { [ "$(descriptors)" -le $((descriptors + 2)) ]; }
check "the daemon has no more descriptors than before" wait_for 10 few_descriptors
check "and ends as it should" stop daemon
