# SPDX-License-Identifier: MIT
"""An event loop's worst moment: burst.py ADDRESS PORT COUNT.  Starts COUNT non-blocking connects one after the other, then waits
for all.  Prints for how many ms the starting held it, and how many connected."""

import errno
import resource
import select
import socket
import sys
import time

LIMIT_MS = 5000


def main():
    address, count = (sys.argv[1], int(sys.argv[2])), int(sys.argv[3])
    resource.setrlimit(resource.RLIMIT_NOFILE, (count + 100, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    sockets = {}
    for _ in range(count):
        one = socket.socket()
        one.setblocking(False)
        sockets[one.fileno()] = one

    start = time.monotonic()
    errors = [one.connect_ex(address) for one in sockets.values()]
    held_ms = (time.monotonic() - start) * 1000
    if set(errors) - {0, errno.EINPROGRESS}:
        sys.exit(f"connect: {set(errors)}")

    poll = select.poll()
    for fd in sockets:
        poll.register(fd, select.POLLOUT)
    connected = 0
    while sockets:
        ready = poll.poll(LIMIT_MS)
        if not ready:
            break
        for fd, _ in ready:
            poll.unregister(fd)
            connected += sockets.pop(fd).getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
    print(f"{held_ms:.1f} {connected}")


main()
