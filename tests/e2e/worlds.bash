# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What clients of another word size, C library or age are asked to do: a dead first site, a second one that lives.  After lib.bash.

readonly FUNCTIONS="getaddrinfo gethostbyname gethostbyname2 gethostbyname_r gethostbyname2_r"
readonly DEAD=${SITE[1]} LIVE=${SITE[2]}
site_up 2

# both_ways NAME LIBRARY FETCH
both_ways() {
	local how
	same "$1: alone it is refused" "connect: Connection refused" "$("$3" getaddrinfo "$DEAD" "$HTTP" 2>&1)"
	same "$1: by address" site-2 "$(PRELOAD=$2 with "$3" getaddrinfo "$DEAD" "$HTTP" 2>&1)"
	for how in $FUNCTIONS; do
		same "$1: by name, $how" site-2 "$(PRELOAD=$2 with "$3" "$how" "$NAME" "$HTTP" 2>&1)"
		same "$1: $how gives both" "$(printf '%s\n' "$LIVE" "$DEAD")" "$(PRELOAD=$2 with "$3" "$how" "$NAME" 2>&1)"
	done
	same "$1: an address that is not ours" "127.0.0.1" "$(PRELOAD=$2 with "$3" getaddrinfo 127.0.0.1 2>&1)"
}
