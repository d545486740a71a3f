#!/bin/bash
# SPDX-License-Identifier: MIT
#
# SOAP over HTTPS: a label service behind three nginx sites, and three old clients that ask it for label after label while
# sites die under them and come back.
#
# Each call is a connection of its own.  One that is established dies with its site, and nothing that leaves the stream alone can
# help it; so a site dies between two calls, or ends in peace while a call is under way.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

if [ -z "$OWN_NETWORK" ]; then
	skip "SOAP over HTTPS" "no network namespace of its own can be made here"
	exit
fi

if [ "$(< /proc/self/setgroups)" != allow ]; then
	skip "SOAP over HTTPS" "nginx gives its workers another user, and only the machine's own root may do that"
	exit
fi

readonly CALLS=500 BACKEND=8080 URL=https://$NAME/label
readonly AT=(- 10.77.0.1 10.77.0.2 10.77.0.3)

# ------------------------------------------------------------------------------------------------------------ the sites

soap_conf() {
	cat << END_OF_CONF
daemon off;
pid $WORK/soap-$1.pid;
error_log $WORK/soap-$1.error;
worker_processes 1;
events { worker_connections 100; }
http {
	access_log off;
	keepalive_timeout 0;
	client_body_temp_path $WORK/body-$1;
	proxy_temp_path $WORK/proxy-$1;
	fastcgi_temp_path $WORK/fastcgi-$1;
	uwsgi_temp_path $WORK/uwsgi-$1;
	scgi_temp_path $WORK/scgi-$1;
	server {
		listen ${AT[$1]}:443 ssl;
		ssl_certificate $WORK/site.pem;
		ssl_certificate_key $WORK/site.key;
		location / {
			proxy_pass http://127.0.0.1:$BACKEND;
			proxy_set_header Host \$host;
			proxy_set_header X-Scheme https;
			proxy_set_header X-Site site-$1;
		}
	}
}
END_OF_CONF
}

describes_itself() { curl -s --max-time 2 --cacert "$WORK/ca.pem" --resolve "$NAME:443:$1" "$URL?wsdl" | grep -q makeLabel; }

# From its start it is a group of processes, so that all of it can be killed at once.
soap_up() {
	soap_conf "$1" > "$WORK/soap-$1.conf"
	start "soap-$1" setsid nginx -e "$WORK/soap-$1.error" -c "$WORK/soap-$1.conf" -p "$WORK"
	wait_for 5 describes_itself "${AT[$1]}" || exit 2
}

refuses() { ! (exec 3<> "/dev/tcp/$1/443") 2> "$WORK/refuses.log"; }

# Its worker is not our child, and may take a moment to be gone.
soap_killed() {
	kill -KILL -- "-${PID[soap-$1]}"
	stop "soap-$1" KILL
	wait_for 5 refuses "${AT[$1]}"
}

# It takes no more connections, answers what it has been asked, and ends.
soap_quits() { kill -QUIT "${PID[soap-$1]}" && wait_for 5 refuses "${AT[$1]}"; }

silenced() {
	ip address del "${AT[$1]}/32" dev lo && ip route add "${AT[$1]}/32" dev swallow
}

heard_again() {
	ip route del "${AT[$1]}/32" dev swallow && ip address add "${AT[$1]}/32" dev lo
}

all_return() {
	local i
	for i in 1 2 3; do
		if refuses "${AT[$i]}"; then
			stop "soap-$i" KILL
			soap_up $i
		fi
	done
	verdicts_are site-1=up site-2=up site-3=up
}

sites_end() {
	local i
	for i in 1 2 3; do
		[ -z "${PID[soap-$i]-}" ] || soap_killed $i
	done
	at_end
}
trap sites_end EXIT

# ------------------------------------------------------------------------------------------------------------ the calls

# before_call NUMBER: what happens to the site that made the last label.  Nobody waits until the daemon has noticed.
before_call() {
	case $1 in
	100 | 400) soap_killed "$IN_USE" ;;
	200 | 450) all_return ;;
	250)
		SILENT=$IN_USE
		silenced "$SILENT"
		;;
	300) verdicts_are "site-$SILENT=down" && heard_again "$SILENT" && verdicts_are "site-$SILENT=up" ;;
	esac
}

# While a call of these is under way, its site is told to end.
is_held() { [ "$1" -eq 150 ] || [ "$1" -eq 350 ]; }

site_ends_in_call() {
	wait_for 5 [ -e "$WORK/under-way" ] && soap_quits "$(sed s/site-// "$WORK/under-way")"
	rm -f "$WORK/under-way"
}

# one_call NUMBER: from the client that is the coprocess; sets IN_USE
one_call() {
	local consignment=DMC$1 label=nothing
	! is_held "$1" || consignment=HELD$1
	echo "$consignment" >&"${CLIENT[1]}" || return
	! is_held "$1" || site_ends_in_call || return
	read -r -t 20 label <&"${CLIENT[0]}"
	if [[ $label =~ ^\^XA.*FD$consignment\^FS.*FDsite-([123])\^FS ]]; then
		IN_USE=${BASH_REMATCH[1]}
	else
		echo "call $1 got <$label>"
		return 1
	fi
}

# calls NAME COMMAND [ARG ...]
calls() {
	local name=$1 number failed=0 longest_us=0 slowest=0 begin took_us pid by=(0 0 0 0)
	shift
	coproc CLIENT { with "$@" "$URL" "$WORK/ca.pem" 2> "$WORK/client.log"; }
	pid=$CLIENT_PID
	for ((number = 1; number <= CALLS; number++)); do
		before_call $number
		begin=${EPOCHREALTIME/./}
		if one_call $number; then
			by[IN_USE]=$((by[IN_USE] + 1))
		else
			failed=$((failed + 1))
			kill -0 "$pid" 2> /dev/null || break
		fi
		took_us=$((${EPOCHREALTIME/./} - begin))
		# The first is the program's start, too.
		if [ $number -gt 1 ] && ! is_held $number && [ $took_us -gt $longest_us ]; then
			longest_us=$took_us slowest=$number
		fi
	done
	eval "exec ${CLIENT[1]}>&-"
	wait "$pid"
	cat "$WORK/client.log"
	echo "# $name: labels by site-1 ${by[1]}, site-2 ${by[2]}, site-3 ${by[3]}; call $slowest took longest: $((longest_us / 1000)) ms"
	same "$name: $CALLS calls, 0 failed" "$CALLS calls, 0 failed" "$((number - 1)) calls, $failed failed"
	check "$name: every site made labels" [ $((by[1] && by[2] && by[3])) -eq 1 ]
}

make_certificates || exit 2
make -f tests/matrix/clients.mk B="$B" "$B/matrix-clients/label" > "$WORK/build.log" 2>&1 || cat "$WORK/build.log"
ip -batch - << END_OF_LINES
address add ${AT[1]}/32 dev lo
address add ${AT[2]}/32 dev lo
address add ${AT[3]}/32 dev lo
link add swallow type veth peer name throat
link set swallow arp off up
link set throat arp off up
address add 10.78.0.1/32 dev swallow
END_OF_LINES
cat > "$WORK/mpfailover.conf" << END_OF_CONF
table = "$TABLE"
control { socket = "$WORK/control" }
check "labels" { type = https path = "/label?wsdl" contains = "makeLabel" ca-file = "$WORK/ca.pem" }
timing "quick" { interval = "200ms" fast = "50ms" down = "200ms" timeout = "1s" fall = 2 rise = 1 hold-up = "0s" }
service "labels" {
	hosts = { "$NAME" }
	ports = { 443 }
	check = "labels"
	timing = "quick"
	candidate "site-1" { address = "${AT[1]}" }
	candidate "site-2" { address = "${AT[2]}" }
	candidate "site-3" { address = "${AT[3]}" }
}
END_OF_CONF

start backend /usr/bin/python3 tests/matrix/soap.py $BACKEND "$WORK/under-way"
for site in 1 2 3; do
	soap_up $site
done
daemon_sees site-1=up site-2=up site-3=up

# calls_if NAME WHAT NEEDS COMMAND [ARG ...]: if the shell command NEEDS succeeds; WHAT is what is missing else
calls_if() {
	local name=$1 what=$2 needs=$3
	shift 3
	if bash -c "$needs" > "$WORK/needs.log" 2>&1; then
		calls "$name" "$@"
	else
		skip "$name: $CALLS calls" "$what is missing"
	fi
}

calls_if "PHP SoapClient" php-soap "php -m | grep -qx soap" php tests/matrix/clients/labels.php
calls_if "SOAP::Lite" libsoap-lite-perl "perl -MSOAP::Lite -e1" perl tests/matrix/clients/labels.pl
calls_if "gSOAP" "gsoap, libgsoap-dev" "pkg-config --exists gsoapssl && command -v soapcpp2" "$B/matrix-clients/label"
