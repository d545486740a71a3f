#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Candidates of both families: a connection goes where its socket can reach.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

readonly DEAD6=fd00:6d70::1 LIVE6=fd00:6d70::2 DEAD4=${SITE[1]} LIVE4=${SITE[3]}

for address in $DEAD6 $LIVE6; do
	if [ -z "$OWN_NETWORK" ] || ! ip -6 address add "$address/128" dev lo nodad 2> /dev/null; then
		skip "candidates of both families" "no network of its own, or no IPv6"
		exit
	fi
done
SITE6[2]=$LIVE6
site_up 2
site_up 3

table() { "$CLIENTS/make_table" -h "$NAME" "$TABLE" "$@" || exit 2; }
by_address() { WITH=with fetch getaddrinfo "$1" 2>&1; }
# Over a socket that is only for IPv6, and on which nothing is mapped.
v6only='
import socket, sys
with socket.socket(socket.AF_INET6) as s:
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    try:
        s.connect((sys.argv[1], int(sys.argv[2])))
        print(s.getpeername()[0])
    except OSError as error:
        print(error.strerror)'
by_v6only() { with /usr/bin/python3 -c "$v6only" "$1" "$HTTP"; }
readonly REFUSED="connect: Connection refused"

table "a=$DEAD6=down" "b=$DEAD4=down" "c=$LIVE6=up" "d=$LIVE4=up"
same "alone, IPv6 is refused" "$REFUSED" "$(fetch getaddrinfo $DEAD6 2>&1)"
same "IPv6 goes to IPv6" site-2 "$(by_address $DEAD6)"
same "IPv6 on a V6ONLY socket, too" $LIVE6 "$(by_v6only $DEAD6)"
same "IPv4 goes to IPv4" site-3 "$(by_address "$DEAD4")"
same "v4-mapped goes to IPv4" site-3 "$(by_address "::ffff:$DEAD4")"
same "curl by an IPv6 address" site-2 "$(WITH=with fetch curl "[$DEAD6]" 2>&1)"
same "java by an IPv6 address" site-2 "$(WITH=with fetch java "[$DEAD6]" 2>&1)"
same "java by an IPv4 address" site-3 "$(WITH=with fetch java "$DEAD4" 2>&1)"
for client in curl wget java getaddrinfo; do
	got=$(WITH=with fetch $client "$NAME" 2> "$WORK/error")
	check "$client by name: either family" test "${got/#site-[23]/live}" = live
done
same "an IPv6 client by name" "$(printf '%s\n' $LIVE6 $DEAD6)" "$(with "$CLIENTS/fetch" getaddrinfo6 "$NAME" 2>&1)"
same "gethostbyname by name" "$(printf '%s\n' "$LIVE4" "$DEAD4")" "$(with "$CLIENTS/fetch" gethostbyname "$NAME" 2>&1)"
same "getaddrinfo by name" "$(printf '%s\n' $LIVE6 "$LIVE4" $DEAD6 "$DEAD4")" \
	"$(with "$CLIENTS/fetch" getaddrinfo "$NAME" 2>&1)"

table "a=$DEAD6=down" "d=$LIVE4=up"
same "IPv6 goes to IPv4 where there is no other" site-3 "$(by_address $DEAD6)"
same "but not on a V6ONLY socket" "Connection refused" "$(by_v6only $DEAD6)"

table "b=$DEAD4=down" "c=$LIVE6=up"
same "IPv4 cannot go to IPv6" "$REFUSED" "$(by_address "$DEAD4")"
same "nor can v4-mapped" "$REFUSED" "$(by_address "::ffff:$DEAD4")"

# Addresses that mean something on one link only: the one that is named is ours, the same on another link is not.
scoped='
import socket, sys
dead, live, port, link = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
server = socket.create_server((live, port, 0, 1), family=socket.AF_INET6)
with socket.socket(socket.AF_INET6) as s:
    try:
        s.connect((dead, port, 0, link))
        print(*s.getpeername()[::3])
    except OSError as error:
        print(error.strerror)'
by_scope() { with /usr/bin/python3 -c "$scoped" "$@"; }
ip -6 address add fe80::6d70:1/128 dev lo nodad
ip -6 address add fe80::6d70:2/128 dev lo nodad
table "a=fe80::6d70:1%1=down" "b=fe80::6d70:2%1=up"
same "a scoped address" "fe80::6d70:2 1" "$(by_scope fe80::6d70:1 fe80::6d70:2 "$HTTP" 1)"
same "by name, it has its scope" "$(printf '%s 1\n' fe80::6d70:2 fe80::6d70:1)" "$(with /usr/bin/python3 -c "import socket
for one in socket.getaddrinfo('$NAME', 80, type=socket.SOCK_STREAM): print(one[4][0].partition('%')[0], one[4][3])")"
if ip link add other type veth peer name another && ip link set other up; then
	other=$(ip -o link show other | cut -d : -f 1)
	native=$(without /usr/bin/python3 -c "$scoped" fe80::6d70:1 fe80::6d70:2 "$HTTP" "$other")
	check "on another link there is nobody" [ "$native" ]
	same "so it is not ours" "$native" "$(by_scope fe80::6d70:1 fe80::6d70:2 "$HTTP" "$other")"
else
	skip "on another link it is not ours" "no pair of links can be made here"
fi

# The daemon checks both.
IN_SERVICE="candidate \"six-dead\" { address = \"$DEAD6\" } candidate \"six-live\" { address = \"$LIVE6\" }"
write_conf
daemon_start
check "the daemon finds a live IPv6 candidate up" wait_for 10 verdict_is six-live up
check "and a dead one down" wait_for 10 verdict_is six-dead down
