# SPDX-License-Identifier: MIT
"""Two ways out of this machine: one of them breaks, next to us or far away, and comes back."""

import functools
import json
import subprocess
import sys

import check
import lab
from clients import CLIENTS, Loop, sleep_until
from contenders import Way
from lab import BACKENDS, SERVICE, WORK

UPLINKS = {"isp-a": "10.78.1", "isp-b": "10.78.2"}
SERVERS = ("b1", "b2")
KINDS = ("blocking", "poll")
LONGEST_MS = 200
NOTICED_MS = 2000
BEFORE_MS, DURING_MS, AFTER_MS = 500, 2500, 1500

# No capability is left, so that what a client does here any user's client can do.
UNPRIVILEGED = ["setpriv", "--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all"]

CONFIGURATION = """
table = "{dir}/table"
uplink "isp-a" {{ source = "10.78.1.2"  interface = "isp-a" }}
uplink "isp-b" {{ source = "10.78.2.2"  interface = "isp-b" }}
timing "lab" {{ down = "200ms"  hold-up = "500ms" }}
service "lab" {{
	hosts = {{ "{host}" }}
	ports = {{ 80 }}
	timing = "lab"
	candidate "b1" {{ address = "{b1}"  uplinks = {{ "isp-a", "isp-b" }} }}
	candidate "b2" {{ address = "{b2}"  uplinks = {{ "isp-a", "isp-b" }} }}
}}
hook "note" {{ command = "cat >> {dir}/hook.log"  on = {{ uplink-down, uplink-up }} }}
hook "router" {{
	command = "MPFAILOVERCTL='{ctl} -t {dir}/table' {root}/scripts/hooks/route-by-tftp tftp://10.77.0.1/default-route 'via %s' isp-a=10.78.1.1 isp-b=10.78.2.1"
	on = {{ uplink-down, uplink-up }}  timeout = "30s"
}}
control {{ socket = "{dir}/control" }}
"""


class TwoIsps(lab.Lab):
    """The lab's servers, behind two ways that end at the same router; packets take the one of their source."""

    def __enter__(self):
        super().__enter__()
        self.ways = {name: lab.Wan(self.delay_us, name) for name in UPLINKS}
        for table, (name, net) in enumerate(UPLINKS.items(), 101):
            ip_here = [f"addr add {net}.2/30 dev {name}", f"link set {name} up"]
            lab.ip("", *ip_here, f"route add default via {net}.1 table {table}", f"rule add from {net}.2 table {table}")
            lab.ip("router", f"addr add {net}.1/30 dev {name}", f"link set {name} up")
        # What has no source of its own takes the first one.
        lab.ip("", "route del 10.77.0.0/16", "route add default via 10.78.1.1")
        return self

    def __exit__(self, *what):
        for way in self.ways.values():
            way.close()
        super().__exit__(*what)

    def link_down(self):
        lab.ip("", "link set isp-a down")

    def link_up(self):
        net = UPLINKS["isp-a"]
        lab.ip("", "link set isp-a up", f"route add default via {net}.1 table 101", f"route add default via {net}.1")

    def blackhole(self, verb="drop"):
        for address in BACKENDS.values():
            self.ways["isp-a"].tell(f"{verb} {address}")

    def heal(self):
        self.blackhole("pass")


FAULTS = {
    "its link goes down": (TwoIsps.link_down, TwoIsps.link_up),
    "it is blackholed upstream": (TwoIsps.blackhole, TwoIsps.heal),
}


class Daemon:
    """mpfailoverd, and what it says."""

    def __init__(self):
        self.dir = WORK / "daemon"
        self.dir.mkdir(mode=0o755)
        self.conf = self.dir / "conf"
        ctl = lab.build_dir() / "mpfailoverctl"
        self.conf.write_text(CONFIGURATION.format(dir=self.dir, host=SERVICE, ctl=ctl, root=lab.ROOT, **BACKENDS))
        self.process = None

    def __enter__(self):
        self.process = lab.spawn([lab.build_dir() / "mpfailoverd", "-c", self.conf], self.dir / "log")
        lab.wait_until(lambda: self.verdicts() == ["up"] * 4, 10, "every candidate to be up")
        return self

    def __exit__(self, *_):
        lab.end_group(self.process)

    def status(self):
        argv = [lab.build_dir() / "mpfailoverctl", "-t", self.dir / "table", "status", "--json"]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        return json.loads(done.stdout)

    def verdicts(self):
        return [c["verdict"] for s in self.status().get("services", []) for c in s["candidates"]]

    def held(self):
        return [c["name"] for s in self.status()["services"] for c in s["candidates"] if c["held"]]

    def down(self):
        return [uplink["name"] for uplink in self.status()["uplinks"] if uplink["down"]]

    def log(self, event):
        return [line for line in (self.dir / "log").read_text().splitlines() if f"event={event} " in line]

    def hooks(self):
        lines = (self.dir / "hook.log").read_text().splitlines() if (self.dir / "hook.log").exists() else []
        return [(event["event"], event["uplink"]) for event in map(json.loads, lines)]

    def way(self):
        environment = {"LD_PRELOAD": str(lab.build_dir() / "libmpfailover.so"), "MPFAILOVER_TABLE": str(self.dir / "table")}
        return Way(SERVICE, 80, environment)


class Tftpd:
    """The router's: what it is given lies in a directory."""

    def __init__(self):
        self.dir = WORK / "tftp"
        self.dir.mkdir()
        self.dir.chmod(0o777)
        argv = ["in.tftpd", "-L", "-4", "-c", "-s", "-u", "root", "-a", "10.77.0.1:69", self.dir]
        self.process = lab.spawn(lab.in_namespace("router", argv), WORK / "tftp.log")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        lab.end_group(self.process)

    def wait_for(self, gateway):
        """Until the file leads there."""
        route = self.dir / "default-route"
        lab.wait_until(lambda: route.exists() and route.read_text() == f"via {gateway}\n", 20, f"a route via {gateway}")


def unprivileged(kind):
    return lambda *arguments: [*UNPRIVILEGED, *CLIENTS[kind](*arguments)]


def slow_or_failed(requests, fault_ms, struck_ms):
    # What was on its way through the uplink when that broke is lost, whoever has connected it.
    requests = [r for r in requests if r.start_ms >= struck_ms or r.end_ms <= fault_ms]
    failed = [r for r in requests if r.failed]
    longest_ms = max(r.latency_ms for r in requests)
    if failed:
        return f"{len(failed)} of {len(requests)} failed, one with {failed[0].outcome}"
    return longest_ms > LONGEST_MS and f"one took {longest_ms:.0f} ms"


def endure(title, kind):
    """One new connection every 10 ms, all the while."""
    strike, heal = FAULTS[title]
    CLIENTS["unprivileged"] = unprivileged(kind)
    name = f"{title}, {kind}"
    with TwoIsps() as net, Tftpd() as router, Daemon() as daemon:
        count = (BEFORE_MS + DURING_MS + AFTER_MS) // 10
        loop = Loop("unprivileged", daemon.way(), count)
        sleep_until(loop.start_ms + BEFORE_MS)
        fault_ms = lab.now_ms()
        strike(net)
        struck_ms = lab.now_ms()
        lab.wait_until(lambda: daemon.log("uplink-down"), 10, "the log to say that the uplink is down")
        noticed_ms = lab.now_ms() - struck_ms
        print(f"{name}: noticed after {noticed_ms:.0f} ms", file=sys.stderr)
        check.check(f"{name}: noticed within 2 s", noticed_ms > NOTICED_MS and f"after {noticed_ms:.0f} ms")
        check.check(f"{name}: in the status", daemon.down() != ["isp-a"] and daemon.down())
        router.wait_for("10.78.2.1")
        check.check(f"{name}: the router is given the other route", False)
        sleep_until(struck_ms + DURING_MS)
        heal(net)
        requests = loop.wait()
        check.check(f"{name}: nothing fails, nothing takes long", slow_or_failed(requests, fault_ms, struck_ms))
        lab.wait_until(lambda: daemon.log("uplink-up"), 10, "the log to say that the uplink is up")
        check.check(f"{name}: it is up again", daemon.down())
        router.wait_for("10.78.1.1")
        check.check(f"{name}: the router is given the first route again", False)
        lab.wait_until(lambda: not daemon.held(), 10, "the hold to be over")
        net.ways["isp-a"].tell("count")
        requests = Loop("unprivileged", daemon.way(), 20).wait()
        syns = net.ways["isp-a"].tell("count")[0]
        check.check(f"{name}: it is used again", slow_or_failed(requests, 0, 0) or syns < 20 and f"by {syns} of 20")
        wanted = [("uplink-down", "isp-a"), ("uplink-up", "isp-a")]
        lab.wait_until(lambda: len(daemon.hooks()) >= len(wanted), 10, "the hook")
        check.check(f"{name}: the hook ran once for each", daemon.hooks() != wanted and daemon.hooks())
        others = [line for line in daemon.log("uplink-down") if "uplink=isp-a" not in line]
        check.check(f"{name}: the other is not blamed", others)


def warnings(daemon_dir, text):
    """What -n says of a configuration but its last line."""
    conf = daemon_dir / "tried"
    conf.write_text(text)
    done = subprocess.run([lab.build_dir() / "mpfailoverd", "-n", "-c", conf], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return [line.replace(f"{conf}:", "") for line in done.stderr.splitlines()]


def warned():
    """Uplinks that are none, since the routes lead elsewhere."""
    with TwoIsps(), Daemon() as daemon:
        text = daemon.conf.read_text()

        def expect(name, text, *wanted):
            said = warnings(daemon.dir, text)
            good = len(said) == len(wanted) and all(want in line for want, line in zip(wanted, said))
            check.check(f"-n: {name}", not good and str(said))

        elsewhere = 'uplink "isp-b": connections from 10.78.2.2 to 10.77.1.1 leave by isp-a, not by isp-b'
        together = 'uplink "isp-b": its connections leave by isp-a, as those of uplink "isp-a" do'
        nameless = text.replace('interface = "isp-b"', "")
        sourceless = text.replace('source = "10.78.2.2"', "")
        def doctor(name, code, *wanted):
            argv = [lab.build_dir() / "mpfailoverctl", "-t", daemon.dir / "table", "doctor", "--json"]
            done = subprocess.run(argv, capture_output=True, text=True, check=False)
            part = next(part for part in json.loads(done.stdout)["parts"] if part["subject"] == "the uplinks")
            good = part["code"] == code and len(part["notes"]) == len(wanted)
            good = good and all(want in note for want, note in zip(wanted, part["notes"]))
            check.check(f"doctor: {name}", (not good or code != "acts" and not done.returncode) and str(part))

        expect("as it should be", text)
        doctor("as it should be", "acts")
        expect("sources alone", nameless)
        expect("no such address", text.replace("10.78.2.2", "10.78.3.2"), "does not have the address 10.78.3.2 now")
        expect("no such interface", text.replace('interface = "isp-b"', 'interface = "isp-c"'), "no interface isp-c now")
        expect("an interface alone", sourceless, "programs reach 10.77.1.1 by isp-a, and only checks by isp-b", together)
        lab.ip("", "rule del from 10.78.2.2 table 102")
        expect("no rule", text, elsewhere, together)
        expect("no rule, no interface", nameless, elsewhere, together)
        doctor("no rule", "uplinks", f"{daemon.conf}:4: {elsewhere}", together)
        lab.ip("", "rule add from 10.78.2.2 table 103", "route add unreachable default table 103")
        expect("no route", text, "there is no route from 10.78.2.2 to 10.77.1.1 now")
        check.check("the log warns of nothing that is well", daemon.log("config"))


GROUPS = {f"{title}, {kind}": functools.partial(endure, title, kind) for title in FAULTS for kind in KINDS}
GROUPS["warnings"] = warned

if __name__ == "__main__":
    check.main(GROUPS)
