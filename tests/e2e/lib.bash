# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What the end-to-end scripts share: a loopback of their own, three sites, the daemon, the clients.  To be sourced first.
#
# A script that includes this runs in a network namespace that has nothing but loopback, if the machine lets it make one
# ($OWN_NETWORK is then 1): no packet can leave, and ports and addresses are its own.  Elsewhere it runs as it is; the
# addresses are those of its process id and the ports free ones, so that parallel runs do not meet.

set -u
umask 022
script=$(realpath "$0")
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 2
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C PYTHONDONTWRITEBYTECODE=1
unset LD_PRELOAD MPFAILOVER_TABLE MPFAILOVER_LOG MPFAILOVER_OFF http_proxy https_proxy no_proxy ALL_PROXY MAKEFLAGS MFLAGS

if [ -z "${OWN_NETWORK-}" ]; then
	export OWN_NETWORK=1
	if unshare -n true 2> /dev/null; then
		exec unshare -n -- bash "$script" "$@"
	elif unshare -Urn true 2> /dev/null; then
		exec unshare -Urn -- bash "$script" "$@"
	fi
	OWN_NETWORK=
fi
[ -z "$OWN_NETWORK" ] || ip link set lo up || exit 2

B=$(realpath -m "${B:-build}")
readonly LIB=${LIB:-$B/libmpfailover.so} DAEMON=${DAEMON:-$B/mpfailoverd} CTL=${CTL:-$B/mpfailoverctl} CLIENTS=$B/clients
WORK=$(mktemp -d)
chmod 755 "$WORK"
TABLE=$WORK/table
declare -A PID=()
failures=0

# ------------------------------------------------------------------------------------------------------------ results

ok() { echo "ok $1"; }
skip() { echo "skip $1: $2"; }
not_ok() {
	echo "not ok $1: $2"
	failures=$((failures + 1))
}

# same NAME WANTED GOT
same() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "wanted <$(tr '\n' '|' <<< "$2")>, got <$(tr '\n' '|' <<< "$3")>"
	fi
}

# check NAME COMMAND [ARG ...]: that it succeeds; its output goes to the log
check() {
	local name=$1 status=0
	shift
	"$@" || status=$?
	if [ "$status" -eq 0 ]; then ok "$name"; else not_ok "$name" "exit status $status of: $*"; fi
}

# ---------------------------------------------------------------------------------------------------------- processes

# wait_for SECONDS COMMAND [ARG ...]: until it succeeds, at most so long
wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@" > "$WORK/wait_for.log" 2>&1; do
		if [ $SECONDS -gt $end ]; then
			echo "waited in vain for: $*"
			cat "$WORK/wait_for.log"
			return 1
		fi
		sleep 0.01
	done
}

# start NAME COMMAND [ARG ...]: in the background, its output in $WORK/NAME.log
start() {
	local name=$1
	shift
	"$@" >> "$WORK/$name.log" 2>&1 < /dev/null &
	PID[$name]=$!
}

running() { [ -n "${PID[$1]-}" ] && kill -0 "${PID[$1]}" 2> /dev/null; }

# stop NAME [SIGNAL]: and wait; its exit status
stop() {
	local pid=${PID[$1]-} status=0
	[ -n "$pid" ] || return 0
	unset "PID[$1]"
	kill -"${2:-TERM}" "$pid" 2> /dev/null
	wait "$pid" 2> /dev/null || status=$?
	return $status
}

at_end() {
	local status=$? name
	for name in "${!PID[@]}"; do
		stop "$name" KILL
	done
	if [ $failures -gt 0 ] && [ -e "$WORK/daemon.log" ]; then
		echo "---- the daemon said"
		tail -n 20 "$WORK/daemon.log"
	fi
	rm -rf --one-file-system "$WORK" # what a script may have mounted in there is not ours to remove
	[ "$status" -ne 0 ] || [ $failures -eq 0 ] || exit 1
}
trap at_end EXIT
trap 'exit 143' TERM INT

# -------------------------------------------------------------------------------------------------------------- sites

# Addresses from the process id: 127.0.0.0/8 has four for each.  ${SITE[1]} to ${SITE[3]}.
n=$(($$ << 2 & 0xfffffc))
SITE=()
for i in 0 1 2 3; do
	SITE+=("127.$((n >> 16 & 255)).$((n >> 8 & 255)).$(((n & 255) + i))")
done
readonly SITE

# free_ports COUNT ADDRESS ...: ports that are free on all of them
free_ports() {
	python3 - "$@" << 'END'
import random, socket, sys
count, addresses, found = int(sys.argv[1]), sys.argv[2:], []
while len(found) < count:
    port = random.randint(10000, 32000)
    try:
        for address in addresses:
            with socket.socket() as s:
                s.bind((address, port))
    except OSError:
        continue
    if port not in found:
        found.append(port)
print(*found)
END
}
read -r HTTP HTTPS < <(free_ports 2 "${SITE[@]:1}")
readonly HTTP HTTPS

# A host name that nobody answers for.
readonly NAME=dm.mpfailover.example

# An authority, $WORK/ca.pem, and one certificate for all sites, as replicas of one service have it.
make_certificates() {
	local alternatives
	alternatives=DNS:$NAME$(printf ',IP:%s' "${SITE[@]:1}")
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=mpfailover test CA" \
		-keyout "$WORK/ca.key" -out "$WORK/ca.pem" 2> "$WORK/openssl.log" &&
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$NAME" \
			-keyout "$WORK/site.key" -out "$WORK/site.csr" 2>> "$WORK/openssl.log" &&
		openssl x509 -req -in "$WORK/site.csr" -CA "$WORK/ca.pem" -CAkey "$WORK/ca.key" -CAcreateserial -days 1 \
			-extfile <(echo "subjectAltName=$alternatives") -out "$WORK/site.pem" 2>> "$WORK/openssl.log"
}

# IPv6 addresses of sites, where a script gives them some.
declare -A SITE6=()

# site_conf NUMBER STATUS: answers "site-NUMBER" by HTTP, and by HTTPS if there are certificates
site_conf() {
	local tls="" six="" user=""
	[ "$(id -u)" -ne 0 ] || user="user root root;" # where no other user is known, in a namespace of its own
	[ ! -e "$WORK/site.pem" ] || tls="listen ${SITE[$1]}:$HTTPS ssl;"
	[ -z "${SITE6[$1]-}" ] || six="listen [${SITE6[$1]}]:$HTTP;"
	cat << END
$user
daemon off;
master_process off;
pid $WORK/site-$1.pid;
error_log $WORK/site-$1.error;
events { worker_connections 2000; }
http {
	access_log off;
	keepalive_requests 1000000;
	client_body_temp_path $WORK/body-$1;
	proxy_temp_path $WORK/proxy-$1;
	fastcgi_temp_path $WORK/fastcgi-$1;
	uwsgi_temp_path $WORK/uwsgi-$1;
	scgi_temp_path $WORK/scgi-$1;
	server {
		listen ${SITE[$1]}:$HTTP;
		$tls
		$six
		ssl_certificate $WORK/site.pem;
		ssl_certificate_key $WORK/site.key;
		location / { return $2 "site-$1\n"; }
	}
}
END
}

answers() { curl -s --max-time 2 -o /dev/null "http://$1:$HTTP/"; }

# site_up NUMBER [STATUS]
site_up() {
	site_conf "$1" "${2:-200}" > "$WORK/site-$1.conf"
	[ -e "$WORK/site.pem" ] || sed -i /ssl_/d "$WORK/site-$1.conf"
	start "site-$1" nginx -e "$WORK/site-$1.error" -c "$WORK/site-$1.conf" -p "$WORK"
	wait_for 5 answers "${SITE[$1]}" || exit 2
}

site_down() { stop "site-$1" KILL; }

# --------------------------------------------------------------------------------------------------------- the daemon

# candidates NUMBER ...: lines of a configuration
candidates() {
	local i
	for i; do
		echo "candidate \"site-$i\" { address = \"${SITE[$i]}\" }"
	done
}

# One service over the three sites, checked every second by $CHECK; $IN_SERVICE goes into it.
CHECK="type = http path = \"/\" status = \"200\" port = $HTTP"
IN_SERVICE=
write_conf() {
	cat > "$WORK/mpfailover.conf" << END
table = "$TABLE"
control { socket = "$WORK/control" }
check "page" { $CHECK }
timing "quick" {
	interval = "1s" fast = "50ms" down = "200ms" timeout = "1s" fall = 2 rise = 1 hold-up = "0s"
}
service "dm" {
	hosts = { "$NAME", "*.$NAME" }
	ports = { $HTTP, $HTTPS }
	check = "page"
	timing = "quick"
	$IN_SERVICE
	$(candidates 1 2 3)
}
END
}

# The name of a candidate's verdict, as `status` shows it.
verdict() {
	"$CTL" -t "$TABLE" status --json |
		jq -er --arg name "$1" '[.. | objects | select(.name? == $name and has("verdict"))][0].verdict'
}
verdict_is() { [ "$(verdict "$1")" = "$2" ]; }

daemon_start() { start daemon "$DAEMON" -c "$WORK/mpfailover.conf" -t "$TABLE"; }

# verdicts_are NAME=VERDICT ...: within 10 seconds
verdicts_are() {
	local wanted
	for wanted; do
		wait_for 10 verdict_is "${wanted%=*}" "${wanted#*=}" || return
	done
}

# daemon_sees NAME=VERDICT ...: starts it; without that, the rest of a script makes no sense
daemon_sees() {
	daemon_start
	verdicts_are "$@" && return
	not_ok "the daemon sees $*" "it does not"
	exit 1
}

# -------------------------------------------------------------------------------------------------------- the clients

# with COMMAND [ARG ...]: under the library, or what PRELOAD says
with() { env LD_PRELOAD="${PRELOAD:-$LIB}" MPFAILOVER_TABLE="$TABLE" "$@"; }
without() { "$@"; }

# fetch CLIENT HOST [http|https]: what it prints is the page, or its own complaint
fetch() {
	local host=$2 scheme=${3-http} port=$HTTP
	[ "$scheme" = http ] || port=$HTTPS
	command_of "$1" "$scheme" "$host" "$port"
	"${WITH:-without}" timeout 20 "${COMMAND[@]}"
}

# command_of CLIENT SCHEME HOST PORT: into COMMAND.  Each is what such a client's user would write.
command_of() {
	local url=$2://$3:$4/ trust=()
	case $1 in
	curl)
		[ "$2" = http ] || trust=(--cacert "$WORK/ca.pem")
		COMMAND=(curl -sS "${trust[@]}" "$url")
		;;
	wget) COMMAND=(wget -nv -t 1 -O - "$url") ;;
	wget-T) COMMAND=(wget -nv -t 1 -T 10 -O - "$url") ;;
	perl) COMMAND=(perl tests/clients/fetch.pl "$3" "$4") ;;
	python) COMMAND=(/usr/bin/python3 tests/clients/fetch.py "$3" "$4") ;;
	java)
		[ "$2" = http ] || trust=("-Djavax.net.ssl.trustStore=$WORK/trust.p12" -Djavax.net.ssl.trustStorePassword=changeit)
		COMMAND=(java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:-UsePerfData -Xshare:auto "${trust[@]}" -cp "$CLIENTS" Fetch "$url")
		;;
	php) COMMAND=(php tests/clients/fetch.php "$url") ;;
	*) COMMAND=("$CLIENTS/fetch" "$1" "$3" "$4") ;;
	esac
}
