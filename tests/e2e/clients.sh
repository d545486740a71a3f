#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Real, unmodified clients: while the first site is down, each fetches by host name and by the dead site's own address.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

readonly CLIENTS_ALL="curl wget wget-T perl python java php gethostbyname"

make_certificates || exit 2
keytool -importcert -noprompt -storetype PKCS12 -storepass changeit -alias test -file "$WORK/ca.pem" \
	-keystore "$WORK/trust.p12" 2> /dev/null || exit 2
site_up 2
site_up 3

# fails_alone CLIENT HOST [SCHEME]: what the library is for
fails_alone() { ! fetch "$@" > "$WORK/alone.log" 2>&1; }

# gets_page CLIENT HOST [SCHEME]
gets_page() {
	local page
	page=$(fetch "$@" 2> "$WORK/fetch.log")
	[[ $page = site-[23] ]] && return
	echo "$* got <$page>"
	cat "$WORK/fetch.log"
	return 1
}

# Names are looked up in vain only where there is nobody to ask.
try_client() {
	local client=$1 scheme=$2
	check "$client alone cannot fetch from the dead address ($scheme)" fails_alone "$client" "${SITE[1]}" "$scheme"
	if [ -n "$OWN_NETWORK" ]; then
		check "$client alone cannot fetch by name ($scheme)" fails_alone "$client" "$NAME" "$scheme"
	fi
	WITH=with check "$client by host name ($scheme)" gets_page "$client" "$NAME" "$scheme"
	WITH=with check "$client by the dead address ($scheme)" gets_page "$client" "${SITE[1]}" "$scheme"
}

# The page is the same one that clients read.
write_conf
daemon_sees site-1=down site-2=up site-3=up
for client in $CLIENTS_ALL; do
	try_client "$client" http
done
for client in curl java; do
	try_client "$client" https
done

# That the certificate is looked at: a name of the service that it does not hold.
status=0
WITH=with fetch curl "other.$NAME" https > "$WORK/fetch.log" 2>&1 || status=$?
same "curl still refuses a certificate for another name" 60 $status

# The first site comes back: clients go there again.
site_up 1
check "the daemon sees the first site come back" verdicts_are site-1=up
same "and a client by name goes there" site-1 "$(WITH=with fetch curl "$NAME")"
same "and a client by address too" site-1 "$(WITH=with fetch python "${SITE[1]}")"

# One that was not asked for is down: nobody is moved.
site_down 2
check "the daemon sees the second site go" verdicts_are site-2=down
same "the third site is left alone when it is asked for" site-3 "$(WITH=with fetch perl "${SITE[3]}")"

stop daemon
same "without the daemon the verdicts stand" site-1 "$(WITH=with fetch curl "${SITE[2]}")"
