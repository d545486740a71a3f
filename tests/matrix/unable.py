# SPDX-License-Identifier: MIT
"""What a preload cannot act in: those programs have to run as if there were none, and their users have to be told."""

import os
import shutil
import subprocess
from dataclasses import dataclass

import world

AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


@dataclass(frozen=True)
class Unable:
    name: str
    program: str  # in {built} or {work}
    before: tuple = ()  # words of its command before the host
    after: tuple = ()
    as_nobody: bool = False

    @property
    def prefix(self):
        return AS_NOBODY if self.as_nobody else []

    def command(self, host, places):
        return [*self.prefix, self.program.format(**places), *self.before, host, *self.after]


C = {"before": ("gethostbyname",), "after": ("80",)}
PROGRAMS = [
    Unable("Go, static", "{built}/ask-go-static"),
    Unable("Go, cgo", "{built}/ask-go-cgo"),
    Unable("C, static", "{built}/fetch-static", **C),
    Unable("C, static-pie", "{built}/fetch-static-pie", **C),
    Unable("set-uid", "{work}/fetch-setuid", **C, as_nobody=True),
    Unable("Free Pascal", "{built}/ask-pascal"),
]


def make_setuid(places):
    """In the test's own directory, so that none is left lying about."""
    program = f"{places['work']}/fetch-setuid"
    shutil.copy(f"{places['built']}/fetch", program)
    os.chmod(program, 0o4755)


def outcome(command, environment):
    """Its exit status, and what it printed."""
    done = subprocess.run(command, capture_output=True, env=environment, timeout=20, check=False)
    return done.returncode, done.stdout, done.stderr


def trouble(unable, places, launcher, environment):
    """What is wrong, or ""."""
    dead = next(cell.dead for cell in world.CELLS if cell.fate == "refused" and cell.noticed)
    for host, reached in ((world.DIRECT, True), (dead, False)):
        command = unable.command(host, places)
        alone = outcome(command, os.environ)
        if (alone[0] == 0) != reached:
            return f"by itself, asking {host}: {alone}"
        for how, tried in (
            ("preloaded", outcome(command, environment)),
            ("launched", outcome([launcher, "-q", *command], environment)),
        ):
            if tried != alone:
                return f"{how}, asking {host}: {tried}, by itself {alone}"
    return ""


def obstacle(unable, places):
    """Why it cannot be tried here, or ""."""
    program = unable.program.format(**places)
    if not os.path.exists(program):
        return f"{program} is missing"
    if unable.as_nobody:
        if os.statvfs(program).f_flag & os.ST_NOSUID:
            return f"{program} is on a file system without set-uid"
        if outcome([*AS_NOBODY, "true"], os.environ)[0] != 0:
            return "this user cannot become another one"
    return ""


def report(places, launcher, doctor, table):
    """Prints the results for each, and returns a table: what doctor says of them."""
    make_setuid(places)
    environment = table.environment(doctor.library) | {"MPFAILOVER_LIBRARY": doctor.library}
    lines = ["what a preload cannot act in, and what doctor says of it"]
    for unable in PROGRAMS:
        skipped = obstacle(unable, places)
        if skipped:
            print(f"skip {unable.name}: {skipped}", flush=True)
            continue
        wrong = trouble(unable, places, launcher, environment)
        case = f"{unable.name}: runs as without the library"
        print(f"not ok {case}: {wrong}" if wrong else f"ok {case}", flush=True)
        acts, reason = doctor.look_at(unable.program.format(**places), unable.prefix)
        case = f"{unable.name}: doctor says that the library cannot act in it"
        print(f"not ok {case}: {reason}" if acts else f"ok {case}", flush=True)
        lines.append(f"{unable.name:24} {'HARMED' if wrong else 'unharmed'}; {reason}")
    return lines
