#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Candidates from DNS, while that is dead, starts, changes its mind, stops, and lies.  Needs a network and an /etc/resolv.conf of
# its own.
if [ -z "${OWN_NETWORK-}" ]; then
	export OWN_NETWORK=1
	for spaces in -nm -Urnm; do
		! unshare $spaces true 2> /dev/null || exec unshare $spaces -- bash "$0" "$@"
	done
	echo "skip dns: namespaces cannot be made"
	exit
fi
# The daemon with sanitizers, where that was to be built.
sanitized=${B:-build}/asan
[ ! -e "$sanitized" ] || DAEMON=$(realpath "$sanitized")/mpfailoverd
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

readonly ONLY=only.mpfailover.example IMPOSTOR=${SITE[0]}
: > "$WORK/resolv.conf"
mount --bind "$WORK/resolv.conf" /etc/resolv.conf || exit 2

# zone ADDRESS ...: what both names are answered with from now on
zone() {
	local address
	for address; do
		printf '%s %s\n' "$address" "$NAME" "$address" "$ONLY"
	done > "$WORK/zone"
	! running dns || kill -HUP "${PID[dns]}"
}
# dns_at ADDRESS: that is who is asked from now on
dns_at() {
	DNS=$1
	echo "nameserver $DNS" > "$WORK/resolv.conf"
}
dns_start() {
	start dns dnsmasq --conf-file=/dev/null --no-daemon --user= --group= --pid-file= --listen-address="$DNS" \
		--bind-interfaces --no-resolv --no-hosts --addn-hosts="$WORK/zone" --local=/example/ --local-ttl=1 \
		--log-queries --log-facility=-
}

# Two services: one whose candidates are from DNS alone, and one that has another one in the file, but prefers DNS.
write_dns_conf() {
	cat > "$WORK/mpfailover.conf" << END
table = "$TABLE"
control { socket = "$WORK/control" }
check "page" { type = https  status = "200"  port = $HTTPS  ca-file = "$WORK/ca.pem"  host = "$NAME"  cert-warn = "0s" }
timing "quick" { interval = "1s"  fast = "50ms"  down = "200ms"  timeout = "1s"  rise = 1  hold-up = "0s" }
service "mixed" {
	hosts = { "$NAME", "*.$NAME" }  ports = { $HTTPS }  check = "page"  timing = "quick"  prefer = dns
	candidate "fixed" { address = "${SITE[3]}" }
	candidate "dns" { address = "@dns" }
}
service "only" {
	hosts = { "$ONLY" }  ports = { $HTTP }  check = "page"  timing = "quick"
	candidate "dns" { address = "@dns" }
}
END
}

# How the candidates of a service stand: "ADDRESS:ORIGIN:VERDICT ..." in order
stand() {
	"$CTL" -t "$TABLE" status --json | jq -r --arg service "$1" '[.services[] | select(.name == $service).candidates[] |
		"\(.address):\(.origin):\(.verdict)"] | join(" ")'
}
stands() { [ "$(stand "$1")" = "$2" ]; }
# becomes NAME SERVICE STATE: within a few seconds
becomes() {
	if wait_for 8 stands "$2" "$3"; then ok "$1"; else not_ok "$1" "it is <$(stand "$2")>, not <$3>"; fi
}

# Fetch by name without a pause: a line for each page, or what went wrong.
fetch_mixed() { with curl -sS --max-time 10 --cacert "$WORK/ca.pem" "https://$NAME:$HTTPS/"; }
fetch_only() { with timeout 10 "$CLIENTS/fetch" getaddrinfo "$ONLY" "$HTTP"; }
fetch_on() {
	until [ -e "$WORK/enough" ]; do
		"fetch_$1" 2>&1 || echo "failed"
		while [ -e "$WORK/pause" ]; do
			touch "$WORK/paused-$1"
			sleep 0.01
		done
	done
}
# between_requests COMMAND [ARG ...]: what a server is answering when it dies is lost, whoever has connected it
between_requests() {
	rm -f "$WORK"/paused-*
	touch "$WORK/pause"
	wait_for 10 [ -e "$WORK/paused-mixed" ] && wait_for 10 [ -e "$WORK/paused-only" ]
	"$@"
	rm "$WORK/pause"
}
fetched() { [ "$(tail -n 1 "$WORK/$1.log")" = "$2" ]; }
# page NAME SITE: both names lead there by now
page() { check "$1" wait_for 5 eval "fetched mixed $2 && fetched only ${3-$2}"; }

make_certificates
for i in 1 2 3; do
	site_up "$i"
done
write_dns_conf

# -------------------------------------------------------------------------------------------------------- dead at the start

# One that is silent, not one that is not there: nobody reads from that socket.
dns_at 127.0.0.53
start silent python3 -c '
import signal, socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.53", 53))
signal.pause()'
wait_for 10 eval 'ss -Huln src 127.0.0.53:53 | grep -q .' || exit 2
began=$EPOCHREALTIME
daemon_sees fixed=up
took_ms=$(((${EPOCHREALTIME/./} - ${began/./}) / 1000))
check "DNS is dead at the start: nothing waits for it ($took_ms ms)" [ $took_ms -lt 4000 ]
same "DNS is dead at the start: the file is there" "${SITE[3]}:file:up" "$(stand mixed)"
loaded_twice() { [ "$(grep -c event=loaded "$WORK/daemon.log")" -eq 2 ]; }
kill -HUP "${PID[daemon]}"
check "DNS is dead at the start: it can be reloaded" wait_for 5 loaded_twice
stop daemon
same "DNS is dead at the start: it can end" 0 $?
daemon_start
check "DNS is dead at the start: the log says so" wait_for 20 grep -q "event=dns .*host=$ONLY error=" "$WORK/daemon.log"

# ----------------------------------------------------------------------------------------------------------------- it starts

# Another server than before.
stop silent
dns_at 127.0.0.54
zone "${SITE[1]}"
dns_start
becomes "DNS answers" mixed "${SITE[1]}:dns:up ${SITE[3]}:file:up"
becomes "DNS answers, where there is nothing else" only "${SITE[1]}:dns:up"
start mixed fetch_on mixed
start only fetch_on only
page "what DNS answers is preferred" site-1

# ------------------------------------------------------------------------------------------------------ it changes its mind

zone "${SITE[2]}"
becomes "another answer" mixed "${SITE[2]}:dns:up ${SITE[3]}:file:up ${SITE[1]}:dns-kept:up"
becomes "another answer, where there is nothing else" only "${SITE[2]}:dns:up ${SITE[1]}:dns-kept:up"
page "another answer is preferred" site-2
check "status tells people, too" grep -qE "^mixed +dns:${SITE[1]} .* dns-kept( |$)" <<< "$("$CTL" -t "$TABLE" status)"

# ----------------------------------------------------------------------------------------------------------------- it stops

asked() { grep -c "query.* $NAME " "$WORK/dns.log"; }
asked_more_than() { [ "$(asked)" -gt "$1" ]; }
before=$(asked) began=${EPOCHREALTIME/./}
check "it is asked again when its time is over" wait_for 5 asked_more_than $((before + 3))
took_ms=$(((${EPOCHREALTIME/./} - began) / 1000))
check "and no sooner: for IPv4 and IPv6 twice in $took_ms ms" [ $took_ms -gt 900 ]
stop dns
same "DNS stops: what it said last counts" "${SITE[2]}:dns:up ${SITE[3]}:file:up ${SITE[1]}:dns-kept:up" "$(stand mixed)"
between_requests site_down 2
becomes "DNS stops, and its site dies" mixed "${SITE[2]}:dns:down ${SITE[3]}:file:up ${SITE[1]}:dns-kept:up"
page "DNS stops, and its site dies: the others take over" site-3 site-1
stop daemon
daemon_start
becomes "and a new daemon knows all that" only "${SITE[2]}:dns:down ${SITE[1]}:dns-kept:up"
site_up 2
page "and the site comes back" site-2

# ------------------------------------------------------------------------------------------------------------------ it lies

zone "$IMPOSTOR"
dns_start
becomes "DNS lies: a dead address" only "$IMPOSTOR:dns:down ${SITE[2]}:dns-kept:up ${SITE[1]}:dns-kept:up"
cp "$WORK/site.pem" "$WORK/good.pem"
cp "$WORK/site.key" "$WORK/good.key"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj "/CN=$NAME" \
	-keyout "$WORK/site.key" -out "$WORK/site.pem" 2> "$WORK/openssl.log"
site_up 0
reason() { "$CTL" -t "$TABLE" status --json | jq -r '.services[] | select(.name == "only").candidates[0].last_check.reason.text'; }
check "DNS lies: an impostor is seen through" wait_for 5 eval 'reason | grep -q "^certificate"'
same "DNS lies: it gets nothing" "$IMPOSTOR:dns:down ${SITE[3]}:file:up" "$(stand mixed | cut -d ' ' -f 1,2)"
site_down 0
cp "$WORK/good.pem" "$WORK/site.pem"
cp "$WORK/good.key" "$WORK/site.key"
zone "${SITE[1]}" "${SITE[2]}"
becomes "DNS tells the truth again" mixed "${SITE[2]}:dns:up ${SITE[1]}:dns:up ${SITE[3]}:file:up $IMPOSTOR:dns-kept:down"

# ------------------------------------------------------------------------------------------------------------- nobody noticed

touch "$WORK/enough"
for service in mixed only; do
	wait "${PID[$service]}"
	unset "PID[$service]"
	sort "$WORK/$service.log" | uniq -c
	same "$service: no request failed" "" "$(grep -vxE 'site-[123]' "$WORK/$service.log" | head -n 3)"
	check "$service: they were made all the time" [ "$(wc -l < "$WORK/$service.log")" -gt 100 ]
done
stop daemon
same "the daemon ends cleanly" 0 $?
check "and the sanitizers have nothing to say" eval "! grep -E -A 40 'Sanitizer|runtime error' '$WORK/daemon.log'"
