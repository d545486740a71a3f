# SPDX-License-Identifier: MIT
"""A local user who means harm: flood_reports.py TABLE CANDIDATE reports that candidate as failed, as fast as it can, until SIGTERM; prints how often.
The offsets are those of preload/table.h."""

import errno
import signal
import socket
import struct
import sys

MAGIC, FAILED = 0x3146504D, 1
SLOT_OFFSETS_AT, ACTIVE_AT, REPORT_AT, PATH_SIZE = 16, 28, 172, 108


def main():
    with open(sys.argv[1], "rb") as file:
        table = file.read()
    active = struct.unpack_from("=I", table, ACTIVE_AT)[0]
    slot = struct.unpack_from("=I", table, SLOT_OFFSETS_AT + 4 * active)[0]
    generation = struct.unpack_from("=I", table, slot)[0]
    path = table[REPORT_AT : REPORT_AT + PATH_SIZE].rstrip(b"\0")
    report = struct.pack("=6I", MAGIC, FAILED, generation, int(sys.argv[2]), errno.ETIMEDOUT, 25000)

    ended, sent = [], 0
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        one.setblocking(False)
        one.connect(path)
        while not ended:
            try:
                one.send(report)
                sent += 1
            except BlockingIOError:
                pass
    print(sent)


main()
