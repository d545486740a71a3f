#!/bin/bash
# SPDX-License-Identifier: MIT
#
# In what the unit's sandbox leaves of a system, without systemd: the daemon, its checks and both example hooks work there.
#
# Made here as systemd makes it: a mount namespace with everything read-only but the runtime directory (ProtectSystem=strict), an
# empty /home, /root and /run/user (ProtectHome=), a /tmp and /var/tmp (PrivateTmp=) and a /dev (PrivateDevices=) of its own, another
# /proc (ProtectProc=); the unit's user without groups, capabilities, or a way to gain any (User=, CapabilityBoundingSet=,
# NoNewPrivileges=); UMask=.  Watched, by strace, rather than enforced: SystemCallFilter=, RestrictAddressFamilies=,
# MemoryDenyWriteExecute=, RestrictSUIDSGID=, RestrictNamespaces=.

if [ -z "${OWN_MOUNTS-}" ]; then
	export OWN_MOUNTS=1
	! unshare -m true 2> /dev/null || exec unshare -m -- bash "$0" "$@"
	OWN_MOUNTS=
fi
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

readonly UNIT=scripts/systemd/mpfailoverd.service
if [ -z "$OWN_MOUNTS" ] || [ "$(id -u)" -ne 0 ] || ! setpriv --reuid=nobody --regid=nogroup --clear-groups true 2> "$WORK/setpriv.log"; then
	skip "the unit's sandbox" "only root can make it"
	exit
fi
for tool in in.tftpd strace systemd-analyze; do
	if ! command -v "$tool" > "$WORK/which.log"; then
		skip "the unit's sandbox" "$tool is not installed"
		exit
	fi
done

# ------------------------------------------------------------------------------------------------------------------ the world

read -r WEB TFTP < <(free_ports 2 127.0.0.1)
cat > "$WORK/pager.py" << 'PYTHON'
import http.server, sys
class Pager(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with open(sys.argv[2], "ab") as out:
            out.write(body)
        self.send_response(204)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Pager).serve_forever()
PYTHON
start pager /usr/bin/python3 "$WORK/pager.py" "$WEB" "$WORK/paged"
mkdir "$WORK/router"
chmod 777 "$WORK/router"
start router in.tftpd -L -4 -c -p -s -u "$(id -un)" -a ":$TFTP" "$WORK/router"
make_certificates || exit 2
site_up 1
site_up 2
site_up 3

# ------------------------------------------------------------------------------------------------------------------ the sandbox

# What is in it beside the system is on a disk that it may read: programs, the configuration, an authority's certificate.
readonly INSIDE=/run/inside RUN=/run/mpfailover
mount -t tmpfs -o mode=755 none /run
mkdir "$INSIDE" "$RUN" /run/user
cp "$DAEMON" "$CTL" scripts/hooks/page scripts/hooks/route-by-tftp "$WORK/ca.pem" "$LIB" "$INSIDE"
id_free=64123
sed "\$amp-sandbox:x:$id_free:$id_free::/nonexistent:/usr/sbin/nologin" /etc/passwd > "$WORK/passwd"
sed "\$amp-sandbox:x:$id_free:" /etc/group > "$WORK/group"
mount --bind "$WORK/passwd" /etc/passwd && mount --bind "$WORK/group" /etc/group
chown mp-sandbox:mp-sandbox "$RUN"
mount -t tmpfs -o "mode=755,uid=$id_free,gid=$id_free" none "$RUN"
cat > "$INSIDE/check" << 'SHELL'
#!/bin/sh
file=$(mktemp) && echo "$MPF_ADDRESS" | grep -q . && rm "$file"
# What it must not be able to.
! touch /etc/x /usr/x /var/x /run/x 2> /dev/null && ! ls /root/ /home/ 2> /dev/null | grep -q .
SHELL
chmod 755 "$INSIDE/check"
TABLE=$RUN/table
write_conf
sed "/^control/d; s/{ $HTTP, $HTTPS }/{ $HTTP }/" "$WORK/mpfailover.conf" > "$INSIDE/mpfailover.conf"
cat >> "$INSIDE/mpfailover.conf" << END
user = "mp-sandbox"
check "secure" { type = https ca-file = "$INSIDE/ca.pem" host = "$NAME" }
service "tls" { ports = { $HTTPS } check = "secure" timing = "quick" hosts = { "tls.example" } candidate "tls" { address = "${SITE[2]}" } }
check "own" { type = exec command = "$INSIDE/check" port = 1 }
service "exec" { ports = { 1 } check = "own" timing = "quick" candidate "exec" { address = "${SITE[2]}" } }
hook "page" { command = "$INSIDE/page http://127.0.0.1:$WEB/alerts" on = { down, up } timeout = "30s" }
hook "router" { on = { down } timeout = "30s"
	command = "MPFAILOVERCTL='$INSIDE/mpfailoverctl -t $TABLE' $INSIDE/route-by-tftp tftp://127.0.0.1:$TFTP/default-route 'ip route 0.0.0.0 0.0.0.0 %s' isp-a=192.0.2.1 isp-b=198.51.100.1" }
END
sed -i '/^hook "router"/{N;s/\n\t/ /}' "$INSIDE/mpfailover.conf"

# shut: the mounts, for what follows in this script's own namespace.  strace's log is outside of them.
shut() {
	local at
	for at in /tmp /var/tmp; do mount -t tmpfs -o mode=1777 none $at || return; done
	for at in /home /root /run/user; do mount -t tmpfs -o mode=0,ro none $at || return; done
	mount -t tmpfs -o mode=755 none /dev && mknod -m 666 /dev/null c 1 3 && mknod -m 666 /dev/zero c 1 5 && mknod -m 666 /dev/full c 1 7 &&
		mknod -m 666 /dev/random c 1 8 && mknod -m 666 /dev/urandom c 1 9 && mknod -m 666 /dev/tty c 5 0 && mount -o remount,ro /dev || return
	mount -t proc -o hidepid=invisible proc /proc || return
	for at in / /run; do mount -o remount,bind,ro $at || return; done
}
sandboxed() {
	umask "$(sed -n 's/^UMask=//p' "$UNIT")"
	exec 3>> "$WORK/strace.log" 4>> "$WORK/daemon.log"
	exec unshare -m bash -c "$(declare -f shut); shut && exec strace -f -qq -yy -s 64 -e signal=none -o /proc/self/fd/3 \
		setpriv --pdeathsig KILL --reuid=mp-sandbox --regid=mp-sandbox --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all \
		$INSIDE/mpfailoverd -c $INSIDE/mpfailover.conf" 2>&4
}
start sandbox sandboxed
status() { "$CTL" -t "$TABLE" status --json; }
sees() { [ "$(status | jq -r --arg name "$1" '[.. | objects | select(.name? == $name and has("verdict"))][0].verdict')" = "$2" ]; }
if ! wait_for 20 sees site-1 up; then
	not_ok "by http" "see below"
	exit 1
fi
ok "by http"
check "by https, with an authority's file" wait_for 20 sees tls up
check "by a command, which cannot write elsewhere, nor look into anybody's home" wait_for 20 sees exec up
same "the table and the sockets, for everyone to use" "644
622
660" "$(stat -c %a "$TABLE" "$RUN/report" "$RUN/control")"
site_down 1
check "a site dies" wait_for 20 sees site-1 down
check "the example hook tells a pager" wait_for 20 grep -q '"event":"down".*site-1' "$WORK/paged"
check "the other one tells a router" wait_for 20 grep -q 'ip route 0.0.0.0 0.0.0.0 192.0.2.1' "$WORK/router/default-route"
same "clients of everyone are led" site-2 "$(setpriv --reuid=nobody --regid=nogroup --clear-groups env LD_PRELOAD="$INSIDE/libmpfailover.so" \
	MPFAILOVER_TABLE="$TABLE" curl -sS "http://${SITE[1]}:$HTTP/")"
check "reload" "$CTL" -s "$RUN/control" reload
kill "$(status | jq .daemon.pid)"
check "it ends" wait "${PID[sandbox]}"
unset "PID[sandbox]"
tail -n 3 "$WORK/daemon.log"

# ------------------------------------------------------------------------------------------------- what the rest would have refused

cat > "$WORK/watched.py" << 'PYTHON'
import re, subprocess, sys
unit, trace = sys.argv[1:]

def names_of(name, seen=()):
    """A set of system calls, with those in it."""
    if not name.startswith("@"):
        return {name}
    text = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager", name], capture_output=True, text=True, check=True).stdout
    names = set()
    for line in text.splitlines()[1:]:
        word = line.strip()
        if word and not word.startswith("#") and word not in seen:
            names |= names_of(word, (*seen, name))
    return names

allowed = set()
settings = [line.strip().split("=", 1) for line in open(unit) if "=" in line and not line.startswith("#")]
for key, value in settings:
    if key == "SystemCallFilter":
        for name in value.lstrip("~").split():
            allowed = allowed - names_of(name) if value.startswith("~") else allowed | names_of(name)
families = next(value.split() for key, value in settings if key == "RestrictAddressFamilies")

# Everything before the daemon's own execve() is setpriv's.
refused, calls, started = set(), 0, False
for line in open(trace, errors="replace"):
    found = re.match(r"\d+ +(?:<\.\.\. )?([a-z0-9_]+)(?:\(| resumed>)(.*)", line)
    if not found:
        continue
    call, rest = found.groups()
    started = started or (call == "execve" and re.match(r'"[^"]*/mpfailoverd"', rest))
    if not started:
        continue
    calls += 1
    if call not in allowed:
        refused.add("SystemCallFilter: " + call)
    if call == "socket" and rest.startswith("AF_") and rest.split(",")[0] not in families:
        refused.add("RestrictAddressFamilies: " + rest)
    if call in ("mmap", "mprotect") and "PROT_WRITE|PROT_EXEC" in rest:
        refused.add("MemoryDenyWriteExecute: " + rest)
    if re.match(r"f?chmod", call) and re.search(r"\b0[2467]\d\d\d\b", rest):
        refused.add("RestrictSUIDSGID: " + rest)
    if call in ("unshare", "setns") or (call.startswith("clone") and "CLONE_NEW" in rest):
        refused.add("RestrictNamespaces: " + rest)
print("\n".join(sorted(refused)))
print(calls, "calls", file=sys.stderr)
PYTHON
same "the unit's filters refuse nothing that was done" "" "$(/usr/bin/python3 "$WORK/watched.py" "$UNIT" "$WORK/strace.log" 2> "$WORK/watched.log")"
cat "$WORK/watched.log"
check "and much was done" [ "$(sed 's/ .*//' "$WORK/watched.log")" -gt 2000 ]
