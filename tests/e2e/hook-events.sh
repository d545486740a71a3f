#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Hooks run by the daemon: for which events, how often, with which facts; what one that hangs or fails does; and certificates that
# end.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

log_says() { grep -q -- "$1" "$WORK/daemon.log"; }
# What has been told so far, in one line.
told() { paste -sd '|' "$WORK/told"; }
told_is() { [ "$(told)" = "$1" ]; }
# tells NAME WHAT: that this, and nothing else, is told; within a while
tells() {
	wait_for 20 told_is "$2" > /dev/null
	same "$1" "$2" "$(told)"
}

# Keeps events and facts; waits for a file where there is one that says so.
cat > "$WORK/keep" << SHELL
#!/bin/sh
cat >> "$WORK/json"
echo "\$MPF_EVENT \$MPF_SERVICE\${MPF_CANDIDATE:+/\$MPF_CANDIDATE}" >> "$WORK/told"
SHELL
chmod 755 "$WORK/keep"
: > "$WORK/told"

site_up 1
site_up 2
site_up 3
write_conf
cat >> "$WORK/mpfailover.conf" << CONF
hook "keep" { command = "$WORK/keep" on = { down, up, all-down, cert-warn } }
hook "hang" { command = "trap '' TERM; echo \$\$ >> $WORK/hanging; sleep 1000; sleep 1000" on = { down } timeout = "300ms" }
hook "fail" { command = "echo out; echo err >&2; exit 7" on = { all-down } }
hook "none" { command = "/no/such/command" on = { all-down } }
CONF
daemon_sees site-1=up site-2=up site-3=up
same "a start is no news" '' "$(told)"

site_down 1
tells "down" 'down dm/site-1'
same "down: the facts" "down|dm|site-1|${SITE[1]}|$HTTP|refused|2|site-2|${SITE[2]}" \
	"$(jq -r '[.event, .service, .candidate, .address, .port, .reason, .usable, .instead, .instead_address] | join("|")' "$WORK/json")"
check "a hook that hangs: is ended" wait_for 20 log_says 'event=hook hook=hang on=down service=dm candidate=site-1 ended=timeout took_ms=\([3-9][0-9][0-9]\|[0-9]\{4,\}\)'
check "a hook that hangs: with all that it started" eval \
	"wait_for 20 eval '! kill -0 \$(head -n 1 $WORK/hanging) 2> /dev/null'"
check "a hook that hangs: the daemon does not" verdicts_are site-1=down site-2=up
site_up 1
tells "up" 'down dm/site-1|up dm/site-1'
: > "$WORK/told"

site_down 1
verdicts_are site-1=down
site_down 2
verdicts_are site-2=down
site_down 3
tells "all down" 'down dm/site-1|down dm/site-2|down dm/site-3|all-down dm'
check "one that fails: the log says how" wait_for 20 log_says 'level=warn event=hook hook=fail on=all-down service=dm ended=exit status=7'
check "one that fails: and what it said" eval "grep -qx out '$WORK/daemon.log' && grep -qx err '$WORK/daemon.log'"
check "one that is not there" wait_for 20 log_says 'event=hook hook=none on=all-down service=dm ended=exit status=127'
check "events has them" grep -q '"event":"hook","hook":"fail"' <<< "$("$CTL" -t "$TABLE" events --json)"
: > "$WORK/told"

site_up 2
tells "the first one is back" 'up dm/site-2'
check "maintenance, of the last one" "$CTL" -t "$TABLE" maint dm/site-2
tells "maintenance, of the last one: leaves none" 'up dm/site-2|all-down dm'
site_down 2
verdicts_are site-2=down
stop daemon
daemon_start
check "a restart" wait_for 20 "$CTL" -t "$TABLE" events
"$CTL" -t "$TABLE" check dm/site-2
same "neither what happens in maintenance nor a restart is news" 'up dm/site-2|all-down dm' "$(told)"
check "the end of maintenance" "$CTL" -t "$TABLE" ready dm/site-2
tells "is" 'up dm/site-2|all-down dm|down dm/site-2'

# A new configuration, with one under way.
: > "$WORK/hanging"
sed -i 's/timeout = "300ms"/timeout = "100s"/' "$WORK/mpfailover.conf"
"$CTL" -t "$TABLE" reload > /dev/null
site_up 2
verdicts_are site-2=up
site_down 2
check "one under way" wait_for 20 [ -s "$WORK/hanging" ]
sed -i '/^hook "hang"/d' "$WORK/mpfailover.conf"
check "leaves the configuration" "$CTL" -t "$TABLE" reload
check "and is ended" wait_for 20 log_says 'event=hook hook=hang .*ended=stopped'
stop daemon

# ------------------------------------------------------------------------------------------------------------ certificates

: > "$WORK/told"
: > "$WORK/daemon.log"
make_certificates || exit 2 # for a day
site_up 2
https="type = https path = \"/\" status = \"200\" port = $HTTPS ca-file = \"$WORK/ca.pem\""
sed -i "s|^check \"page\".*|check \"page\" { $https }|; s/candidate \"site-[13]\".*//" "$WORK/mpfailover.conf"
daemon_start
tells "a certificate that ends tomorrow" 'up dm/site-2|cert-warn dm/site-2'
check "the log, ahead of time" log_says 'level=warn event=cert-warn service=dm candidate=site-2 .* days_left=0'
check "status" grep -qE '^dm/site-2: its certificate ends in 23h' <<< "$("$CTL" -t "$TABLE" status)"
certificate() { "$CTL" -t "$TABLE" status --json | jq -r '.services[0].candidates[0] | "\(.certificate_warns)"'; }
same "status --json" true "$(certificate)"
check "it is up all the same" verdict_is site-2 up
"$CTL" -t "$TABLE" reload > /dev/null
"$CTL" -t "$TABLE" check > /dev/null
same "once" 'up dm/site-2|cert-warn dm/site-2' "$(told)"
sed -i 's/cert-warn = "0s" //; s/type = https/cert-warn = "0s" type = https/' "$WORK/mpfailover.conf"
"$CTL" -t "$TABLE" reload > /dev/null
certificate_is() { [ "$(certificate)" = "$1" ]; }
check "cert-warn = 0s: never" wait_for 20 certificate_is false
sed -i 's/cert-warn = "0s" /cert-warn = "1h" /' "$WORK/mpfailover.conf"
"$CTL" -t "$TABLE" reload > /dev/null
"$CTL" -t "$TABLE" check > /dev/null
check "cert-warn = 1h: not yet" certificate_is false
same "and nothing is told" 'up dm/site-2|cert-warn dm/site-2' "$(told)"
