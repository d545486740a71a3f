#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The Debian package: built, looked at by lintian, installed in a fresh Debian, used there, upgraded while clients connect, removed,
# installed again, purged.  There is no systemd in there: a script in its place does what the unit says, as far as it matters here.

# Outside of any namespace: what the network is needed for.
if [ -z "${BASE-}${WHY-}" ]; then
	cd "$(dirname "$0")/../.." || exit 2
	B=$(realpath -m "${B:-build}")
	# shellcheck source=tests/e2e/chroot.bash
	. tests/e2e/chroot.bash
	# What the package depends on: its libraries, and those by which scripts ask for users.
	packages=$(ldd "$B/mpfailoverd" "$B/mpfailoverctl" | sed -nE 's/.* => ([^ ]+) .*/\1/p' | sort -u | while read -r library; do
		dpkg-query -S "$library" "$(realpath "$library")" 2> /dev/null | head -n 1
	done | sed 's/:.*//' | sort -u | grep -vxE 'libc6|libgcc-s1')
	# shellcheck disable=SC2086 # a list of words
	if answer=$(chroot_base systemd-standalone-sysusers ca-certificates curl $packages); then
		export BASE=$answer
	else
		export WHY=$answer
	fi
fi
if [ -z "${OWN_MOUNTS-}" ]; then
	export OWN_MOUNTS=1
	! unshare -m true 2> /dev/null || exec unshare -m -- bash "$0" "$@"
	OWN_MOUNTS=
fi
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"
# shellcheck source=tests/e2e/chroot.bash
. tests/e2e/chroot.bash

# ------------------------------------------------------------------------------------------------------------------ built

# Not where others run what is built.
mkdir "$WORK/build"
(cd "$B" && find conf probe preload m32 mpfailoverd mpfailoverctl libmpfailover.so version \
	-path m32/tests -prune -o \( -name '*.o' -o -name '*.so' -o -name version -o -name 'mpfailover*' \) -type f -print0 |
	xargs -0 cp --preserve=mode,timestamps --parents -t "$WORK/build")

# package VERSION
package() { make B="$WORK/build" VERSION="$1" deb > "$WORK/make.log" 2>&1 || { cat "$WORK/make.log"; return 1; }; }

VERSION=$(sed -n 's/^VERSION = //p' Makefile)
ARCH=$(dpkg --print-architecture)
readonly VERSION ARCH
# lint PACKAGE: lintian leaves a file in /tmp, whatever TMPDIR says, so where it can be that is a directory of ours
lint() {
	# shellcheck disable=SC2016 # the inner shell expands them
	if [ -n "$OWN_MOUNTS" ] && [ "$(id -u)" -eq 0 ]; then
		unshare -m sh -c 'mount --bind "$0" /tmp && cd / && exec lintian --allow-root "/tmp/${1#"$0"/}"' "$WORK" "$1"
	else
		lintian "$1"
	fi
}

readonly FIRST=$WORK/build/mpfailover_${VERSION}_$ARCH.deb NEXT=$WORK/build/mpfailover_$VERSION+next_$ARCH.deb
check "make deb" package "$VERSION"
check "a higher version" package "$VERSION+next"
if [ ! -e "$FIRST" ] || [ ! -e "$NEXT" ]; then exit 1; fi
same "and it knows that it is" "mpfailoverd $VERSION+next" "$(MPFAILOVER_OFF=1 "$WORK/build/mpfailoverd" -V)"
same "lintian has nothing to say" "" "$(lint "$FIRST" 2>&1)"
same "the configuration is a conffile" "/etc/mpfailover.conf" "$(dpkg-deb -I "$FIRST" conffiles)"
if [ "$ARCH" = amd64 ]; then
	same "the library, for both word sizes" "./usr/lib/i386-linux-gnu/libmpfailover.so|./usr/lib/x86_64-linux-gnu/libmpfailover.so" \
		"$(dpkg-deb -c "$FIRST" | awk '$NF ~ /linux-gnu\/libmpfailover.so$/ && $1 ~ /^-/ { print $NF }' | sort | paste -sd '|')"
fi
if [ -n "${WHY-}" ] || [ -z "$OWN_MOUNTS" ] || [ "$(id -u)" -ne 0 ]; then
	skip "the package in a fresh Debian" "${WHY:-no mount namespace of its own can be made here}"
	exit
fi

# -------------------------------------------------------------------------------------------------------------- installed

readonly ROOT=$WORK/debian
daemon_pid() { cat "$ROOT/run/fake.pid"; }
daemon_lives() { [ "$(readlink "/proc/$(daemon_pid)/root")" = "$ROOT" ]; }
leave() {
	local status=$?
	# It is in a session of its own, where nobody else looks for it.
	! daemon_lives 2> /dev/null || { kill -KILL "$(daemon_pid)" && wait_for 10 eval '! daemon_lives'; }
	chroot_drop "$ROOT"
	(exit $status)
	at_end
}
trap leave EXIT
chroot_copy "$BASE" "$ROOT" || exit 2
in_debian() { env -u B LC_ALL=C chroot "$ROOT" "$@"; }
quietly() { "$@" > "$WORK/quietly.log" 2>&1 || { cat "$WORK/quietly.log"; return 1; }; }

# In the place of systemd: what the unit says, by setpriv.
mkdir -p "$ROOT/run/systemd/system"
cat > "$ROOT/usr/bin/systemctl" << 'SHELL'
#!/bin/sh
unit=/lib/systemd/system/mpfailoverd.service
value() { sed -n "s/^$1=//p" $unit; }
running() { [ -e /run/fake.pid ] && kill -0 "$(cat /run/fake.pid)" 2> /dev/null; }
stop() {
	running && kill "$(cat /run/fake.pid)"
	for try in $(seq 1000); do
		running || return 0
		sleep 0.01
	done
	echo "the daemon does not end" >&2
	return 1
}
start() {
	eval "$(value ExecCondition)" || return 0
	user=$(value User)
	mkdir -p "/run/$(value RuntimeDirectory)" && chown "$user:$user" "/run/$(value RuntimeDirectory)"
	setsid setpriv --reuid="$user" --regid="$user" --init-groups --no-new-privs --inh-caps=-all --bounding-set=-all \
		sh -c "echo \$\$ > /run/fake.pid.new; exec $(value ExecStart)" >> /run/fake.log 2>&1 &
	for try in $(seq 500); do
		mpfailoverctl status > /dev/null 2>&1
		[ $? -ge 3 ] || break
		sleep 0.01
	done
}
for word; do
	case $word in
	-*) ;;
	start) running || start; exit ;;
	stop) stop; exit ;;
	restart) stop && start; exit ;;
	preset | enable) ln -sf "$unit" /etc/systemd/system/multi-user.target.wants/; exit ;;
	is-enabled) [ -e /etc/systemd/system/multi-user.target.wants/mpfailoverd.service ] && echo enabled; exit ;;
	is-active) running; exit ;;
	*) exit ;;
	esac
done
SHELL
chmod 755 "$ROOT/usr/bin/systemctl"
cp "$CLIENTS/hammer" "$ROOT/usr/bin/hammer"
: > "$ROOT/run/fake.pid.new"
chmod 666 "$ROOT/run/fake.pid.new"
ln -s fake.pid.new "$ROOT/run/fake.pid"

# All but what dpkg, ldconfig and the tools for users keep of themselves.
files() {
	(cd "$ROOT" && find . -path ./proc -prune -o -path ./dev -prune -o ! -path './var/lib/dpkg/*' ! -path './var/log/*' \
		! -path './var/cache/*' ! -path './run/fake*' ! -name '*-' -print | sort)
}
accounts() { cat "$ROOT/etc/passwd" "$ROOT/etc/group" "$ROOT/etc/shadow"; }
files > "$WORK/files.before"
accounts > "$WORK/accounts.before"

install_package() {
	cp "$1" "$ROOT/package.deb"
	quietly in_debian env DEBIAN_FRONTEND=noninteractive dpkg --force-confdef -i /package.deb && rm "$ROOT/package.deb"
}
ctl() { in_debian mpfailoverctl "$@"; }
candidate() { ctl status --json | jq -er --arg name "$1" '[.. | objects | select(.name? == $name and has("verdict"))][0].verdict'; }
candidate_is() { [ "$(candidate "$1")" = "$2" ]; }
ended() { ! kill -0 "$1" 2> /dev/null; }

site_up 1
site_up 2
site_up 3
if ! install_package "$FIRST"; then
	not_ok "it installs" "see above"
	exit 1
fi
ok "it installs"
check "the user is there" in_debian getent passwd mpfailover
check "the service is enabled" in_debian systemctl is-enabled mpfailoverd
check "but not started: the example leads nowhere" eval '! in_debian systemctl is-active mpfailoverd'
check "what is installed is in order" quietly in_debian mpfailoverd -n
write_conf
{ sed "/^table\|^control/d" "$WORK/mpfailover.conf"; echo 'user = "mpfailover"'; } > "$ROOT/etc/mpfailover.conf"
in_debian systemctl start mpfailoverd
check "edited, it starts" wait_for 10 eval 'candidate_is site-1 up && candidate_is site-2 up && candidate_is site-3 up'
same "whose everything is" "directory 755 mpfailover mpfailover
regular file 644 mpfailover mpfailover
socket 622 mpfailover mpfailover
socket 660 mpfailover mpfailover" "$(in_debian stat -c '%F %a %U %G' /run/mpfailover /run/mpfailover/table /run/mpfailover/report /run/mpfailover/control)"
same "a client" site-1 "$(in_debian mpfailover curl -sS "http://$NAME:$HTTP/")"
site_down 1
check "a site dies" wait_for 10 candidate_is site-1 down
same "the client goes to another" site-2 "$(in_debian mpfailover curl -sS "http://${SITE[1]}:$HTTP/")"

# --------------------------------------------------------------------------------------------------------------- upgraded

ctl drain dm/site-3 > "$WORK/drain.log"
# One that goes on all the time, one that is started again and again: each asks for the dead one.
start steady in_debian mpfailover hammer -i 10 "${SITE[1]}" "$HTTP"
again() {
	local fetched=0 failed=0
	until [ -e "$WORK/enough" ]; do
		if in_debian mpfailover hammer -c 1 "${SITE[1]}" "$HTTP" > "$WORK/again.one" 2>&1; then fetched=$((fetched + 1)); fi
		grep -q 'failed=0' "$WORK/again.one" || failed=$((failed + 1))
		sleep 0.01
	done
	echo "fetched=$fetched failed=$failed"
}
again > "$WORK/again.log" &
PID[again]=$!
before=$(daemon_pid)
check "it is upgraded" install_package "$NEXT"
check "the daemon is another one" [ "$before" != "$(daemon_pid)" ]
same "of the new version" "mpfailoverd $VERSION+next" "$(in_debian mpfailoverd -V)"
same "it goes on from the verdicts" "down" "$(candidate site-1)"
check "all of them" grep -q '3 candidates, 3 of them known' <(tail -n 5 "$ROOT/run/fake.log")
check "and from what an operator has said" grep -q 'drain' <<< "$(ctl status)"
check "the configuration is the operator's still" grep -qF "${SITE[3]}" "$ROOT/etc/mpfailover.conf"
touch "$WORK/enough"
wait "${PID[again]}"
unset "PID[again]"
pkill -TERM -P "${PID[steady]}" hammer 2> /dev/null || kill "${PID[steady]}"
wait "${PID[steady]}"
unset "PID[steady]"
cat "$WORK/steady.log" "$WORK/again.log"
check "meanwhile no connect has failed" grep -qE '^fetched=[1-9][0-9]* failed=0 ' "$WORK/steady.log"
check "nor has a new client's" grep -qE '^fetched=[1-9][0-9]* failed=0$' "$WORK/again.log"

# ------------------------------------------------------------------------------------------------------- removed, and back

start held in_debian mpfailover hammer -i 10 "${SITE[2]}" "$HTTP"
check "it is removed" quietly in_debian dpkg -r mpfailover
check "running clients are let go" grep -aq 'event=operator command=off' "$ROOT/run/fake.log"
check "and the daemon ends" ended "$(daemon_pid)"
check "the configuration stays" [ -e "$ROOT/etc/mpfailover.conf" ]
check "it is installed again" install_package "$NEXT"
check "and is on again" eval '! ctl status | grep -qi "switched off\|is off"'
same "a client is led again" site-2 "$(in_debian mpfailover curl -sS "http://${SITE[1]}:$HTTP/")"
check "it is purged" quietly in_debian dpkg -P mpfailover
pkill -TERM -P "${PID[held]}" hammer 2> /dev/null || kill "${PID[held]}"
wait "${PID[held]}"
unset "PID[held]"
check "a client that ran all the while has not failed" grep -qE '^fetched=[1-9][0-9]* failed=0 ' "$WORK/held.log"
check "no process is left" ended "$(daemon_pid)"
same "nothing is left behind" "" "$(files | diff "$WORK/files.before" -)"
same "nor is the user" "" "$(accounts | diff "$WORK/accounts.before" -)"
