#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What anybody can do to the listener of the metrics section delays no check and takes no more than so much memory: 200 scrapers,
# slow readers, 10,000 half-open connections and garbage at once, beside 400 checks a second.  A second daemon, which nobody
# asks anything, tells what this machine would have done to its checks anyway.
# runs alone
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"
readonly LATE=0.05 FLOOD_S=${FLOOD_S:-4} MEMORY_KIB=65536 DESCRIPTORS=800
declare -A PORT=()
read -r "PORT[daemon]" "PORT[beside]" < <(free_ports 2 127.0.0.1)

# One server for the whole of 127.0.0.0/8.
cat > "$WORK/all.conf" << END
$([ "$(id -u)" -ne 0 ] || echo "user root root;")
daemon off;
master_process off;
pid $WORK/all.pid;
error_log $WORK/all.error;
events { worker_connections 4000; }
stream { server { listen 0.0.0.0:$HTTP; return ""; } }
END
[ ! -e /usr/lib/nginx/modules/ngx_stream_module.so ] ||
	sed -i '1i load_module /usr/lib/nginx/modules/ngx_stream_module.so;' "$WORK/all.conf"
start all nginx -e "$WORK/all.error" -c "$WORK/all.conf" -p "$WORK"

# conf NAME NET: 100 candidates
conf() {
	local i j
	cat << END
table = "$WORK/$1/table"
metrics { listen = "127.0.0.1:${PORT[$1]}" }
timing "often" { interval = "250ms" fast = "100ms" down = "250ms" timeout = "250ms" hold-up = "0s" }
END
	for i in {1..10}; do
		echo "service \"service-$i\" { ports = { $HTTP } timing = \"often\""
		for j in {1..10}; do
			echo "candidate \"candidate-$j\" { address = \"127.$2.$i.$j\" }"
		done
		echo '}'
	done
}
all_up() { [ "$("$CTL" -t "$WORK/$1/table" status --json | jq '[.services[].candidates[] | select(.verdict == "up")] | length')" -eq 100 ]; }
net=0
for name in daemon beside; do
	conf $name $((++net)) > "$WORK/$name.conf"
	start $name "$DAEMON" -c "$WORK/$name.conf"
	check "$name: 100 candidates are up" wait_for 20 all_up $name
done

figures() { curl -s --max-time 5 "http://127.0.0.1:${PORT[$1]}/metrics" > "$WORK/$1.figures" && [ -s "$WORK/$1.figures" ]; }
look() { wait_for 20 figures daemon && wait_for 20 figures beside; }
# checks NAME BOUND: that started no later than that, so far
checks() { sed -n "s/^mpfailover_check_start_delay_seconds_bucket{le=\"$2\"} //p" "$WORK/$1.figures"; }
late() { echo $(($(checks "$1" +Inf) - $(checks "$1" $LATE))); }
downs() { grep -c 'event=verdict.* to=down' "$WORK/daemon.log"; }

# One who asks for the status, as the page does, and wants an answer.
polite() {
	while sleep 0.3; do # as a scraper would
		curl -s -o /dev/null -w 'answer=%{http_code} after=%{time_total}\n' --max-time 5 "http://127.0.0.1:${PORT[daemon]}/status.json"
	done
}

# What is late here is late beside it, too, if it is the machine: then it is twice as late at most.
on_time() { [ "$late" -eq 0 ] || [ "$late" -le $((late_beside * 2)) ]; }
downs_before=$(downs)
for try in 1 2 3; do
	look || break
	late_before=$(late daemon) beside_before=$(late beside) checks_before=$(checks daemon +Inf)
	start polite polite
	nice -n 10 "$CLIENTS/flood_page" "${PORT[daemon]}" "$FLOOD_S" "${PID[daemon]}" > "$WORK/flood"
	stop polite || true
	look || break
	late=$(($(late daemon) - late_before)) late_beside=$(($(late beside) - beside_before))
	made=$(($(checks daemon +Inf) - checks_before))
	cat "$WORK/flood" "$WORK/polite.log"
	echo "try $try: $made checks, $late of them late by more than $LATE s; beside it $late_beside"
	! on_time || break
done
grep check_start_delay_seconds_bucket "$WORK/daemon.figures"
figure() { sed -n "s/.*\<$1=\([0-9]*\).*/\1/p" "$WORK/flood"; }
check "no check was late by more than $LATE s, but for those that the machine delayed" on_time
check "and there were many" [ "$made" -gt $((FLOOD_S * 200)) ]
same "nobody is thought dead" "$downs_before" "$(downs)"
check "it was a flood: scrapers" [ "$(figure scraped)" -gt 100 ]
check "it was a flood: half-open connections" [ "$(figure half_open)" -gt 5000 ]
check "it was a flood: garbage" [ "$(figure garbage)" -gt 20 ]
asked=$(wc -l < "$WORK/polite.log") answered=$(grep -c answer=200 "$WORK/polite.log")
echo "asked politely $asked times, answered $answered times"
check "who asks politely is answered, mostly" [ "$answered" -gt 0 -a "$answered" -ge $((asked * 2 / 3)) ]
check "memory: less than $MEMORY_KIB KiB" [ "$(figure anonymous_kib_max)" -lt $MEMORY_KIB ]
check "descriptors: less than $DESCRIPTORS" [ "$(figure descriptors_max)" -lt $DESCRIPTORS ]
few_connections() { [ "$(ss -Htn state established "sport = :${PORT[daemon]}" | wc -l)" -le 5 ]; }
check "afterwards nobody is left" wait_for 20 few_connections
check "and it answers" wait_for 5 figures daemon
