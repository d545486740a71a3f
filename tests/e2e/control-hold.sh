#!/bin/bash
# SPDX-License-Identifier: MIT
#
# When connections go back to a site that is up again: after hold-up, longer if it flaps, or when an operator says so.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

# field NAME FIELD: of a candidate, by the table
field() {
	"$CTL" -t "$TABLE" status --json |
		jq -er --arg name "$1" --arg field "$2" '[.. | objects | select(.name? == $name and has("verdict"))][0][$field]'
}
is_held() { [ "$(field "$1" verdict) $(field "$1" held)" = 'up true' ]; }
is_back() { [ "$(field "$1" verdict) $(field "$1" held)" = 'up false' ]; }
page() { WITH=with fetch curl "${SITE[1]}"; }
log_says() { grep -q -- "$1" "$WORK/daemon.log"; }

# Until which second it is held, less now.
held_for() { echo $(($(field "$1" held_until) - $(date +%s))); }

site_up 1
site_up 2
write_conf
sed -i 's/hold-up = "0s"/hold-up = "2s"/' "$WORK/mpfailover.conf"
daemon_sees site-1=up site-2=up

# ---------------------------------------------------------------------------------------------------------------- hold-up

site_down 1
verdicts_are site-1=down
site_up 1
check "up again: held" wait_for 5 is_held site-1
same "held: connections do not go back yet" site-2 "$(page)"
check "held: status says how long" grep -qE 'dm/site-1: held for another [12]s, unless you say: mpfailoverctl ready dm/site-1' \
	<<< "$("$CTL" -t "$TABLE" status)"
check "hold-up is over" wait_for 10 is_back site-1
same "hold-up is over: connections go back" site-1 "$(page)"
check "hold-up is over: the log says so" log_says 'event=failback service=dm candidate=site-1'

for times in 2 3 4; do
	site_down 1
	verdicts_are site-1=down
	site_up 1
	wait_for 5 is_held site-1
	echo "down $times times: held for $(held_for site-1) s"
done
check "flapping: hold-up has doubled each time" [ "$(held_for site-1)" -ge 13 ]
check "flapping: up to that, and no more" [ "$(held_for site-1)" -le 17 ]
changes=$(field site-1 changes_last_hour)
check "flapping: it can be seen how often" [ "$changes" -ge 8 ]
check "flapping: in status, too" grep -qE "site-1 .* $changes +[0-9]+ +[0-9]+$" <<< "$("$CTL" -t "$TABLE" status)"
same "flapping: connections stay where they are" site-2 "$(page)"
check "an operator trusts it" "$CTL" -t "$TABLE" ready dm/site-1
same "an operator trusts it: connections go back at once" site-1 "$(page)"
site_down 1
verdicts_are site-1=down
site_up 1
wait_for 5 is_held site-1
check "and the flapping is forgotten" [ "$(held_for site-1)" -le 3 ]

# ---------------------------------------------------------------------------------------------------------- failback = hold

sed -i 's/ports = /failback = hold ports = /' "$WORK/mpfailover.conf"
check "failback = hold" "$CTL" -t "$TABLE" reload
site_down 1
verdicts_are site-1=down
site_up 1
wait_for 5 is_held site-1
check "failback = hold: status says so" grep -qF 'dm/site-1: held until you say: mpfailoverctl ready dm/site-1' \
	<<< "$("$CTL" -t "$TABLE" status)"
same "failback = hold: no end is known" null "$("$CTL" -t "$TABLE" status --json | jq '.services[0].candidates[0].held_until')"
stop daemon
daemon_start
check "failback = hold: a restart" wait_for 5 "$CTL" -t "$TABLE" check dm/site-1
check "failback = hold: survives it" is_held site-1
same "failback = hold: connections do not go back" site-2 "$(page)"
check "failback = hold: an operator says so" "$CTL" -t "$TABLE" ready dm/site-1
same "failback = hold: connections go back" site-1 "$(page)"

site_down 1
verdicts_are site-1=down
site_up 1
wait_for 5 is_held site-1
site_down 2
verdicts_are site-2=down
same "held, and nothing better: connections go there all the same" site-1 "$(page)"
