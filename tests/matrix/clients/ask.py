# SPDX-License-Identifier: MIT
"""ask.py HOW HOST: the page of HOST, by socket.connect(), requests or asyncio."""
import sys

how, host = sys.argv[1:]
if how == "socket":
    import socket

    with socket.socket() as connection:
        connection.connect((host, 23))
        print(connection.makefile().read())
elif how == "requests":
    import requests

    print(requests.get(f"http://{host}/", timeout=30).text)
else:
    import asyncio

    async def ask():
        reader, writer = await asyncio.open_connection(host, 23)
        print((await reader.read()).decode())
        writer.close()

    asyncio.run(ask())
