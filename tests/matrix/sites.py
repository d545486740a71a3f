# SPDX-License-Identifier: MIT
"""sites.py WORK: the two live sites, each with everything that a client of the matrix speaks.

Every address and port is a socket of its own, since what is dead has to refuse.  Prints "ready", and ends with its input.
prepare.py has filled WORK.
"""

import logging
import selectors
import socket
import ssl
import struct
import subprocess
import sys
import threading
from pathlib import Path

import soap
import world

WORK = Path(sys.argv[1])
SITE_OF = {address: site for site in world.SITES for address in world.addresses_of(site)}


class Pages(soap.Service):
    """The site's name at /, the label service at /label, and else the site's files (a git repository)."""

    def __init__(self, connection, site, scheme="http"):
        self.own_site, self.scheme = site, scheme
        super().__init__(connection, ("client", 0), None)

    def site(self):
        return self.own_site

    def do_GET(self):
        path = self.path.partition("?")[0]
        file = WORK / self.own_site / path.lstrip("/")
        if path == "/label":
            super().do_GET()
        elif path == "/":
            self.answer(200, self.own_site + "\n")
        elif file.is_file():
            self.answer(200, file.read_bytes(), "application/octet-stream")
        else:
            self.answer(404, "not here\n")


TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
TLS.load_cert_chain(WORK / "site.pem", WORK / "site.key")


def secure_pages(connection, site):
    with TLS.wrap_socket(connection, server_side=True) as secure:
        Pages(secure, site, "https")
        secure.unwrap()


def line(connection, site):
    """Says who it is, and hangs up when the client does."""
    connection.sendall(f"{site}\r\n".encode())
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(4096):
        pass


def redis(connection, site):
    """Any command: the site's name."""
    with connection.makefile("rb") as commands:
        while count := commands.readline():
            for _ in range(2 * int(count[1:])):
                commands.readline()
            connection.sendall(f"${len(site)}\r\n{site}\r\n".encode())


def postgres(connection, site):
    """No encryption, no password, and to any query one row: the site's name."""
    name = site.encode()

    def message(kind, body):
        return kind + struct.pack("!i", len(body) + 4) + body

    ready = message(b"Z", b"I")
    row = (
        message(b"T", struct.pack("!h5sihihih", 1, b"site\0", 0, 0, 25, -1, -1, 0))
        + message(b"D", struct.pack("!hi", 1, len(name)) + name)
        + message(b"C", b"SELECT 1\0")
    )
    with connection.makefile("rb") as queries:
        while True:
            size, code = struct.unpack("!ii", queries.read(8))
            queries.read(size - 8)
            if code >> 16 == 3:
                break
            connection.sendall(b"N")
        version = b"server_version\x0015.0\0"
        connection.sendall(message(b"R", bytes(4)) + message(b"S", version) + ready)
        while (kind := queries.read(1)) and kind != b"X":
            queries.read(struct.unpack("!i", queries.read(4))[0] - 4)
            connection.sendall(row + ready)


def program(*argv):
    """A server that takes its connection as standard input."""

    def serve(connection, site):
        named = [str(word).replace("SITE", site) for word in argv]
        subprocess.run(named, stdin=connection, stdout=connection, check=False)

    return serve


SERVICES = {
    22: program("/usr/sbin/dropbear", "-i", "-r", WORK / "ssh.key"),
    23: line,
    80: lambda connection, site: Pages(connection, site),
    443: secure_pages,
    873: program("/usr/bin/rsync", "--daemon", f"--config={WORK}/SITE.rsyncd"),
    5432: postgres,
    6379: redis,
}


def listen(address, port):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    listener.listen(64)
    return listener


def attend(connection, site, serve):
    with connection:
        try:
            serve(connection, site)
        except (OSError, ValueError, struct.error):
            pass  # the client has gone


def accept_forever(selector):
    while True:
        for key, _ in selector.select():
            connection, _ = key.fileobj.accept()
            threading.Thread(target=attend, args=(connection, *key.data), daemon=True).start()


def start_ftp():
    """Passive data connections are taken at the address of the control connection, and only there."""
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import FTPHandler
    from pyftpdlib.servers import FTPServer

    logging.disable()
    for site in world.SITES:
        authorizer = DummyAuthorizer()
        authorizer.add_anonymous(str(WORK / site))
        handler = type(site, (FTPHandler,), {"authorizer": authorizer})
        servers = [FTPServer((address, 21), handler) for address in world.addresses_of(site)]
    threading.Thread(target=servers[0].serve_forever, kwargs={"handle_exit": False}, daemon=True).start()


def main():
    selector = selectors.DefaultSelector()
    for address, site in SITE_OF.items():
        for port, serve in SERVICES.items():
            selector.register(listen(address, port), selectors.EVENT_READ, (site, serve))
    try:
        start_ftp()
    except ImportError:
        print("no FTP: pyftpdlib is missing", file=sys.stderr)
    threading.Thread(target=accept_forever, args=(selector,), daemon=True).start()
    print("ready", flush=True)
    sys.stdin.read()


main()
