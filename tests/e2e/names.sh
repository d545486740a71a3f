#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The hosts of a service resolve although nobody else knows them, by each of libc's functions.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

readonly FUNCTIONS="getaddrinfo gethostbyname gethostbyname2 gethostbyname_r gethostbyname2_r"

addresses() { with "$CLIENTS/fetch" "$@" 2>&1; }
unknown_alone() { ! "$CLIENTS/fetch" "$@"; }

# The live ones in the order of the file, the dead one last.
in_order=$(printf '%s\n' "${SITE[2]}" "${SITE[3]}" "${SITE[1]}")

"$CLIENTS/make_table" -h "$NAME" -h "*.$NAME" "$TABLE" "a=${SITE[1]}=down" "b=${SITE[2]}=up" "c=${SITE[3]}=up" || exit 2

for how in $FUNCTIONS; do
	if [ -n "$OWN_NETWORK" ]; then
		check "$how alone does not know the name" unknown_alone "$how" "$NAME"
	fi
	same "$how knows it, the dead address last" "$in_order" "$(addresses "$how" "$NAME")"
	same "$how knows a name below it" "$in_order" "$(addresses "$how" "a.B.$NAME")"
	same "$how ignores case and a trailing dot" "$in_order" "$(addresses "$how" "${NAME^^}.")"
done
if [ -n "$OWN_NETWORK" ]; then
	same "a name that only ends alike is libc's" "$("$CLIENTS/fetch" getaddrinfo "not$NAME" 2>&1)" \
		"$(addresses getaddrinfo "not$NAME")"
fi
same "an address is nobody's name" "${SITE[1]}" "$(addresses getaddrinfo "${SITE[1]}")"
same "localhost is libc's" "$("$CLIENTS/fetch" gethostbyname localhost)" "$(addresses gethostbyname localhost)"

"$CLIENTS/make_table" -h "$NAME" "$TABLE" "a=${SITE[1]}=down" "b=${SITE[2]}=down" || exit 2
same "all down: still addresses, not none" "$(printf '%s\n' "${SITE[1]}" "${SITE[2]}")" "$(addresses getaddrinfo "$NAME")"

# glibc with AI_ADDRCONFIG would refuse even a number of a family that this machine has no address of.
if [ -n "$OWN_NETWORK" ]; then
	ip address add 10.77.0.9/32 dev lo
	"$CLIENTS/make_table" -h "$NAME" "$TABLE" a=10.77.0.9=up b=2001:db8::1=down || exit 2
	same "a candidate of a family that this machine does not have" "$(printf '%s\n' 10.77.0.9 2001:db8::1)" \
		"$(with /usr/bin/python3 -c "import socket
for one in socket.getaddrinfo('$NAME', 80, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG): print(one[4][0])" 2>&1)"
fi
