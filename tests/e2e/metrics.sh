#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The metrics section: what is served and what is refused, names that would break a format, reloads from one address to another,
# a port that is taken, the history of a day, and Prometheus itself with the example alerts.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"
read -r PORT OTHER PROMETHEUS < <(free_ports 3 127.0.0.1)
readonly PORT OTHER PROMETHEUS
readonly BASE=http://127.0.0.1:$PORT

get() { curl -s --max-time 5 "$BASE/$1"; }
# status_of [OPTION ...] URL
status_of() { curl -s --max-time 5 -o "$WORK/body" -w '%{http_code}' "$@"; }
served() { [ "$(status_of "$1")" = 200 ]; }
log_says() { grep -qF -- "$1" "$WORK/daemon.log"; }
header() { curl -s --max-time 5 -D - -o /dev/null "$BASE/$1" | tr -d '\r' | sed -n "s/^$2: //p"; }

# conf LISTEN: "": no metrics
conf() {
	write_conf
	sed -i 's/interval = "1s"/interval = "200ms"/; s/timeout = "1s"/timeout = "200ms"/' "$WORK/mpfailover.conf"
	cat >> "$WORK/mpfailover.conf" << END
check "other" { type = tcp port = $HTTP }
service "quo\"ted \\\\ ünd {x=\"1\"}" {
	ports = { 9 }
	check = "other"
	candidate "<script>alert(1)<script>" { address = "${SITE[2]}" }
}
END
	[ -z "$1" ] || echo "metrics { listen = \"$1\" }" >> "$WORK/mpfailover.conf"
}
reload() {
	"$CTL" -t "$TABLE" reload > "$WORK/reload" 2>&1
	cat "$WORK/reload"
}

# ---------------------------------------------------------------------------------------------------------- a painted day

conf "127.0.0.1:$PORT"
same "-n has nothing against it" "$WORK/mpfailover.conf: 2 services, 4 candidates, ok" "$("$DAEMON" -c "$WORK/mpfailover.conf" -n 2>&1)"
printf 'site-3 down 20 10\nsite-2 out 10 5\n' | "$CLIENTS/paint_history" "$TABLE.history" "$WORK/mpfailover.conf"
for i in 1 2 3; do
	site_up $i
done
daemon_sees site-1=up site-2=up site-3=up
strip() { get history.json | jq -er --arg name "$1" '.candidates[] | select(.name == $name).strip'; }
has_day() { strip site-3 | grep -q 'd.*u$' && strip site-2 | grep -q 'o.*u$'; }
check "the day that was before is shown" wait_for 10 has_day
check "the history is the daemon's alone" [ "$(stat -c %a "$TABLE.history")" = 600 ]
size=$(stat -c %s "$TABLE.history")
echo "the history takes $size bytes"

# ------------------------------------------------------------------------------------------------------------ what is served

same "/metrics" 200 "$(status_of "$BASE/metrics")"
same "promtool has nothing against it" "" "$(get metrics | promtool check metrics 2>&1)"
check "a hostile service's name" grep -qF 'mpfailover_service_candidates{service="quo\"ted \\ ünd {x=\"1\"}"} 1' <(get metrics)
check "a hostile candidate's name" grep -qF 'candidate="<script>alert(1)<script>"' <(get metrics)
same "what it is" 'text/plain; version=0.0.4; charset=utf-8' "$(header metrics Content-Type)"
comparable='del(.at, .daemon.heartbeat_age_ms) | del(.. | .last_check?, .handshake_us?)'
same "/status.json is what mpfailoverctl says" "$("$CTL" -t "$TABLE" status --json | jq -S "$comparable")" \
	"$(get status.json | jq -S "$comparable")"
check "/events.json" [ "$(get events.json | jq '.events | map(select(.event == "verdict")) | length')" -ge 3 ]
same "the page" 200 "$(status_of "$BASE/")"
check "the page loads nothing" [ "$(get '' | grep -cE '(src|href)="?(https?:)?//')" -eq 0 ]
check "a policy that names what may run" grep -qE "^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-" <(header '' Content-Security-Policy)
same "no guessing of types" nosniff "$(header '' X-Content-Type-Options)"
tag=$(header '' ETag)
same "what a browser has already" 304 "$(status_of -H "If-None-Match: $tag" "$BASE/")"
for path in metrics status.json history.json events.json ''; do
	same "HEAD /$path" 200 "$(status_of -I "$BASE/$path")"
done
for method in POST PUT DELETE OPTIONS PATCH; do
	same "$method" 405 "$(status_of -X $method -d x "$BASE/status.json")"
done
same "elsewhere" 404 "$(status_of "$BASE/etc/passwd")"
same "up there" 404 "$(status_of --path-as-is "$BASE/../../etc/passwd")"
same "a name that is not ours" 421 "$(status_of -H 'Host: evil.example' "$BASE/")"
same "our name" 200 "$(status_of -H "Host: $(uname -n):$PORT" "$BASE/")"
same "localhost" 200 "$(status_of -H 'Host: localhost' "$BASE/")"
same "a header that is too long" 431 "$(status_of -H "X: $(head -c 20000 /dev/zero | tr '\0' x)" "$BASE/")"

# ------------------------------------------------------------------------------------------------------------------ reloads

conf "127.0.0.1:$OTHER"
reload
check "to another port" served "http://127.0.0.1:$OTHER/metrics"
same "and no more at the old one" 000 "$(status_of "$BASE/metrics")"
conf "0.0.0.0:$OTHER"
reload
check "to all addresses, at the same port" served "http://${SITE[1]}:$OTHER/metrics"
conf "127.0.0.1:$OTHER"
reload
check "and back" served "http://127.0.0.1:$OTHER/metrics"
same "to one of them only" 000 "$(status_of "http://${SITE[1]}:$OTHER/metrics")"
conf ""
reload
same "off" 000 "$(status_of "http://127.0.0.1:$OTHER/metrics")"
conf "[::1]:$PORT"
reload
check "IPv6" served "http://[::1]:$PORT/metrics"
conf "127.0.0.1:$HTTP"
sed -i "s/127.0.0.1:$HTTP/${SITE[1]}:$HTTP/" "$WORK/mpfailover.conf"
line=$(grep -n '^metrics' "$WORK/mpfailover.conf" | cut -d: -f1)
reload
check "a port that is taken: said with file and line" \
	grep -qF "$WORK/mpfailover.conf:$line: metrics: cannot listen on ${SITE[1]}:$HTTP: Address already in use" "$WORK/reload"
check "and nothing changes" served "http://[::1]:$PORT/metrics"
reload_failed() { curl -s "http://[::1]:$PORT/metrics" | grep -qx 'mpfailover_configuration_reload_failed 1'; }
check "and that is a figure" wait_for 5 reload_failed
conf "192.0.2.7:$PORT"
reload
check "an address of another machine" grep -qF "this machine has no such address" "$WORK/reload"
conf "127.0.0.1:$PORT"
reload
reload_went_well() { get metrics | grep -qx 'mpfailover_configuration_reload_failed 0'; }
check "and all is well again" wait_for 5 reload_went_well
check "the day has outlived all that" has_day

# ---------------------------------------------------------------------------------------------------------------- restarts

stop daemon KILL
daemon_start
check "it outlives the daemon, too" wait_for 10 has_day
same "and has not grown" "$size" "$(stat -c %s "$TABLE.history")"
stop daemon
: > "$WORK/daemon.log"
printf 'garbage' | dd of="$TABLE.history" conv=notrunc status=none
daemon_start
check "a damaged one is begun anew" wait_for 10 log_says "$TABLE.history is of another boot or version, or damaged: begun anew"
check "and kept" wait_for 10 strip site-3
stop daemon
: > "$WORK/daemon.log"
cp "$WORK/mpfailover.conf" "$WORK/good.conf"
sed -i "s/^metrics.*/metrics { listen = \"${SITE[1]}:$HTTP\" }/" "$WORK/mpfailover.conf"
daemon_start
ended=0
wait "${PID[daemon]}" || ended=$?
unset "PID[daemon]"
same "a port that is taken, at the start: it ends" 1 "$ended"
check "and leaves no socket behind" [ ! -e "$WORK/report" -a ! -e "$WORK/control" ]
check "and says where" log_says "$WORK/mpfailover.conf:$line: metrics: cannot listen on ${SITE[1]}:$HTTP: Address already in use; choose another port"
cp "$WORK/good.conf" "$WORK/mpfailover.conf"
daemon_sees site-1=up site-2=up site-3=up

# -------------------------------------------------------------------------------------------------------------- Prometheus

check "promtool has nothing against the alerts" promtool check rules conf/prometheus-alerts.yml
sed 's/for: .*/for: 200ms/' conf/prometheus-alerts.yml > "$WORK/alerts.yml"
cat > "$WORK/prometheus.yml" << END
global: { scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms }
rule_files: [ "$WORK/alerts.yml" ]
scrape_configs:
  - job_name: mpfailover
    static_configs: [ { targets: [ "127.0.0.1:$PORT" ] } ]
END
start prometheus prometheus --config.file="$WORK/prometheus.yml" --storage.tsdb.path="$WORK/tsdb" \
	--web.listen-address="127.0.0.1:$PROMETHEUS" --log.level=warn
query() { curl -s --max-time 5 "http://127.0.0.1:$PROMETHEUS/api/v1/$1"; }
scrapes() { query 'query?query=mpfailover_candidate_up' | jq -e '.data.result | length == 4'; }
fires() {
	query alerts | jq -e --arg name "$1" --arg candidate "${2-}" \
		'.data.alerts[] | select(.labels.alertname == $name and .state == "firing" and ($candidate == "" or .labels.candidate == $candidate))'
}
quiet() { query alerts | jq -e '[.data.alerts[] | select(.labels.alertname != "MpfailoverFlapping")] | length == 0'; }
check "Prometheus scrapes it" wait_for 20 scrapes
check "no alert fires" wait_for 20 quiet
site_down 3
check "one does for a dead candidate" wait_for 20 fires MpfailoverCandidateDown site-3
stop daemon KILL
check "and one for a dead daemon" wait_for 20 fires MpfailoverDead
tail -n 3 "$WORK/prometheus.log"
