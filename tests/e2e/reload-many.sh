#!/bin/bash
# SPDX-License-Identifier: MIT
#
# 10,000 reloads (or RELOADS), under four clients that connect all the time: none fails, and nobody grows.  (An allocator takes a
# while to settle: what is a leak still grows after the first fifth.)
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"
readonly RELOADS=${RELOADS:-10000}

# Kilobytes of its own that a process has in memory, and its descriptors.
memory() { sed -n 's/^RssAnon:[ \t]*\([0-9]*\) kB/\1/p' "/proc/${PID[$1]}/status"; }
descriptors() { find "/proc/${PID[$1]}/fd" -mindepth 1 | wc -l; }

make_certificates || exit 2
site_up 2
site_up 3
write_conf
# Four configurations, one after the other: another order, a candidate less, another check, another service beside.
conf() {
	local order=(1 2 3)
	case $1 in
	1) order=(3 2 1) ;;
	2) order=(2 1) ;;
	esac
	sed '/candidate "site-/,$d' "$WORK/mpfailover.conf"
	candidates "${order[@]}"
	echo "}"
	case $1 in
	1) echo 'hook "none" { command = "exit 0" on = { uplink-down } }' ;;
	3) echo "check \"tls\" { type = https ca-file = \"$WORK/ca.pem\" host = \"$NAME\" }
		service \"more\" { hosts = { \"more.example\" } ports = { $HTTPS } check = \"tls\" $(candidates 2 3) }" ;;
	esac
}
for i in 0 1 2 3; do
	conf $i > "$WORK/conf.$i"
done
sed -i "s/ports = { $HTTP, $HTTPS }/ports = { $HTTP }/" "$WORK"/conf.?
cp "$WORK/conf.0" "$WORK/mpfailover.conf"
daemon_sees site-1=down site-2=up site-3=up
for i in 1 2 3 4; do
	start "client-$i" env LD_PRELOAD="$LIB" MPFAILOVER_TABLE="$TABLE" "$CLIENTS/hammer" "${SITE[$(((i & 1) + 1))]}" "$HTTP"
done

# reloads COUNT: one connection, one after the other; prints how many were answered with "ok"
reloads() {
	/usr/bin/python3 - "$WORK" "$1" << 'PYTHON'
import json, os, socket, sys
work, count, done = sys.argv[1], int(sys.argv[2]), 0
with socket.socket(socket.AF_UNIX) as s:
    s.connect(work + "/control")
    answers = s.makefile()
    for i in range(count):
        os.link("%s/conf.%d" % (work, i % 4), work + "/next")
        os.rename(work + "/next", work + "/mpfailover.conf")
        s.sendall(b'{"version":1,"command":"reload"}\n')
        done += json.loads(answers.readline())["ok"]
print(done)
PYTHON
}
first=$((RELOADS / 5))
same "the first reloads" "$first" "$(reloads $first)"
declare -A before=()
for name in daemon client-1 client-2 client-3 client-4; do
	before[$name]=$(memory "$name")
done
descriptors=$(descriptors daemon)
same "the other ones" "$((RELOADS - first))" "$(reloads $((RELOADS - first)))"
for name in daemon client-1 client-2 client-3 client-4; do
	after=$(memory "$name")
	echo "$name: ${before[$name]} kB after $first reloads, $after kB after $RELOADS"
	check "$name does not grow" [ "$after" -le $((before[$name] + 768)) ]
done
echo "descriptors of the daemon: $descriptors, then $(descriptors daemon)"
check "the daemon has no more descriptors than before" [ "$(descriptors daemon)" -le $((descriptors + 8)) ]

check "verdicts are right" verdicts_are site-2=up
for i in 1 2 3 4; do
	stop "client-$i"
	cat "$WORK/client-$i.log"
	check "client $i: none failed" grep -q ' failed=0 ' "$WORK/client-$i.log"
	check "client $i: it was busy" [ "$(sed -n 's/^fetched=\([0-9]*\) .*/\1/p' "$WORK/client-$i.log")" -gt 100 ]
done
