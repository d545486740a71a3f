#!/bin/bash
# SPDX-License-Identifier: MIT
#
# mpfailoverctl export haproxy: what it writes, whether HAProxy takes it, and a static client behind that while sites die.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

readonly CFG=$WORK/haproxy.cfg

export_to() {
	local to=$1
	shift
	"$CTL" -t "$WORK/none" export haproxy "$@" > "$to" 2> "$WORK/said"
}
valid() { haproxy -c -f "$1" 2>&1; }
says() { grep -qF -- "$1" "$WORK/said"; }
line() { grep -qxF -- "$1" "$CFG"; }

# ---------------------------------------------------------------------------------------------------------- every option

cat > "$WORK/all.conf" << 'END'
uplink "a" { source = "127.0.0.9"  interface = "lo" }
check "soap" {
	type = https  method = "POST"  path = "/dm?x=1&y=%20"  status = "200,301-302"  contains = "it's # \"ok\" 5%"
	headers = { "X-A: 50% of \"$x\"", "Content-Type: text/xml; charset=utf-8" }
	body = "a\nb 'c' \"d\" $e 100% \\ ü"
}
check "tls" { type = tls  verify = false  port = 8443 }
check "command" { type = exec  command = "true"  port = 99 }
check "any" { port = 21 }
service "delivery manager" {
	hosts = { "dm.example", "*.dm.example" }  ports = { 443, 80 }  check = "soap"  failback = hold
	candidate "lön don" { address = "192.0.2.80"  uplink = "a" }
	candidate "six" { address = "2001:db8::80" }
	candidate "dns" { address = "@dns" }
}
service "labels" {
	ports = { 443 }  check = "tls"
	candidate "tunnel" { address = "127.0.0.1"  port = 443 }
	candidate "direct" { address = "192.0.2.81" }
}
service "dns-first" {
	hosts = { "first.example" }  ports = { 80 }  prefer = dns  all-down = pass-through
	candidate "file" { address = "192.0.2.82" }
	candidate "dns" { address = "@dns" }
}
service "by-command" { ports = { 25 }  check = "command"  candidate "one" { address = "192.0.2.83" } }
service "any-port" { check = "any"  candidate "one" { address = "192.0.2.84" } }
END
check "all options: they are exported" export_to "$CFG" -c "$WORK/all.conf"
check "all options: HAProxy takes them" valid "$CFG"
check "all options: what is left out is told" says 'service "any-port" takes any port'
same "all options: where it listens" "127.0.0.2:443 127.0.0.2:80 127.0.0.3:443 127.0.0.1:80 127.0.0.1:25" \
	"$(sed -n 's/^\tbind //p' "$CFG" | paste -sd ' ')"
check "uplink" line "	server l__n_don.1 192.0.2.80:443 check source 127.0.0.9"
check "the order of the file" line "	server six [2001:db8::80]:443 check backup"
check "all-down = try" line "	server all-down.try 192.0.2.80:443 source 127.0.0.9 backup"
check "another port is not checked again" line "	server six [2001:db8::80]:80 track delivery_manager.1.port443/six backup"
check "a candidate's own port" line "	server tunnel 127.0.0.1:443 check"
check "a check's own port" line "	server direct 192.0.2.81:443 check port 8443 backup"
check "@dns" line "	server-template dns.dns 4 dm.example:443 init-addr none resolvers mpfailover check backup"
check "prefer = dns" line "	server-template dns.dns 4 first.example:80 init-addr none resolvers mpfailover check"

# Names that do their best to be another's, and a file that would have a line of its own.
hostile=$WORK/$'evil\n\tserver evil 192.0.2.66:80\n.conf'
cat > "$hostile" << 'END'
service "a" {
	ports = { 80, 81 }
	candidate "all-down-try" { address = "192.0.2.80" }
	candidate "x_.2" { address = "192.0.2.81" }
	candidate "x!" { address = "192.0.2.82" }
	candidate "x_" { address = "192.0.2.83" }
	candidate "x.3" { address = "192.0.2.84" }
	candidate "# $HOME \" % \\ '" { address = "192.0.2.85" }
}
service "a-80" { ports = { 82 }  candidate "global" { address = "192.0.2.86" } }
service "a.port80" { ports = { 83 }  candidate "backup" { address = "192.0.2.87" } }
service "defaults" { hosts = { "d.example" }  ports = { 84 }  candidate "dns" { address = "@dns" }  candidate "dns.dns1" { address = "192.0.2.88" }  candidate "dns-1" { address = "192.0.2.89" } }
END
check "hostile names: they are exported" export_to "$CFG" -c "$hostile"
check "hostile names: HAProxy takes them" valid "$CFG"
check "hostile names: none makes a line of its own" eval "! grep -q '^[^#]*evil' '$CFG'"
same "hostile names: no two servers of a section are namesakes" "" \
	"$(awk '/^listen/ { section = $2 } /^\tserver/ { print section, $2 }' "$CFG" | sort | uniq -d)"

check "other addresses" export_to "$CFG" -c "$WORK/all.conf" --bind 192.0.2.1 --bind ::1 --bind 0.0.0.0
check "other addresses: HAProxy takes them" valid "$CFG"
same "other addresses: where it listens" "192.0.2.1:443 192.0.2.1:80 [::1]:443 [::1]:80 192.0.2.1:25" \
	"$(sed -n 's/^\tbind //p' "$CFG" | paste -sd ' ')"

# ---------------------------------------------------------------------------------------------------------- what is wrong

# status_of ARG ...: the exit status of an export
status_of() {
	local status=0
	export_to "$WORK/out" "$@" || status=$?
	echo $status
}
same "too few addresses" 6 "$(status_of -c "$WORK/all.conf" --bind 192.0.2.1)"
check "too few addresses: for whom" says 'service "labels" finds its ports taken'
same "no address" 2 "$(status_of -b here)"
same "no such file" 6 "$(status_of -c "$WORK/none.conf")"
check "no such file: its name is told" says "$WORK/none.conf"
same "no such format" 2 "$("$CTL" export nginx > "$WORK/said" 2>&1; echo $?)"
check "no such format: what there is" says "what there is: haproxy"

# ------------------------------------------------------------------------------------------------------- a static client

# ask: what the static client gets behind HAProxy
ask() { timeout 20 "$CLIENTS/fetch_static" getaddrinfo "$AT" "$HTTP"; }
ask_https() { curl -sS --max-time 20 --cacert "$WORK/ca.pem" --connect-to "::$AT:$HTTPS" "https://$NAME:$HTTPS/"; }
gets() { [ "$("$1")" = "$2" ]; }
# no_failure ASKER NAME: 20 times
no_failure() {
	local i answer
	for ((i = 0; i < 20; i++)); do
		answer=$("$1") && [[ $answer == site-* ]] && continue
		not_ok "$2" "\"$answer\" in turn $i"
		return
	done
	ok "$2"
}

make_certificates
CHECK="type = https path = \"/\" status = \"200\" port = $HTTPS ca-file = \"$WORK/ca.pem\""
write_conf
for i in 1 2 3; do
	site_up "$i"
done
# What the table names is what is exported when no file is.
daemon_sees site-1=up site-2=up site-3=up
"$CTL" -t "$TABLE" export haproxy > "$CFG"
stop daemon
check "from a running daemon: HAProxy takes it" valid "$CFG"
AT=$(sed -n "s/^\tbind \(.*\):$HTTP\$/\1/p" "$CFG")
start haproxy haproxy -db -f "$CFG"
check "it answers" wait_for 10 gets ask site-1
check "with HTTPS, too" gets ask_https site-1
site_down 1
no_failure ask "a killed site: nobody notices"
check "a killed site: the next one takes over" gets ask site-2
no_failure ask_https "a killed site, HTTPS: nobody notices"

# An impostor: alive, but with a certificate of its own.
cp "$WORK/site.pem" "$WORK/good.pem"
cp "$WORK/site.key" "$WORK/good.key"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj "/CN=$NAME" \
	-keyout "$WORK/site.key" -out "$WORK/site.pem" 2> "$WORK/openssl.log"
site_up 1
stays_away() {
	local end=$((SECONDS + 2))
	while [ $SECONDS -lt $end ]; do
		[ "$(ask)" = site-2 ] || return
	done
}
check "an impostor gets nothing" stays_away
site_down 1
cp "$WORK/good.pem" "$WORK/site.pem"
cp "$WORK/good.key" "$WORK/site.key"
site_up 1
check "the real one is used again" wait_for 10 gets ask site-1
stop haproxy || true # it ends by the signal that it is sent
