#!/bin/bash
# SPDX-License-Identifier: MIT
#
# mpfailoverctl explain: it says what the library then does.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

cat > "$WORK/mpfailover.conf" << END
service "dm" {
	hosts = { "$NAME", "*.$NAME" }
	ports = { $HTTP, $HTTPS }
	stick = "0s"
	candidate "one" { address = "${SITE[1]}" }
	candidate "two" { address = "${SITE[2]}" }
	candidate "three" { address = "${SITE[3]}" }
}
service "tunnel" {
	hosts = { "tunnel.example" }
	ports = { 443 }
	when-stale = pass-through
	all-down = pass-through
	candidate "direct" { address = "127.0.0.1" }
	candidate "through" { address = "127.0.0.2" port = 9443 }
	candidate "six" { address = "::1" }
}
END

# shellcheck source=tests/e2e/ctl-paint.bash
. tests/e2e/ctl-paint.bash

# explain WANTED-STATUS PATTERN ARG ...
explain() {
	local wanted=$1 pattern=$2 code=0 out
	shift 2
	paint beat "${AGE:-0}"
	out=$("$CTL" -t "$TABLE" explain "$@" 2>&1) || code=$?
	if [ "$code" = "$wanted" ] && grep -qE -- "$pattern" <<< "$out"; then
		ok "explain $*: $pattern"
	else
		not_ok "explain $*" "wanted $wanted and $pattern, got $code and $(tr '\n' '|' <<< "$out")"
	fi
}

# ------------------------------------------------------------------------------------------------- what it says is done

for i in 1 2 3; do
	site_up $i
done

# agree NAME ARG ...: what explain says of the first address and of site 1's is where a client ends
agree() {
	local said_by_name said_by_address answered
	paint beat 0
	said_by_name=$("$CTL" -t "$TABLE" explain "$NAME" "$HTTP" | sed -nE 's/^connect.. to .*(goes to|stays).*/&/p')
	case $said_by_name in
	*"goes to "*) said_by_name=${said_by_name##*goes to } ;;
	*) said_by_name=${said_by_name#*to } said_by_name=${said_by_name%% *} ;;
	esac
	said_by_address=$("$CTL" -t "$TABLE" explain "${SITE[1]}" "$HTTP" | sed -nE 's/^  1  [a-z]+ +([^ ]+) .*/\1/p')
	answered=$(WITH=with fetch curl "$NAME")
	same "$1: by name" "site-$(number_of "$said_by_name")" "$answered"
	answered=$(WITH=with fetch curl "${SITE[1]}")
	same "$1: by the first one's address" "site-$(number_of "$said_by_address")" "$answered"
}
number_of() {
	local i
	for i in 1 2 3; do
		[ "$1" != "${SITE[$i]}:$HTTP" ] || echo $i
	done
}

agree "nothing known"
paint candidate two up
agree "the second is up"
paint candidate three up
paint candidate two doubted
agree "the second is doubted"
paint candidate three drain
agree "the third is drained"
paint candidate two "plain down"
paint candidate three maint
agree "the first is unknown, the others are down or in maintenance"
paint candidate one down
agree "all down, one in maintenance"
explain 1 'down.*tried when all others have failed' "$NAME"
explain 1 'three .* in maintenance: left out' "$NAME" "$HTTP"
paint candidate one up
agree "the first is up again"
explain 0 'stays there' "${SITE[1]}" "$HTTP"
explain 0 "goes to ${SITE[1]}:$HTTPS" "${SITE[2]}" "$HTTPS"

# ------------------------------------------------------------------------------------------------------------- not ours

explain 5 'no service has this host' www.example.org
explain 5 "there are: $NAME, \*.$NAME, tunnel.example" www.example.org
explain 5 "service dm has it, but for port $HTTP, $HTTPS and not 22" "$NAME" 22
explain 5 "service dm has it, but for port $HTTP, $HTTPS and not 22" "${SITE[2]}" 22
explain 5 'no service has a candidate with this address' 127.99.99.99 80
explain 5 'candidate through of service tunnel has it, but with a port of its own, 9443' 127.0.0.2 443
explain 0 "service dm" "X.Y.$NAME." "$HTTP"

# ------------------------------------------------------------------------------------------------------- the finer points

explain 0 'getaddrinfo\(\) answers without DNS: 127.0.0.1, ::1$' tunnel.example https
explain 0 'through +127.0.0.2:9443' tunnel.example 443
explain 0 '^  1  six ' ::1 443
explain 0 'six .*left out: of the other address family' 127.0.0.1 443
paint candidate direct down
paint candidate through down
explain 1 'connect\(\) to 127.0.0.1:443 passes through: nothing is usable' 127.0.0.1 443
explain 0 'answers without DNS: ::1, 127.0.0.1' tunnel.example 443
paint candidate six down
explain 1 'getaddrinfo\(\) asks libc: no candidate is usable' tunnel.example 443
paint candidate direct up

AGE=42500
explain 5 'passes through: no heartbeat of the daemon for 42s, and when-stale = pass-through' tunnel.example 443
explain 0 'note: no heartbeat of the daemon for 42s: these are its last verdicts' "$NAME" "$HTTP"
AGE=0
paint service tunnel off
explain 5 'an operator has turned this service off' tunnel.example 443
paint all off
explain 5 'an operator has turned everything off' "$NAME"
paint all on
MPFAILOVER_OFF=1 explain 0 'note: MPFAILOVER_OFF is set here' "$NAME"
explain 2 '"nosuch" is no port' "$NAME" nosuch
for port in 65536 $((HTTP + 65536)) 99999999999999999999 " -80" ""; do
	explain 2 "\"$port\" is no port: they go up to 65535" "${SITE[1]}" "$port"
done
explain 5 'but for port .* and not 65535' "$NAME" 65535
explain 2 'takes a host or an address'
chmod o+w "$TABLE"
explain 3 'passes through: .*writable by others: not trusted' "$NAME"
