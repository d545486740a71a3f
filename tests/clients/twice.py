# SPDX-License-Identifier: MIT
"""twice.py HOST PORT: says where a connect ends, waits for a line on stdin, and says it again, until stdin ends."""
import socket
import sys

while True:
    try:
        with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=20) as connection:
            print(connection.getpeername()[0], flush=True)
    except OSError as error:
        print(error.strerror, flush=True)
    if not sys.stdin.readline():
        break
