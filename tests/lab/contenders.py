# SPDX-License-Identifier: MIT
"""Who steers the clients around a fault: each is a context that yields a Way."""

import contextlib
import mmap
import os
import signal
import struct
from dataclasses import dataclass, field

from lab import BACKENDS, PROXY, SERVICE, WORK, build_dir, end_group, is_listening, spawn, wait_until


@dataclass
class Way:
    """How a client gets to the service."""

    host: str
    port: int
    environment: dict = field(default_factory=dict)

    def environ(self):
        return {**os.environ, **self.environment}


@contextlib.contextmanager
def bare(_check):
    yield Way(SERVICE, 80)


# --------------------------------------------------------------------------------------------------------- proxies

HAPROXY_DEFAULTS = """
global
	maxconn 8000
	log stderr local0
defaults
	mode tcp
	timeout connect 5s
	timeout client 50s
	timeout server 50s
backend service
	{http}
	server b1 {b1}:80 check
	server b2 {b2}:80 check backup
	server b3 {b3}:80 check backup
frontend all
	bind 127.0.0.1:8080
	default_backend service
"""

HAPROXY_EXPERT = """
global
	maxconn 8000
	log stderr local0
defaults
	mode tcp
	timeout connect 100ms
	timeout check 100ms
	timeout client 30s
	timeout server 30s
	retries 3
	option redispatch 1
backend service
	{http}
	default-server check inter {inter} fastinter 50ms fall 2 rise 2 observe layer4 error-limit 1 on-error mark-down
	server b1 {b1}:80
	server b2 {b2}:80 backup
	server b3 {b3}:80 backup
frontend all
	bind 127.0.0.1:8080
	default_backend service
"""


@contextlib.contextmanager
def _proxy(argv):
    process = spawn(argv, WORK / "proxy.log")
    try:
        wait_until(lambda: is_listening("127.0.0.1", 8080), 10, f"{argv[0]} to listen")
        yield Way(PROXY, 8080)
    finally:
        end_group(process)


def _haproxy(template, check):
    http = "option httpchk GET /" if check == "http" else ""
    inter = "200ms" if check == "http" else "100ms"
    (WORK / "haproxy.cfg").write_text(template.format(http=http, inter=inter, **BACKENDS))
    return _proxy(["haproxy", "-db", "-f", WORK / "haproxy.cfg"])


NGINX_STREAM = """
daemon off;
user root;
worker_processes 2;
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
pid {dir}/proxy.pid;
error_log {dir}/proxy-error.log;
events {{ worker_connections 8000; }}
stream {{
	upstream service {{
		server {b1}:80;
		server {b2}:80 backup;
		server {b3}:80 backup;
	}}
	server {{
		listen 127.0.0.1:8080 backlog=4096;
		proxy_pass service;
		proxy_connect_timeout 100ms;
		proxy_next_upstream on;
	}}
}}
"""


def nginx_stream(_check):
    (WORK / "stream.conf").write_text(NGINX_STREAM.format(dir=WORK, **BACKENDS))
    return _proxy(["nginx", "-p", WORK, "-e", WORK / "proxy-error.log", "-c", WORK / "stream.conf"])


# ------------------------------------------------------------------------------------------------------ mpfailover

VERDICTS = ("unknown", "up", "suspect", "down")


class Table:
    """The few words of the shared table that are of interest here, read as preload/table.h lays them out."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.map = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)

    def close(self):
        self.map.close()

    def _words(self, offset, count=1):
        return struct.unpack_from(f"={count}I", self.map, offset)

    def _elements(self, array_at):
        active = self._words(28)[0]
        slot = self._words(16 + 4 * active)[0]
        offset, stride, _ = self._words(array_at, 3)
        count = self._words(slot + 12)[0]
        return [slot + offset + stride * i for i in range(count)]

    def verdicts(self):
        return [VERDICTS[self._words(at)[0] & 0xF] for at in self._elements(72)]

    def flags(self):
        return [self._words(at)[0] >> 8 & 0xF for at in self._elements(72)]

    def moved(self):
        return sum(self._words(at + 88)[0] for at in self._elements(84))


MPFAILOVER = """
table = "{dir}/table"
check "page" {{ {check} }}
timing "lab" {{ {timing} }}
service "lab" {{
	hosts = {{ "{host}" }}
	ports = {{ 80 }}
	check = "page"
	timing = "lab"
	{options}
	candidate "b1" {{ address = "{b1}" }}
	candidate "b2" {{ address = "{b2}" }}
	candidate "b3" {{ address = "{b3}" }}
}}
control {{ socket = "{dir}/control" }}
"""

CHECKS = {"tcp": "type = tcp", "http": 'type = http  path = "/"  status = "200"'}
TIMINGS = {
    "tcp": 'interval = "1s"',
    "http": 'interval = "200ms"  fast = "50ms"  timeout = "100ms"  fall = 2',
}


class Mpfailover:
    """The daemon and what a client needs to use its table."""

    def __init__(self, check="tcp", options="", check_text=None, timing_text=None, expect="up", verbose=False):
        self.dir = WORK / "mpfailover"
        self.dir.mkdir(mode=0o755, exist_ok=True)
        self.expect = expect
        self.verbose = verbose
        (self.dir / "conf").write_text(
            MPFAILOVER.format(
                dir=self.dir,
                check=check_text or CHECKS[check],
                timing=timing_text or TIMINGS[check],
                options=options,
                host=SERVICE,
                **BACKENDS,
            )
        )
        self.way = Way(
            SERVICE,
            80,
            {"LD_PRELOAD": str(build_dir() / "libmpfailover.so"), "MPFAILOVER_TABLE": str(self.dir / "table")},
        )
        self.process = None

    def table(self):
        return contextlib.closing(Table(self.dir / "table"))

    def verdicts(self):
        with self.table() as table:
            return table.verdicts()

    def _is_ready(self):
        if self.process.poll() is not None:
            raise RuntimeError("mpfailoverd: " + (self.dir / "log").read_text())
        with contextlib.suppress(OSError, ValueError, struct.error):
            verdicts = self.verdicts()
            return len(verdicts) == len(BACKENDS) and set(verdicts) == {self.expect}
        return False

    def __enter__(self):
        argv = [build_dir() / "mpfailoverd", "-c", self.dir / "conf", *(["-v"] if self.verbose else [])]
        self.process = spawn(argv, self.dir / "log")
        wait_until(self._is_ready, 10, f"every candidate to be {self.expect}")
        return self

    def freeze(self):
        """It neither checks nor listens any more, but it is not stale yet."""
        os.killpg(self.process.pid, signal.SIGSTOP)

    def kill(self):
        end_group(self.process, signal.SIGKILL)

    def __exit__(self, *_):
        self.kill()


@contextlib.contextmanager
def mpfailover(check):
    with Mpfailover(check) as daemon:
        yield daemon.way


CONTENDERS = {
    "bare": (bare, "bare client"),
    "haproxy": (lambda check: _haproxy(HAPROXY_DEFAULTS, check), "HAProxy, defaults"),
    "haproxy-expert": (lambda check: _haproxy(HAPROXY_EXPERT, check), "HAProxy, tuned"),
    "nginx-stream": (nginx_stream, "nginx stream"),
    "mpfailover": (mpfailover, "mpfailover"),
}
