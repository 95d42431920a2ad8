# SPDX-License-Identifier: MIT
"""A visitor whom no attack may keep out: `python -m hostile.visitor ssh|http ADDRESS PORT DIRECTORY` until it is ended.

Each visit comes from an address of its own, and in another /24 than those before it: decoys count neighbours together,
and a visitor is a stranger. It is printed as one line of JSON when it has ended. DIRECTORY has the status files of
supervisors, which name the process of `decoys`: what that one computes meanwhile is measured as well, for it does not
depend on what else runs on the machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sys
import time
from pathlib import Path

import msgspec

from decnet.drill.asyncssh_client import log_in
from decnet_core.supervise.status_file import read_status_files
from hostile.attack import EXPECTED, PASSWORD

SOURCES = {"ssh": "127.88", "http": "127.89"}
"""The networks that visitors come from."""
PATIENCE_SECONDS = 10.0
"""A visitor who is not served within this time leaves; the visit counts as this long and unanswered."""
PAUSE_SECONDS = {"ssh": 0.15, "http": 0.05}
_ALL_THREADS = 2
"""CPUCLOCK_SCHED: the clock of a process, as clock_getcpuclockid(3) names it."""


class Visit(msgspec.Struct, frozen=True):
    """One visit."""

    service: str
    source: str
    """Its address, which no other visit has."""
    began: float
    """On the monotonic clock, which all processes of a host share."""
    seconds: float
    answered: bool
    processor: float | None
    """Seconds that `decoys` computed meanwhile, for this visitor and all others; None when it was restarted."""


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


def processor_of_decoys(status_files: Path) -> tuple[int, float] | None:
    """Return the process of `decoys` and how many processor seconds it has used; None while there is none."""
    for report in read_status_files(status_files):
        for status in report.workers:
            if status.name == "decoys" and status.pid is not None:
                with contextlib.suppress(OSError):
                    return status.pid, time.clock_gettime(~status.pid << 3 | _ALL_THREADS)
    return None


async def visit(service: str, address: str, port: int, source: str, status_files: Path) -> Visit:
    """Make one visit."""
    before = processor_of_decoys(status_files)
    began, answered = time.monotonic(), True
    try:
        await asyncio.wait_for((enter if service == "ssh" else get)(address, port, source), PATIENCE_SECONDS)
    except EXPECTED:
        answered = False
    seconds = time.monotonic() - began if answered else PATIENCE_SECONDS
    after = processor_of_decoys(status_files)
    processor = after[1] - before[1] if before and after and before[0] == after[0] else None
    return Visit(service, source, began, seconds, answered, processor)


async def visit_for_ever(service: str, address: str, port: int, status_files: Path) -> None:
    """Make visits until this process is ended."""
    for number in itertools.count():
        source = f"{SOURCES[service]}.{number % 250}.{number // 250 % 250 + 1}"
        made = await visit(service, address, port, source, status_files)
        sys.stdout.buffer.write(msgspec.json.encode(made) + b"\n")
        sys.stdout.buffer.flush()
        await asyncio.sleep(PAUSE_SECONDS[service])


if __name__ == "__main__":
    asyncio.run(visit_for_ever(sys.argv[1], sys.argv[2], int(sys.argv[3]), Path(sys.argv[4])))
