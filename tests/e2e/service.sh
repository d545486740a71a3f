#!/bin/bash
# SPDX-License-Identifier: MIT
#
# As a service: the unit, the user that root becomes, what the service manager is told, the end by its watchdog; and as an ordinary user.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

# A manager: keeps in $WORK/notified what it is told, with a "|" for each new line.
cat > "$WORK/manager.py" << 'PYTHON'
import os, socket, sys
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o777)
while True:
    print(manager.recv(4096).decode().replace("\n", "|"), flush=True)
PYTHON
start notified /usr/bin/python3 "$WORK/manager.py" "$WORK/manager"
wait_for 10 [ -S "$WORK/manager" ] || exit 2
told() { grep -qE "$1" "$WORK/notified.log"; }

# ------------------------------------------------------------------------------------------------------------- what is installed

readonly UNIT=$WORK/prefix/lib/systemd/system/mpfailoverd.service
installs() { make B="$B" PREFIX="$WORK/prefix" SYSCONFDIR="$WORK/etc" -o all install > "$WORK/make.log" 2>&1; }
exposure() { systemd-analyze security --offline=true --threshold=20 --no-pager "$UNIT" > "$WORK/security.log"; }
knows_user() {
	systemd-sysusers --root="$WORK/root" "$WORK/prefix/lib/sysusers.d/mpfailover.conf" && grep -q '^mpfailover:' "$WORK/root/etc/passwd"
}
if command -v systemd-analyze > "$WORK/which.log"; then
	# With the paths of that installation in it, and programs that are there.
	check "make install" installs
	same "the unit is well-formed" "" "$(systemd-analyze verify --man=no "$UNIT" 2>&1)"
	check "its exposure is below 2.0" exposure
	tail -n 1 "$WORK/security.log"
	mkdir -p "$WORK/root/etc"
	cp /etc/passwd /etc/group "$WORK/root/etc"
	check "sysusers.d knows the user" knows_user
else
	skip "the unit" "no systemd-analyze"
fi

# ---------------------------------------------------------------------------------------------------------------- as another user

TABLE=$WORK/run/table
ordinary=()
if setpriv --reuid=nobody --regid=nogroup --clear-groups true 2> "$WORK/setpriv.log"; then
	ordinary=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
fi
as_user() { "${ordinary[@]}" "$CTL" -t "$TABLE" "$@"; }
# Of a candidate, for that user: what root does not trust, it does.
seen() { as_user status --json | jq -r --arg name "$1" '[.. | objects | select(.name? == $name and has("verdict"))][0].verdict'; }
seen_are() {
	local wanted
	for wanted; do
		[ "$(seen "${wanted%=*}")" = "${wanted#*=}" ] || return
	done
}

# "user, groups and home of who runs it", for checks and hooks; and what is not for them.
cat > "$WORK/whoami" << SHELL
#!/bin/sh
echo "\$(id -un) \$(id -Gn) \$HOME \${NOTIFY_SOCKET-}\${WATCHDOG_USEC-}" >> "$WORK/run/\$1"
SHELL
chmod 755 "$WORK/whoami"

# user_conf USER
user_conf() {
	write_conf
	sed -i '/^control/d' "$WORK/mpfailover.conf"
	cat >> "$WORK/mpfailover.conf" << END
user = "$1"
control { socket = "$WORK/run/control" group = "games" }
check "me" { type = exec command = "$WORK/whoami checks" port = 1 }
service "exec" { ports = { 1 } check = "me" timing = "quick" candidate "c" { address = "${SITE[3]}" } }
hook "me" { command = "$WORK/whoami hooks" on = { down } }
END
}
words_of() { [ -s "$WORK/run/$1" ] && sort -u "$WORK/run/$1"; }
refused() { ! "$DAEMON" "$@" > "$WORK/error" 2>&1; }
daemon_beats() { as_user status --json | jq -e .daemon.alive; }

as_another_user() {
	user_conf nobody
	# What an earlier daemon left as root is handed over, and gone on with.
	mkdir "$WORK/run"
	sed '/^user\|^control\|^hook/d' "$WORK/mpfailover.conf" > "$WORK/root.conf"
	start earlier "$DAEMON" -c "$WORK/root.conf"
	check "as root: verdicts" verdicts_are site-1=up site-2=up site-3=down c=up
	stop earlier
	rm "$WORK/run/checks"
	chown nobody "$WORK/run"
	start daemon env NOTIFY_SOCKET="$WORK/manager" WATCHDOG_USEC=300000 "$DAEMON" -c "$WORK/mpfailover.conf"
	check "the manager is told when it is ready" wait_for 10 told '^READY=1$'
	check "the table was known, and is in force by then" grep -q 'event=loaded.* 4 of them known' "$WORK/daemon.log"
	same "whose everything is" "644 nobody nogroup
600 nobody nogroup
622 nobody nogroup
660 nobody games" "$(stat -c '%a %U %G' "$TABLE" "$TABLE.lock" "$WORK/run/report" "$WORK/run/control")"
	same "its rights" "CapAmb:0000000000000000 CapBnd:0000000000000000 CapEff:0000000000000000 CapInh:0000000000000000 CapPrm:0000000000000000 Gid:65534655346553465534 Groups:65534 NoNewPrivs:1 Uid:65534655346553465534" \
		"$(grep -E '^(Uid|Gid|Groups|Cap...|NoNewPrivs):' "/proc/${PID[daemon]}/status" | tr -d ' \t' | sort | paste -sd ' ')"
	check "an exec check runs" wait_for 10 words_of checks
	same "as that user, and without the manager's socket" "nobody nogroup $(getent passwd nobody | cut -d: -f6) " "$(words_of checks)"
	check "the manager is told of the candidates" wait_for 10 told '^STATUS=services: 2, candidates: 3 up, 1 down$'
	site_down 2
	check "a hook runs" wait_for 10 words_of hooks
	same "as that user, too" "nobody nogroup $(getent passwd nobody | cut -d: -f6) " "$(words_of hooks)"
	check "the manager's status follows" wait_for 10 told '^STATUS=services: 2, candidates: 2 up, 2 down$'
	check "and its watchdog is told that the daemon works" told '^WATCHDOG=1$'

	sed -i 's/^user = .*/user = "games"/' "$WORK/mpfailover.conf"
	: > "$WORK/notified.log"
	check "reload" "$CTL" -s "$WORK/run/control" reload
	check "another user needs a restart, and that is told" grep -q 'another user takes effect at the next start' "$WORK/daemon.log"
	wait_for 10 told '^READY=1$'
	same "the manager is told of the reload" "RELOADING=1|MONOTONIC_USEC=TIME
READY=1" "$(sed -nE 's/=[0-9]{5,}/=TIME/; /^(RELOADING|READY)/p' "$WORK/notified.log")"
	sed -i 's/^user = .*/user = "no-such-user"/' "$WORK/mpfailover.conf"
	check "a user that there is not is an error" refused -n -c "$WORK/mpfailover.conf"
	check "with file and line" grep -qE '^/[^ ]*:[0-9]+: .*no-such-user' "$WORK/error"

	# As its watchdog does it.
	sed -i 's/^user = .*/user = "nobody"/' "$WORK/mpfailover.conf"
	stop daemon ABRT
	local told_us="" before
	before=$(as_user status --json | jq .daemon.pid)
	NOTIFY_SOCKET=$WORK/manager daemon_start
	until [ "$(as_user status --json | jq .daemon.pid)" != "$before" ] || ! running daemon; do
		told_us+=" $(seen site-1) $(seen site-2)"
	done
	told_us+=" $(seen site-1) $(seen site-2)"
	check "killed by its watchdog, it comes back" running daemon
	same "at no moment is there another verdict than before" "up down" "$(xargs -n 2 <<< "$told_us" | sort -u)"
	stop daemon
	check "the manager is told that it ends" wait_for 10 told '^STOPPING=1(\||$)'

	chmod 600 "$WORK/mpfailover.conf"
	check "what that user cannot read is an error at once" refused -c "$WORK/mpfailover.conf"
	check "which says for whom" grep -q 'as the user nobody: .*Permission denied' "$WORK/error"
	chmod 644 "$WORK/mpfailover.conf"
	rm -rf "$WORK/run"
	daemon_start
	check "a directory that is not there is made" wait_for 10 daemon_beats
	same "for that user" "755 nobody nogroup" "$(stat -c '%a %U %G' "$WORK/run")"
	stop daemon
	rm -rf "$WORK/run"
}

site_up 1
site_up 2
if [ ${#ordinary[@]} -gt 0 ] && getent passwd games > "$WORK/getent.log"; then
	as_another_user
else
	skip "as another user" "only root can become one, and nobody and games must be there"
fi

# --------------------------------------------------------------------------------------------------------------- as an ordinary one

# What root would have to set up for it, it does without.
mkdir "$WORK/run"
[ ${#ordinary[@]} -eq 0 ] || chown nobody "$WORK/run"
site_down 2
user_conf ""
: > "$WORK/daemon.log"
ordinary_start() { start daemon "${ordinary[@]}" "$DAEMON" -c "$WORK/mpfailover.conf"; }
ordinary_start
check "as an ordinary user: it sees" wait_for 10 seen_are site-1=up site-2=down site-3=down c=up
if ! "${ordinary[@]}" id -Gn | grep -qwE 'games|root'; then
	check "it may not give its socket to a group that it is not in, and says so" grep -q 'only root, and members of the group games' "$WORK/daemon.log"
fi
check "commands" as_user drain dm/site-1
check "reload" as_user reload
same "a client of that user" site-1 "$("${ordinary[@]}" env LD_PRELOAD="$LIB" MPFAILOVER_TABLE="$TABLE" curl -sS "http://${SITE[3]}:$HTTP/")"
stop daemon
if [ ${#ordinary[@]} -gt 0 ] && getent passwd games > "$WORK/getent.log"; then
	user_conf games
	ordinary_start
	check "as a user that cannot become another: it goes on, and says so" wait_for 10 grep -q 'only root can become the user games' "$WORK/daemon.log"
	check "with what it knows" wait_for 10 daemon_beats
	check "operators' words, too" grep -q drain <<< "$(as_user status)"
	stop daemon
fi
