# SPDX-License-Identifier: MIT
"""fetch.py HOST PORT: the page, by socket.connect(), which tries the first address only."""
import socket
import sys

host, port = sys.argv[1], int(sys.argv[2])
with socket.socket() as connection:
    try:
        connection.connect((host, port))
    except OSError as error:
        sys.exit(f"python: {error}")
    connection.sendall(f"GET / HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
    answer = b""
    while chunk := connection.recv(4096):
        answer += chunk
print(answer.partition(b"\r\n\r\n")[2].decode(), end="")
