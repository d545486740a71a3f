# SPDX-License-Identifier: MIT
"""The matrix's network and table: for each cell a service of its own, with one dead server and two that live.

A dead server refuses (an address of this machine where nothing listens) or is silent (an address behind a link that
swallows everything), and clients ask for it by the service's name or by its address.  Of some of the dead ones the table
knows that they are down, of the others it still says "up": the time before anything has noticed.
"""

import itertools
import os
import subprocess
from dataclasses import dataclass

DIRECT = "10.77.100.2"  # site-a too, and of no service
LOCAL, SWALLOWED = "10.77", "10.78"
SITES = {"site-a": 2, "site-b": 3}  # the last number of their addresses
HANDSHAKE_US = 300  # what a daemon would have measured on this link


@dataclass(frozen=True)
class Cell:
    """One column of the matrix."""

    number: int
    by: str  # "name", "address"
    fate: str  # "refused", "dropped"
    noticed: bool

    @property
    def service(self):
        return f"cell-{self.number}"

    @property
    def dead(self):
        return f"{LOCAL if self.fate == 'refused' else SWALLOWED}.{self.number}.1"

    @property
    def host(self):
        """What a client is told to connect to."""
        return f"{self.service}.mpfailover.example" if self.by == "name" else self.dead

    def live(self, site):
        return f"{LOCAL}.{self.number}.{SITES[site]}"


CELLS = [
    Cell(number, by, fate, noticed)
    for number, (noticed, by, fate) in enumerate(
        itertools.product((False, True), ("name", "address"), ("refused", "dropped"))
    )
]


def addresses_of(site):
    """Where SITE listens."""
    own = [cell.live(site) for cell in CELLS]
    return own + [DIRECT] if DIRECT.endswith(f".{SITES[site]}") else own


def set_up_network():
    """In a network namespace with nothing but loopback."""
    lines = (
        f"address add {LOCAL}.0.0/16 dev lo",
        "link add swallow type veth peer name throat",
        "link set swallow arp off up",
        "link set throat arp off up",
        f"address add {SWALLOWED}.200.1/16 dev swallow",
    )
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines), text=True, check=True)


def configuration(table):
    def candidate(name, address):
        return f'\tcandidate "{name}" {{ address = "{address}" }}\n'

    def service(cell):
        return (
            f'service "{cell.service}" {{\n\thosts = {{ "{cell.service}.mpfailover.example" }}\n\tcheck = "web"\n'
            + candidate(f"{cell.service}-dead", cell.dead)
            + "".join(candidate(f"{cell.service}-{site}", cell.live(site)) for site in SITES)
            + "}\n"
        )

    return f'table = "{table}"\ncheck "web" {{ type = tcp port = 80 }}\n' + "".join(map(service, CELLS))


class Table:
    """The table of all cells, kept fresh by beat()."""

    def __init__(self, program, work):
        self.path = f"{work}/table"
        file = f"{work}/matrix.conf"
        with open(file, "w", encoding="utf-8") as out:
            out.write(configuration(self.path))
        self.painter = subprocess.Popen(
            [program, self.path, file], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self.expect_done()
        for cell in CELLS:
            for name in ("dead", *SITES):
                down = name == "dead" and cell.noticed
                self.paint(
                    f"candidate {cell.service}-{name} {'down' if down else 'up'} handshake={HANDSHAKE_US}"
                )

    def expect_done(self):
        if self.painter.stdout.readline() != "done\n":
            raise RuntimeError("the table cannot be painted")

    def paint(self, line):
        self.painter.stdin.write(line + "\n")
        self.expect_done()

    def beat(self):
        self.paint("beat 0")

    def environment(self, library):
        return dict(os.environ, LD_PRELOAD=library, MPFAILOVER_TABLE=self.path)

    def close(self):
        self.painter.stdin.close()
        self.painter.wait()
