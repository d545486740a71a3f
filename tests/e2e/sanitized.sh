#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A day in the life of the daemon, built with sanitizers: sites come and go, it is reloaded well and badly, it ends.
DAEMON=${B:-build}/asan/mpfailoverd CTL=${B:-build}/asan/mpfailoverctl
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

if [ ! -e "$B/asan" ]; then
	skip "the daemon with sanitizers" "nobody has tried to build it"
	exit
fi
check "the daemon with sanitizers is built" [ -x "$DAEMON" ]
[ $failures -eq 0 ] || exit 1

# reload CHECK
reload() {
	CHECK=$1
	write_conf
	kill -HUP "${PID[daemon]}"
}

make_certificates || exit 2
site_up 2
site_up 3 503
write_conf
daemon_start
check "http: one site dead, one live, one ill" verdicts_are site-1=down site-2=up site-3=down
site_up 1
check "one comes back" verdicts_are site-1=up
site_down 1
check "and goes again" verdicts_are site-1=down

reload "type = tcp port = $HTTP"
check "tcp: what listens is up" verdicts_are site-3=up site-1=down
reload "type = https status = \"200\" ca-file = \"$WORK/ca.pem\" port = $HTTPS"
check "https: the page counts again" verdicts_are site-3=down site-2=up
reload "type = tls ca-file = \"$WORK/ca.pem\" port = $HTTPS"
check "tls: only the handshake counts" verdicts_are site-3=up site-1=down
reload "type = tls port = $HTTPS"
check "tls: an unknown authority" verdicts_are site-2=down
reload 'type = exec command = "/bin/true"'
check "exec: a script decides" verdicts_are site-1=up site-2=up
reload 'type = exec command = "/bin/false"'
check "exec: and again" verdicts_are site-1=down site-2=down

echo nonsense >> "$WORK/mpfailover.conf"
kill -HUP "${PID[daemon]}"
complained() { grep -q 'level=error event=config' "$WORK/daemon.log"; }
check "a bad file is refused" wait_for 10 complained

stop daemon
same "the daemon ends cleanly" 0 $?
said_nothing() { ! grep -E -A 40 'Sanitizer|runtime error' "$WORK/daemon.log"; }
check "and the sanitizers have nothing to say" said_nothing
check "the verdicts stay" verdict_is site-2 down
