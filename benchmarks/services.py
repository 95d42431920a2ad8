# SPDX-License-Identifier: MIT
"""What each service of a decky costs: an idle port, a half-open connection, an exchange; and twenty deckies with all.

    python benchmarks/services.py [--service NAME ...] [--json]

Each service is played in a process of its own on loopback. `port KiB` is what one more idle port adds (of 200 deckies
beside one), `half-open KiB` what one of 1,000 connections does that were greeted and say nothing (aim: 8), from 100
addresses; both are private memory (USS). `a second` are exchanges in a second of the process's processor time: a
request of a connection that stays where the protocol has one, else a connection until its greeting. The last line is
the PSS of a process that plays twenty deckies with all services, when nobody has connected.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import resource
import ssl
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import msgspec

HALF_OPEN, SOURCES = 1000, 100
DECKIES = 200
EXCHANGES = 2000
TICKS = os.sysconf("SC_CLK_TCK")
SERVICES = ("ssh", "http", "https", "telnet", "ftp", "smtp", "redis", "mysql")
ROW = "{:<9} {:>9} {:>14} {:>10}"

GET = b"GET /robots.txt HTTP/1.1\r\nHost: x\r\n\r\n"
REQUESTS = {"http": GET, "https": GET, "ftp": b"NOOP\r\n", "smtp": b"NOOP\r\n", "redis": b"PING\r\n"}
"""What is asked again and again on one connection."""
SILENT = ("http", "https", "redis")
"""Services that say nothing first."""


class Cost(msgspec.Struct):
    """The figures of one service."""

    service: str
    port_kib: float
    half_open_kib: float
    per_cpu_second: float


class Played:
    """A process that plays deckies."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self._status = Path(f"/proc/{process.pid}")

    def memory_kib(self, *names: str) -> int:
        """Return the sum of some lines of smaps_rollup (proc(5))."""
        lines = (self._status / "smaps_rollup").read_text().splitlines()[1:]
        sizes = {line.split(":")[0]: int(line.split()[1]) for line in lines}
        return sum(sizes[name] for name in names)

    def uss_kib(self) -> int:
        return self.memory_kib("Private_Clean", "Private_Dirty")

    def cpu_seconds(self) -> float:
        fields = (self._status / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


def address(number: int) -> str:
    """Return the loopback address of decky `number`."""
    return f"127.79.{100 + number // 200}.{number % 200 + 1}"


@contextlib.asynccontextmanager
async def playing(services: Sequence[str], count: int) -> AsyncIterator[Played]:
    """Have another process play `count` deckies with these services."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, __file__, "--play", str(count), "--service", *services,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdin is not None
    if await process.stdout.readline() != b"ready\n":
        raise RuntimeError("the deckies could not be played")
    try:
        yield Played(process)
    finally:
        process.stdin.close()
        await process.wait()


def default_port(service: str) -> int:
    from decnet_decoys.services.service_registry import load

    return int(load(service).default_port)


async def connected(service: str, source: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to the first decky from one of a hundred addresses, and read its greeting if it has one."""
    reader, writer = await asyncio.open_connection(
        address(0), default_port(service), local_addr=(f"127.66.{source % 250}.1", 0)
    )
    if service not in SILENT:
        await asyncio.wait_for(reader.read(1), 60)
    return reader, writer


async def settled(played: Played) -> int:
    """Return the USS in KiB once it is the same for two seconds, or after twenty: keys and certificates are made."""
    before, same = -1, 0
    for _ in range(20):
        now = played.uss_kib()
        same = same + 1 if now == before else 0
        if same == 2:
            break
        before = now
        await asyncio.sleep(1)
    return before


async def half_open(service: str, played: Played) -> float:
    """Return the KiB that one of many silent connections adds."""
    (await connected(service, 0))[1].close()  # what is made at the first client is no connection's
    before = await settled(played)
    opened = [await connected(service, number % SOURCES) for number in range(HALF_OPEN)]
    after = await settled(played)
    for _, writer in opened:
        writer.transport.abort()
    return (after - before) / HALF_OPEN


async def exchanges(service: str, played: Played) -> float:
    """Return how many exchanges a second of the process's time is enough for."""
    once, close = await exchange(service)
    await once()
    began, used = time.monotonic(), played.cpu_seconds()
    done = 0
    while done < EXCHANGES and time.monotonic() - began < 20:
        await once()
        done += 1
    await close()
    return done / max(played.cpu_seconds() - used, 1 / TICKS)


async def exchange(service: str) -> tuple[Callable[[], Awaitable[object]], Callable[[], Awaitable[None]]]:
    """Return what makes one exchange, and what ends all."""
    request = REQUESTS.get(service)
    if request is None:
        return lambda: greeted(service), nothing
    context = None
    if service == "https":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    reader, writer = await asyncio.open_connection(address(0), default_port(service), ssl=context)
    if service not in SILENT:
        await reader.readline()

    async def ask() -> None:
        writer.write(request)
        if not await asyncio.wait_for(reader.read(1 << 16), 60):
            raise RuntimeError(f"{service} closed its connection")

    async def close() -> None:
        writer.transport.abort()

    return ask, close


async def nothing() -> None:
    """End what has ended."""


async def greeted(service: str) -> None:
    _, writer = await connected(service, 0)
    writer.transport.abort()


async def measured(service: str) -> Cost:
    """Return the figures of one service."""
    async with playing([service], 1) as one:
        alone = one.uss_kib()
        half = await half_open(service, one)
    async with playing([service], 1) as one:
        rate = await exchanges(service, one)
    async with playing([service], DECKIES) as many:
        each = (many.uss_kib() - alone) / (DECKIES - 1)
    return Cost(service, round(each, 1), round(half, 1), round(rate))


async def twenty() -> float:
    """Return the PSS in MiB of a process that plays twenty deckies with all services."""
    async with playing(SERVICES, 20) as many:
        await asyncio.sleep(5)  # certificates and keys are made after the ports are open
        return round(many.memory_kib("Pss") / 1024, 1)


def play(services: Sequence[str], count: int) -> None:
    """Be the process that plays, until standard input ends."""
    from decnet_core.bus.memory import MemoryBus
    from decnet_core.runtime.context import Context
    from decnet_core.settings import Settings
    from decnet_core.spool.settings import SpoolSettings
    from decnet_core.spool.writer import SpoolWriter
    from decnet_core.state import State
    from decnet_decoys.settings import DeckySettings, DecoysSettings, LimitSettings
    from decnet_decoys.worker import Decoys

    async def until_told(directory: Path) -> None:
        state = State(directory)
        state.create("decoys")
        spool = SpoolWriter(state.spool / "decoys", SpoolSettings())
        ctx = Context(worker="decoys", state=state, sensor="b", settings=Settings({}, {}, ""), bus=MemoryBus(),
                      spool=spool, produces=Decoys.produces)  # fmt: skip
        offers = {service: default_port(service) for service in services}
        fleet = tuple(
            DeckySettings(name=f"d{n}", address=address(n), persona="debian-web", services=offers) for n in range(count)
        )
        limits = LimitSettings(connections=4 * HALF_OPEN, connections_per_source=2 * HALF_OPEN)
        worker = Decoys(DecoysSettings(decky=fleet, limits=limits))
        await worker.start(ctx)
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.read)
        await worker.stop(ctx)
        await ctx.close()

    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(until_told(Path(directory)))


def main() -> None:
    """Measure and print, or be one of the measured processes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--service", nargs="+", choices=SERVICES, default=SERVICES)
    parser.add_argument("--play", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    chosen = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    if chosen.play:
        play(chosen.service, chosen.play)
        return
    costs = []
    if not chosen.json:
        print(ROW.format("service", "port KiB", "half-open KiB", "a second"), flush=True)
    for service in chosen.service:
        costs.append(asyncio.run(measured(service)))
        if not chosen.json:
            print(ROW.format(*msgspec.structs.astuple(costs[-1])), flush=True)
    all_of_twenty = asyncio.run(twenty())
    if chosen.json:
        print(json.dumps({"services": msgspec.to_builtins(costs), "twenty_deckies_pss_mib": all_of_twenty}))
    else:
        print(f"twenty deckies with all services: {all_of_twenty} MiB PSS")


if __name__ == "__main__":
    main()
