# SPDX-License-Identifier: MIT
"""matrix.py BUILT LIBRARY PAINTER CTL WORK OUT [NAME ...]: asks with every client in every cell, or with the NAMEd ones.

Prints a result for each client, way of asking and way of being dead, and the table, which goes to OUT too.  Runs in a network
namespace of its own.  BUILT has the compiled clients, LIBRARY is what all of them preload, whatever their word size and C library,
PAINTER is paint_table, CTL is mpfailoverctl, and WORK has site.pem, site.key and ca.pem.
"""

import os
import subprocess
import sys
from pathlib import Path

import prepare
import unable
import world
from clients import CLIENTS, HERE, PYTHON
from doctor import Doctor

BEYOND_S = 1.0  # what a client may take more than by itself
ALONE_S = 20.0
LAUNCHER = f"{HERE}/../../scripts/mpfailover"


class Row:
    """One client's cells, and what is wrong with them."""

    def __init__(self, client):
        self.client = client
        self.own = None
        self.answers = {}
        self.complaint = ""  # about the client itself

    def fill(self, places, library, table):
        missing = self.client.missing(places)
        if missing:
            self.complaint = f"{missing} is missing"
            return
        # The first warms the machine's caches, the last must fail, or nothing is proved.
        dead = next(cell.host for cell in world.CELLS if cell.by == "address" and cell.fate == "refused")
        alone = self.client.ask([world.DIRECT, world.DIRECT, dead], places, os.environ, ALONE_S)
        if not alone[1].site:
            self.complaint = f"by itself it does not reach a live server: {alone[1].text.strip()}"
        elif alone[2].site:
            self.complaint = "by itself it reaches a dead server"
        else:
            self.own = alone[1].seconds
            table.beat()
            self.ask(world.CELLS, places, table.environment(library))
            # What was only slow may have had a busy machine: it gets another try.
            slow = [cell for cell, answer in self.answers.items() if answer.site and self.failure(cell)]
            self.ask(slow, places, table.environment(library))

    def ask(self, cells, places, environment):
        hosts = [world.DIRECT] + [cell.host for cell in cells]
        answers = self.client.ask(hosts, places, environment, self.own + 2 * BEYOND_S)
        self.answers |= zip(cells, answers[1:])

    def failure(self, cell):
        """What is wrong in that cell, or ""."""
        answer = self.answers[cell]
        when = "after" if cell.noticed else "before"
        if not answer.site:
            text = " ".join(answer.text.split())[-300:]
            return f"{when} the table knows: no page but <{text}> after {answer.seconds:.2f} s"
        if answer.seconds > self.own + BEYOND_S:
            return f"{when} the table knows: it took {answer.seconds:.2f} s, by itself {self.own:.2f} s"
        return ""

    def report(self):
        """A result for each way of asking and of being dead."""
        name = self.client.name
        if self.own is None:
            wanting = self.complaint.endswith("is missing")
            print(f"skip {name}: {self.complaint}" if wanting else f"not ok {name}: {self.complaint}", flush=True)
            return
        for by, fate in dict.fromkeys((cell.by, cell.fate) for cell in world.CELLS):
            cells = [cell for cell in world.CELLS if (cell.by, cell.fate) == (by, fate)]
            wrong = "; ".join(filter(None, map(self.failure, cells)))
            case = f"{name}, by {'name' if by == 'name' else 'the dead address'}, {fate}"
            print(f"not ok {case}: {wrong}" if wrong else f"ok {case}", flush=True)

    def consult(self, doctor, places):
        """A user would have been told that it works."""
        if self.own is not None:
            acts, reason = doctor.look_at(self.client.program(places))
            case = f"{self.client.name}: doctor says that the library acts in it"
            print(f"ok {case}" if acts else f"not ok {case}: {reason}", flush=True)

    def text(self):
        """Its line in the table: milliseconds, its own and what each cell took beyond."""
        words = [f"{self.client.name:24}"]
        if self.own is None:
            return words[0] + " " + self.complaint.splitlines()[0]
        words.append(f"{self.own * 1000:5.0f} ")
        for cell, answer in self.answers.items():
            words.append("   FAIL" if self.failure(cell) else f"{(answer.seconds - self.own) * 1000:+7.0f}")
        return " ".join(words)


def heading():
    """The table's first lines."""
    lines = ["milliseconds: a client's own, asking a live server; then what each case takes beyond"]
    for title, word in (
        ("the table says of the dead", lambda cell: "down" if cell.noticed else "up"),
        ("asked by", lambda cell: cell.by),
        ("the dead server's packets are", lambda cell: cell.fate),
    ):
        lines.append(f"{title:>30}  " + " ".join(f"{word(cell):>7}" for cell in world.CELLS))
    return lines


def main():
    built, library, painter, ctl, work, out, *names = sys.argv[1:]
    wanted = [client for client in CLIENTS if not names or client.name in names]
    places = {"built": built, "work": work}
    doctor = Doctor(ctl, library)
    os.environ.update(HOME=work, NAME="dm.mpfailover.example")
    world.set_up_network()
    prepare.everything(Path(work))
    table = world.Table(painter, work)
    command = [PYTHON, f"{HERE}/sites.py", work]
    rows = [Row(client) for client in wanted]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as sites:
        if sites.stdout.readline() != "ready\n":
            sys.exit("the sites do not start")
        for row in rows:
            row.fill(places, library, table)
            row.report()
            row.consult(doctor, places)
        lines = heading() + [row.text() for row in rows]
        if wanted == CLIENTS:
            lines += ["", *unable.report(places, LAUNCHER, doctor, table)]
        sites.stdin.close()
    table.close()
    Path(out).write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(f"# {line}".rstrip() for line in lines))


main()
