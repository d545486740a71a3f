#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Reloads of what is wrong: nothing changes, and file and line are in the log and in the answer of `reload`.  And of what is right:
# verdicts are kept by what identifies a candidate, and clients go by the new file at their next connect.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

mkdir "$WORK/etc"
cp -r tests/conf/. "$WORK/etc"
readonly CONF=$WORK/etc/mpfailover.conf

# Makes the usual configuration that, with what is read behind it.
put() {
	write_conf
	cat "$WORK/mpfailover.conf" - > "$CONF"
}
state() {
	"$CTL" -t "$TABLE" status --json |
		jq -c '[.configuration.generation, [.services[] | .name, (.candidates[] | .name, .address, .verdict, .operator, .since)]]'
}

site_up 2
put < /dev/null
start daemon "$DAEMON" -c "$CONF" -t "$TABLE"
check "the daemon runs" verdicts_are site-1=down site-2=up site-3=down
"$CTL" -t "$TABLE" drain dm/site-3 > "$WORK/out"
before=$(state)

# refused FILE: by reload, with the place and the words that its first comment expects (up to another place that it may name), in the
# answer and in the log
refused() {
	local expected place=$CONF status=0
	expected=$(sed -nE '0,/expect:/ s/^.*expect: *(.*)$/\1/p' "$1")
	case $expected in
	[0-9]*) expected=:$expected ;;
	*) place=$WORK/etc/${expected%%:*} expected=:${expected#*:} ;;
	esac
	[ "$1" != tests/conf/bad-include-itself.conf ] || place=$WORK/etc/${1##*/}
	expected=$place${expected%%tests/conf*}
	cp "$1" "$CONF"
	: > "$WORK/daemon.log"
	"$CTL" -t "$TABLE" reload > "$WORK/out" 2> "$WORK/err" || status=$?
	[ $status -eq 9 ] && [ ! -s "$WORK/out" ] && grep -qF "mpfailoverctl: $expected" "$WORK/err" &&
		grep -q '; nothing has changed$' "$WORK/err" &&
		grep 'event=config' "$WORK/daemon.log" | sed 's/\\//g' | grep -qF "${expected//\\/}" &&
		[ "$(state)" = "$before" ] && return
	echo "wanted $expected, got $status and $(cat "$WORK/out" "$WORK/err" "$WORK/daemon.log")"
	return 1
}

found=0
for file in tests/conf/bad-*.conf; do
	check "${file##*/}" refused "$file"
	found=$((found + 1))
done
check "at least 12 of them" [ $found -ge 12 ]
# What a parser could leave behind: how deep it is in includes, or in a string.
for ((i = 0; i < 4; i++)); do
	for file in tests/conf/bad-include-*.conf tests/conf/bad-unclosed-*.conf; do
		refused "$file" || break 2
	done
done
check "over and over" [ "$i" -eq 4 ]
rm "$CONF"
status=0
"$CTL" -t "$TABLE" reload --json > "$WORK/out" 2> "$WORK/err" || status=$?
same "no file at all" "9 false configuration" "$status $(jq -r '"\(.ok) \(.error.code)"' "$WORK/out")"
kill -HUP "${PID[daemon]}"
check "no file at all, SIGHUP: the log" wait_for 5 grep -q "level=error event=config .*$CONF" "$WORK/daemon.log"
same "nothing has changed" "$before" "$(state)"

# ------------------------------------------------------------------------------------------------------- and what is right

echo 'timing "slow" { interval = "3s" }' > "$WORK/etc/more.conf"
put <<< 'include "more.conf"'
check "an include, after all that" "$CTL" -t "$TABLE" reload
check "verdicts and operators stay" [ "$(state | jq -c '.[1]')" = "$(jq -c '.[1]' <<< "$before")" ]
same "a client goes where it did" site-2 "$(WITH=with fetch curl "${SITE[1]}")"
put < /dev/null
sed -i "s/\"site-3\"/\"leeds\"/; s/candidate \"site-1\".*//" "$CONF"
check "candidates go and come" "$CTL" -t "$TABLE" reload
check "what stays has its verdict, what is new is tried" verdicts_are site-2=up leeds=down
same "what is new is no operator's" ready "$("$CTL" -t "$TABLE" status --json | jq -r '.services[0].candidates[1].operator')"
status=0
WITH=with fetch curl "${SITE[1]}" 2> "$WORK/err" || status=$?
same "a client's address that is no longer ours passes through" 7 "$status"
sed -i "s|^table = .*|table = \"$WORK/other\"|; s|^control .*|control { socket = \"$WORK/elsewhere\" }|" "$CONF"
"$CTL" -t "$TABLE" reload 2> "$WORK/err"
check "what waits for the next start: the socket" grep -q 'warning: another control socket takes effect at the next start' "$WORK/err"
stop daemon
start daemon "$DAEMON" -c "$CONF"
check "the next start: the table" wait_for 5 [ -e "$WORK/other" ]
sed -i "s|^table = .*|table = \"$TABLE\"|" "$CONF"
check "what waits for the next start: the table" eval \
	"wait_for 5 '$CTL' -s '$WORK/elsewhere' reload && grep -q 'another table takes effect at the next start' '$WORK/daemon.log'"
