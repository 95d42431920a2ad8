# SPDX-License-Identifier: MIT
"""A visitor whom no attack may keep out: `python -m hostile.visitor ssh|http ADDRESS PORT` visits until it is ended.

Each visit comes from an address of its own, and in another /24 than those before it: decoys count neighbours together,
and a visitor is a stranger. It is printed as one line of JSON when it has ended.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import time

import msgspec

from decnet.drill.asyncssh_client import log_in
from hostile.attack import EXPECTED, PASSWORD

SOURCES = {"ssh": "127.88", "http": "127.89"}
"""The networks that visitors come from."""
PATIENCE_SECONDS = 10.0
"""A visitor who is not served within this time leaves; the visit counts as this long and unanswered."""
PAUSE_SECONDS = {"ssh": 0.15, "http": 0.05}


class Visit(msgspec.Struct, frozen=True):
    """One visit."""

    service: str
    source: str
    """Its address, which no other visit has."""
    began: float
    """On the monotonic clock, which all processes of a host share."""
    seconds: float
    answered: bool


async def enter(address: str, port: int, source: str) -> None:
    """Log in by SSH and leave; raises when that fails."""
    connection = await log_in(address, port, source, "root", password=PASSWORD)
    connection.abort()


async def get(address: str, port: int, source: str) -> None:
    """Fetch the front page; raises when there is none."""
    reader, writer = await asyncio.open_connection(address, port, local_addr=(source, 0))
    try:
        writer.write(f"GET / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n".encode())
        if not (await reader.read()).startswith(b"HTTP/1.1 200"):
            raise ConnectionError("no page")
    finally:
        writer.transport.abort()


async def visit(service: str, address: str, port: int, source: str) -> Visit:
    """Make one visit."""
    began, answered = time.monotonic(), True
    try:
        await asyncio.wait_for((enter if service == "ssh" else get)(address, port, source), PATIENCE_SECONDS)
    except EXPECTED:
        answered = False
    seconds = time.monotonic() - began if answered else PATIENCE_SECONDS
    return Visit(service, source, began, seconds, answered)


async def visit_for_ever(service: str, address: str, port: int) -> None:
    """Make visits until this process is ended."""
    for number in itertools.count():
        made = await visit(service, address, port, f"{SOURCES[service]}.{number % 250}.{number // 250 % 250 + 1}")
        sys.stdout.buffer.write(msgspec.json.encode(made) + b"\n")
        sys.stdout.buffer.flush()
        await asyncio.sleep(PAUSE_SECONDS[service])


if __name__ == "__main__":
    asyncio.run(visit_for_ever(sys.argv[1], sys.argv[2], int(sys.argv[3])))
