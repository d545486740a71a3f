#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The example hooks, against a pager, a mail server and a TFTP server that are real; by hand and run by the daemon, and in what a
# sandbox leaves of a system.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

read -r WEB MAIL TFTP < <(free_ports 3 127.0.0.1)

# A pager that keeps what it is told in $WORK/paged, and a mail server that keeps it in $WORK/mailed.  The first two of what each
# is told it does not take ("busy").
cat > "$WORK/receivers.py" << 'PYTHON'
import http.server, socketserver, sys, threading
work, web, mail = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])

class Pager(http.server.BaseHTTPRequestHandler):
    busy = 2
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if Pager.busy and self.path == "/busy":
            Pager.busy -= 1
            self.send_error(503)
            return
        with open(work + "/paged", "ab") as out:
            out.write(b"%s %s %s" % (self.path.encode(), self.headers["Content-Type"].encode(), body))
        self.send_response(204)
        self.end_headers()

class Mail(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")
    def handle(self):
        self.say("220 test")
        for line in self.rfile:
            verb = line.split()[0].upper()
            if verb == b"DATA":
                self.say("354 go on")
                with open(work + "/mailed", "ab") as out:
                    for text in iter(self.rfile.readline, b".\r\n"):
                        out.write(text)
            elif verb in (b"MAIL", b"RCPT"):
                with open(work + "/mailed", "ab") as out:
                    out.write(line)
            self.say("221 bye" if verb == b"QUIT" else "250 ok")
            if verb == b"QUIT":
                return

threading.Thread(target=http.server.HTTPServer(("127.0.0.1", web), Pager).serve_forever, daemon=True).start()
socketserver.TCPServer(("127.0.0.1", mail), Mail).serve_forever()
PYTHON
start receivers /usr/bin/python3 "$WORK/receivers.py" "$WORK" "$WEB" "$MAIL"
check "the receivers listen" wait_for 10 eval "ss -Hltn 'sport = :$WEB' | grep -q . && ss -Hltn 'sport = :$MAIL' | grep -q ."

# event KIND KEY=VALUE ...: as the daemon hands it over, to the command in COMMAND
event() {
	local kind=$1 facts=() fact
	shift
	for fact; do
		facts+=("MPF_${fact%%=*}=${fact#*=}")
	done
	echo "{\"event\":\"$kind\"}" | env "MPF_EVENT=$kind" "${facts[@]}" "${COMMAND[@]}"
}

# ------------------------------------------------------------------------------------------------------------------- page

COMMAND=(scripts/hooks/page "http://127.0.0.1:$WEB/alerts")
check "page, by POST" event down
same "page, by POST: what arrives" '/alerts application/json {"event":"down"}' "$(cat "$WORK/paged")"
COMMAND=(scripts/hooks/page "http://127.0.0.1:$WEB/busy")
check "page, a pager that is busy twice" event up
check "page, a pager that is busy twice: it arrives" grep -q '^/busy .*"up"' "$WORK/paged"
COMMAND=(scripts/hooks/page "http://127.0.0.1:1/")
check "page, nobody there: fails" eval '! event up'

COMMAND=(scripts/hooks/page "smtp://127.0.0.1:$MAIL/" daemon@example.org one@example.org two@example.org)
check "page, by mail" event down SERVICE=dm CANDIDATE=london ADDRESS=192.0.2.80 REASON=refused USABLE=1 \
	INSTEAD=dublin INSTEAD_ADDRESS=198.51.100.80
tr -d '\r' < "$WORK/mailed" > "$WORK/mail.txt"
for line in 'MAIL FROM:<daemon@example.org>' 'RCPT TO:<one@example.org>' 'RCPT TO:<two@example.org>' \
	'To: one@example.org, two@example.org' 'Subject: [mpfailover] dm: london (192.0.2.80) is down: refused' \
	'Connections go to dublin (198.51.100.80).' '{"event":"down"}'; do
	check "page, by mail: $line" grep -qF "$line" "$WORK/mail.txt"
done
COMMAND=(scripts/hooks/page "smtp://127.0.0.1:$MAIL/" daemon@example.org)
check "page, by mail, to nobody: fails" eval '! event down'

# ------------------------------------------------------------------------------------------------------------ route-by-tftp

if ! command -v in.tftpd > /dev/null || [ "$(id -u)" -ne 0 ] || [ "$(< /proc/self/setgroups)" != allow ]; then
	skip "route-by-tftp" "no in.tftpd, or not the machine's own root, which alone may start it"
	exit 0
fi
mkdir "$WORK/router"
chmod 777 "$WORK/router"
# With no address but loopback's it takes none by number.
listen_at=:$TFTP
[ -n "$OWN_NETWORK" ] || listen_at=127.0.0.1:$TFTP
start router in.tftpd -L -4 -c -p -s -u "$(id -un)" -a "$listen_at" "$WORK/router"
check "the router listens" wait_for 10 eval "ss -Hlun 'sport = :$TFTP' | grep -q ."

# What mpfailoverctl would say.
cat > "$WORK/status" << 'SHELL'
#!/bin/sh
cat "${0%/*}/said"
exit "$(cat "${0%/*}/exit")"
SHELL
chmod 755 "$WORK/status"
export MPFAILOVERCTL=$WORK/status
route() {
	echo "$1" > "$WORK/exit"
	printf '%s\n' "${@:2}" > "$WORK/said"
	rm -f "$WORK/router/default-route"
	event uplink-down UPLINK=isp-a 2>> "$WORK/route.log" || return
	cat "$WORK/router/default-route"
}
COMMAND=(scripts/hooks/route-by-tftp "tftp://127.0.0.1:$TFTP/default-route" 'ip route 0.0.0.0 0.0.0.0 %s' isp-a=192.0.2.1 isp-b=198.51.100.1)
same "route: all well" 'ip route 0.0.0.0 0.0.0.0 192.0.2.1' "$(route 0 'table x')"
same "route: the first uplink is down" 'ip route 0.0.0.0 0.0.0.0 198.51.100.1' \
	"$(route 0 'table x' 'uplink isp-a: down for 2s, while another lives')"
same "route: another uplink is down" 'ip route 0.0.0.0 0.0.0.0 192.0.2.1' "$(route 1 'uplink isp-b: down for 2s')"
same "route: a name that begins alike" 'ip route 0.0.0.0 0.0.0.0 192.0.2.1' "$(route 1 'uplink isp-a2: down for 2s')"
same "route: all down" 'ip route 0.0.0.0 0.0.0.0 192.0.2.1' "$(route 4 'uplink isp-a: down' 'uplink isp-b: down')"
same "route: no table, no route" '' "$(route 3 'nothing')"
chmod 555 "$WORK/router"
COMMAND[1]="tftp://127.0.0.1:$TFTP/no/such/place"
same "route: the router refuses" '' "$(route 0 'table x')"
check "route: and that is told" grep -q 'try 3 failed' "$WORK/route.log"
chmod 777 "$WORK/router"

# ----------------------------------------------------------------------------------------------------------- by the daemon

rm -f "$WORK/paged" "$WORK/router/default-route"
echo 0 > "$WORK/exit"
echo 'uplink isp-a: down for 1s' > "$WORK/said"
write_conf
cat >> "$WORK/mpfailover.conf" << CONF
hook "page" { command = "$PWD/scripts/hooks/page http://127.0.0.1:$WEB/alerts" on = { down, up, all-down } timeout = "30s" }
hook "router" { command = "$PWD/scripts/hooks/route-by-tftp tftp://127.0.0.1:$TFTP/default-route 'ip route 0.0.0.0 0.0.0.0 %s' isp-a=192.0.2.1 isp-b=198.51.100.1" on = { down } timeout = "30s" }
CONF
# As the unit has it: no rights, none to be gained, and nothing can be written but the table's directory and a /tmp of its own.
sandbox=()
mkdir "$WORK/tmp"
if unshare -m true 2> /dev/null; then
	# shellcheck disable=SC2016 # it is the inner shell that expands
	sandbox=(unshare -m env "TMPDIR=$WORK/tmp" bash -c '
		mount --bind "$1" "$1" && mount -o remount,bind,ro / && shift &&
			! touch "$0" 2> /dev/null && umask 077 &&
			exec setpriv --no-new-privs --inh-caps=-all --ambient-caps=-all --bounding-set=-all "$@"' "$PWD/read-only" "$WORK")
else
	skip "by the daemon: in a sandbox" "there is no mount namespace to be had"
fi
site_up 1
site_up 2
site_up 3
start daemon "${sandbox[@]}" "$DAEMON" -c "$WORK/mpfailover.conf" -t "$TABLE"
check "the daemon sees them up" verdicts_are site-1=up site-2=up site-3=up
site_down 1
check "by the daemon: paged" wait_for 20 grep -q '"event":"down","service":"dm","candidate":"site-1"' "$WORK/paged"
check "by the daemon: where connections go is part of it" grep -q '"usable":2,"instead":"site-2"' "$WORK/paged"
check "by the daemon: the route has arrived" wait_for 20 grep -q '198.51.100.1' "$WORK/router/default-route"
check "by the daemon: the log says how both ended" wait_for 20 \
	eval "grep -q 'event=hook hook=page on=down .*ended=exit status=0' '$WORK/daemon.log' && grep -q 'event=hook hook=router .*ended=exit status=0' '$WORK/daemon.log'"
site_up 1
check "by the daemon: and up" wait_for 20 grep -q '"event":"up","service":"dm","candidate":"site-1"' "$WORK/paged"
