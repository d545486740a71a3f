#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A local user who reports a living candidate as failed, without a pause: the checks go on as ever, no verdict changes, hardly a connection is
# moved, and a real failure is still found.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

readonly SECONDS_OF_IT=5
site_up 1
site_up 2
site_up 3
write_conf
start daemon "$DAEMON" -v -c "$WORK/mpfailover.conf" -t "$TABLE"
verdicts_are site-1=up site-2=up site-3=up || exit 2

as_nobody=(setpriv --reuid=65534 --clear-groups)
"${as_nobody[@]}" true 2> /dev/null || as_nobody=()

lines() { grep -c "event=$1 .*candidate=site-1 " "$WORK/daemon.log"; }
changes() { grep -c "event=verdict " "$WORK/daemon.log"; }
cpu_ticks() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/${PID[daemon]}/stat"; }

start flood ${as_nobody+"${as_nobody[@]}"} /usr/bin/python3 -B tests/clients/flood_reports.py "$TABLE" 0
wait_for 5 lines canary
checks=$(lines check) canaries=$(lines canary) changes=$(changes) ticks=$(cpu_ticks) began_s=$SECONDS
with "$CLIENTS/hammer" -i 5 -c $((SECONDS_OF_IT * 150)) "${SITE[1]}" "$HTTP" > "$WORK/hammer"
took_s=$((SECONDS - began_s)) # about
checks=$(($(lines check) - checks)) canaries=$(($(lines canary) - canaries)) ticks=$(($(cpu_ticks) - ticks))
cat "$WORK/hammer"
echo "# in $took_s s: $checks checks, $canaries canaries, $ticks ticks of CPU time"

check "the checks are not starved" [ $checks -ge $((took_s - 2)) ]
check "nor are there more of them" [ $checks -le $((took_s + 2)) ]
check "there is about one canary in each interval" [ $canaries -le $((took_s + 2)) ]
same "no verdict changes" "$changes" "$(changes)"
check "the daemon works little for it" [ $ticks -le $((took_s * $(getconf CLK_TCK) / 3)) ]
check "nothing fails" grep -q ' failed=0 ' "$WORK/hammer"
moved=$(grep -oE 'site-[23]=[0-9]+' "$WORK/hammer" | awk -F = '{ sum += $2 } END { print sum + 0 }')
check "few connections are moved" [ "$moved" -le $((SECONDS_OF_IT * 150 / 10)) ]

site_down 1
check "a real failure is found meanwhile" verdicts_are site-1=down
check "the flood was one" running flood
stop flood
check "a great one" [ "$(cat "$WORK/flood.log")" -gt 10000 ]
