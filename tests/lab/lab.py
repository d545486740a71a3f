# SPDX-License-Identifier: MIT
"""A network of our own: a client, a long way, a router, and three web servers, in namespaces that vanish with us.

    clients (here) ==wan== router ---- b1, b2, b3

The long way is delay_tun, which also makes most of the faults.  Nothing has a name outside: processes, mounts and
networks live in namespaces that the kernel takes down when this program ends, however it ends.  Any number of labs can
run side by side.
"""

import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

INSIDE = "MPFAILOVER_LAB_INSIDE"
ROOT = Path(__file__).resolve().parents[2]
BACKENDS = {"b1": "10.77.1.1", "b2": "10.77.2.1", "b3": "10.77.3.1"}
SERVICE = "svc.lab"  # what clients ask for: DNS knows b1 alone
PROXY = "proxy.lab"
WORK = Path("/run/lab")  # inside only: /run is a fresh tmpfs there

# Nobody's preload library, proxy or search path but ours.
for _name in ("LD_PRELOAD", "MPFAILOVER_TABLE", "MPFAILOVER_LOG", "MPFAILOVER_OFF", "http_proxy", "ALL_PROXY", "MAKEFLAGS"):
    os.environ.pop(_name, None)
os.environ.update(PATH="/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL="C.UTF-8", PYTHONDONTWRITEBYTECODE="1")


class Unavailable(Exception):
    """No lab can be made here; the text says why."""


# ------------------------------------------------------------------------------------------------ getting inside


def prefix():
    """The command that runs another one in namespaces of its own, dying with it."""
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        raise Unavailable("no access to /dev/net/tun")
    plain = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    attempts = [plain] if os.geteuid() == 0 else []
    attempts.append([*plain, "--user", "--map-root-user"])
    for attempt in attempts:
        tried = subprocess.run([*attempt, "true"], capture_output=True, text=True, check=False)
        if tried.returncode == 0:
            return attempt
    raise Unavailable("namespaces cannot be made: " + tried.stderr.strip())


def is_inside():
    return os.environ.get(INSIDE) == "1"


def run_inside(argv, limit_s=None):
    """Runs ARGV inside and returns what subprocess.run() does.  Should we end first, however, so does all that is inside."""
    lifeline, ours = os.pipe()
    try:
        argv = [*prefix(), "env", INSIDE + "=1", *map(str, argv)]
        return subprocess.run(argv, stdin=lifeline, stdout=subprocess.PIPE, text=True, timeout=limit_s, check=False)
    finally:
        os.close(lifeline)
        os.close(ours)


def hold_lifeline():
    """To be called inside, at the start: ends with whoever has called run_inside()."""

    def watch():
        os.read(0, 1)
        os._exit(1)  # process 1 of its namespace: all others end with it

    threading.Thread(target=watch, daemon=True).start()


def build_dir():
    """Where `make` has put the programs."""
    return (ROOT / os.environ.get("B", "build")).resolve()


# ------------------------------------------------------------------------------------------------------- helpers


def now_ms():
    """CLOCK_MONOTONIC, as the clients print it."""
    return time.monotonic() * 1000


def wait_until(condition, limit_s, what):
    """Waits for CONDITION() to be true, and returns what it returned."""
    end = time.monotonic() + limit_s
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise TimeoutError(f"waited {limit_s} s for {what}")
        time.sleep(0.005)


def be_prompt():
    """What else runs on this machine should not be in the figures; where that is not permitted, it may."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, -15)


def is_listening(address, port):
    with contextlib.suppress(OSError):
        with socket.create_connection((address, port), 0.5):
            return True
    return False


def in_namespace(name, argv):
    return ["nsenter", f"--net=/run/netns/{name}", *argv]


def ip(namespace, *lines):
    """Runs lines of `ip` in NAMESPACE ("": here)."""
    where = ["-n", namespace] if namespace else []
    subprocess.run(["ip", *where, "-batch", "-"], input="\n".join(lines), text=True, check=True)


def spawn(argv, log, **options):
    """A process that is a group of its own; its words go to the file LOG."""
    with open(log, "ab") as out:
        return subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True, **options
        )


def end_group(process, how=signal.SIGKILL):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, how)
    process.wait()


# ------------------------------------------------------------------------------------------------------- the parts


class Wan:
    """The long way between the clients and the router: a device of that name on either side."""

    def __init__(self, delay_us, device="wan"):
        program = build_dir() / "lab/delay_tun"
        self.process = subprocess.Popen(
            [program, device, "/run/netns/router", device],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self._answer("start")
        self.tell(f"delay {delay_us}")

    def _answer(self, what):
        answer = self.process.stdout.readline().split()
        if answer[:1] != ["ok"]:
            raise RuntimeError(f"delay_tun: {what}: {answer}")
        return [int(word) for word in answer[1:]]

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        return self._answer(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


BACKEND_CONF = """
daemon off;
user root;
worker_processes 1;
pid {dir}/pid;
error_log {dir}/error.log;
events {{ worker_connections 4096; }}
http {{
	access_log off;
	client_body_temp_path {dir}/body;
	proxy_temp_path {dir}/proxy;
	fastcgi_temp_path {dir}/fastcgi;
	uwsgi_temp_path {dir}/uwsgi;
	scgi_temp_path {dir}/scgi;
	server {{
		listen {address}:80 backlog=4096;
		location / {{
			default_type text/plain;
			if (-f {dir}/fail) {{ return 503 "{name}\\n"; }}
			return 200 "{name}\\n";
		}}
	}}
}}
"""


class Backend:
    """A real nginx, alone in a namespace."""

    def __init__(self, name, address):
        self.name, self.address = name, address
        self.dir = WORK / name
        self.dir.mkdir()
        (self.dir / "conf").write_text(BACKEND_CONF.format(dir=self.dir, address=address, name=name))
        self.process = None

    def start(self):
        argv = ["nginx", "-p", self.dir, "-e", self.dir / "error.log", "-c", self.dir / "conf"]
        self.process = spawn(in_namespace(self.name, argv), self.dir / "log")

    def wait(self):
        wait_until(lambda: is_listening(self.address, 80), 10, f"{self.name} to listen")

    def signal(self, number):
        os.killpg(self.process.pid, number)

    def kill(self):
        end_group(self.process)


# ------------------------------------------------------------------------------------------------------- the faults


class Fault:
    """How one thing goes wrong, and how it is put right."""

    def __init__(self, start, heal, everywhere=False, check="tcp", text=""):
        self.start, self.heal, self.everywhere, self.check, self.text = start, heal, everywhere, check, text


def _link_up(lab):
    ip("b1", "link set eth0 up", "route add default via 10.77.1.254")


def _start_again(lab):
    lab.backends["b1"].start()
    lab.backends["b1"].wait()


def _wan(*verbs):
    def tell(lab):
        for verb in verbs:
            lab.wan.tell(f"{verb} {BACKENDS['b1']}")

    return tell


def _wan_all(verb):
    def tell(lab):
        for address in BACKENDS.values():
            lab.wan.tell(f"{verb} {address}")

    return tell


FAULTS = {
    "kill": Fault(
        lambda lab: lab.backends["b1"].kill(),
        _start_again,
        text="process killed (RST)",
    ),
    "drop": Fault(_wan("drop"), _wan("pass"), text="packets dropped"),
    "unreach": Fault(
        lambda lab: ip("router", "route add unreachable 10.77.1.1/32"),
        lambda lab: ip("router", "route del unreachable 10.77.1.1/32"),
        text="ICMP unreachable (rate-limited by the kernel)",
    ),
    "linkdown": Fault(
        lambda lab: ip("b1", "link set eth0 down"),
        _link_up,
        text="link of the backend taken down",
    ),
    "reject": Fault(_wan("reject"), _wan("pass"), text="tunnel rejecting (ICMP at once)"),
    "silent-all": Fault(_wan_all("drop"), _wan_all("pass"), everywhere=True, text="all of them silent for 1 s"),
    "refuse-all": Fault(_wan_all("refuse"), _wan_all("pass"), everywhere=True, text="all of them refusing for 1 s"),
    "503": Fault(
        lambda lab: (lab.backends["b1"].dir / "fail").touch(),
        lambda lab: (lab.backends["b1"].dir / "fail").unlink(),
        check="http",
        text="503 to every request",
    ),
    "stopped": Fault(
        lambda lab: lab.backends["b1"].signal(signal.SIGSTOP),
        lambda lab: lab.backends["b1"].signal(signal.SIGCONT),
        check="http",
        text="stopped process: accepts, never answers",
    ),
}


# ---------------------------------------------------------------------------------------------------------- the lab


class Lab:
    """The whole network; `with Lab() as lab:` inside."""

    def __init__(self, delay_us=500):
        self.delay_us = delay_us
        self.wan = None
        self.backends = {}

    def __enter__(self):
        be_prompt()
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
        WORK.mkdir(mode=0o755)
        self._names()
        ip("", "link set lo up", *[f"netns add {name}" for name in ("router", *BACKENDS)])
        self.wan = Wan(self.delay_us)
        self._wires()
        self.backends = {name: Backend(name, address) for name, address in BACKENDS.items()}
        for backend in self.backends.values():
            backend.start()
        for backend in self.backends.values():
            backend.wait()
        return self

    def __exit__(self, *_):
        for backend in self.backends.values():
            backend.kill()
        self.wan.close()

    def _names(self):
        hosts = WORK / "hosts"
        hosts.write_text(f"127.0.0.1 localhost {PROXY}\n{BACKENDS['b1']} {SERVICE}\n")
        subprocess.run(["mount", "--bind", hosts, "/etc/hosts"], check=True)

    def _wires(self):
        ip("", "addr add 10.77.0.2/30 dev wan", "link set wan up", "route add 10.77.0.0/16 via 10.77.0.1")
        router = ["addr add 10.77.0.1/30 dev wan", "link set wan up"]
        for name, address in BACKENDS.items():
            gateway = address.rsplit(".", 1)[0] + ".254"
            ip("router", f"link add {name} type veth peer name eth0 netns {name}")
            router += [f"addr add {gateway}/24 dev {name}", f"link set {name} up"]
            ip(name, f"addr add {address}/24 dev eth0", "link set eth0 up", f"route add default via {gateway}")
        ip("router", *router)
        forward = "echo 1 >/proc/sys/net/ipv4/ip_forward"
        subprocess.run(in_namespace("router", ["sh", "-c", forward]), check=True)

    @contextlib.contextmanager
    def fault(self, name):
        """The fault NAME for as long as the block runs."""
        FAULTS[name].start(self)
        try:
            yield
        finally:
            FAULTS[name].heal(self)
