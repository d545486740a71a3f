# SPDX-License-Identifier: MIT
"""The clients: each a command that makes one new connection and request per tick and prints what became of it."""

import subprocess
import time
from pathlib import Path

from lab import build_dir
from outcome import parse

HERE = Path(__file__).resolve().parent


def _loop(kind, count, interval_ms, patience_ms):
    numbers = ["-n", str(count), "-i", str(interval_ms), "-w", str(patience_ms)]
    return [build_dir() / "lab/openloop", "-k", kind, *numbers]


def _openloop(kind, *more):
    return lambda way, *numbers: [*_loop(kind, *numbers), *more, way.host, str(way.port)]


def _program(*program):
    return lambda way, *numbers: [*_loop("exec", *numbers), *program, f"http://{way.host}:{way.port}/"]


def _persistent(*program):
    return lambda way, count, interval_ms, _: [*program, way.host, str(way.port), str(count), str(interval_ms)]


CLIENTS = {
    "blocking": _openloop("blocking"),
    "poll": _openloop("poll"),
    "epoll": _openloop("epoll"),
    "process": _openloop("blocking", "-p"),
    "curl": _program("curl", "-sSf", "--max-time", "15"),
    "wget": _program("wget", "-q", "-O-", "--tries=1", "--timeout=15"),
    "python": _persistent("python3", HERE / "loop.py"),
    "java": _persistent("java", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", HERE / "Loop.java"),
}


class Loop:
    """A client at work.  It has started when the object is made; `start_ms` (CLOCK_MONOTONIC) is the first tick."""

    def __init__(self, client, way, count, interval_ms=10, patience_ms=10000):
        argv = CLIENTS[client](way, count, interval_ms, patience_ms)
        self.process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, env=way.environ()
        )
        line = self.process.stdout.readline()
        if not line.startswith("# start "):
            rest, _ = self.process.communicate()
            raise RuntimeError(f"{client} does not start, but ends with {self.process.returncode}: {line}{rest}")
        self.start_ms = float(line.split()[2])

    def wait(self):
        """Its requests, when all have ended."""
        lines, _ = self.process.communicate()
        if self.process.returncode != 0:
            raise RuntimeError(f"{self.process.args[0]} ended with {self.process.returncode}")
        return parse(lines.splitlines())


def sleep_until(moment_ms):
    """To a moment of CLOCK_MONOTONIC: a schedule, not a wait for something."""
    time.sleep(max(0.0, moment_ms / 1000 - time.monotonic()))
