# SPDX-License-Identifier: MIT
"""What a decky costs: memory of a process that plays 3 to 3000 deckies, beside one with as many bare listeners.

    python benchmarks/decoys.py [--json]

Each line is a process of its own on loopback; memory is read from /proc when it is ready and nobody has connected. The
last lines say what loading asyncssh adds and what one connected SSH session adds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

SIZES = (3, 30, 300, 3000)
PERSONAS = ("debian-web", "ubuntu-db", "nas")


def address(number: int) -> str:
    """Return the loopback address of decky `number`."""
    return f"127.79.{number // 200 + 1}.{number % 200 + 1}"


def memory_kib() -> dict[str, int]:
    """Return this process's RSS and USS (proc_pid_smaps_rollup(5))."""
    sizes = {}
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines()[1:]:
        name, size = line.split()[:2]
        sizes[name.rstrip(":")] = int(size)
    return {"rss": sizes["Rss"], "uss": sizes["Private_Clean"] + sizes["Private_Dirty"]}


def play(count: int, sessions: int) -> dict[str, float]:
    """Play `count` deckies in this process, with `sessions` idle shells open; return its memory."""
    from decnet_core.bus.memory import MemoryBus
    from decnet_core.runtime.context import Context
    from decnet_core.settings import Settings
    from decnet_core.spool.settings import SpoolSettings
    from decnet_core.spool.writer import SpoolWriter
    from decnet_core.state import State
    from decnet_decoys.settings import DeckySettings, DecoysSettings, LimitSettings
    from decnet_decoys.worker import Decoys

    async def measured(directory: Path) -> dict[str, float]:
        state = State(directory)
        state.create()
        spool = SpoolWriter(state.spool / "decoys", SpoolSettings())
        ctx = Context(worker="decoys", state=state, sensor="b", settings=Settings({}, {}, ""), bus=MemoryBus(),
                      spool=spool,
                      produces=Decoys.produces)  # fmt: skip
        fleet = tuple(DeckySettings(name=f"d{n}", address=address(n), persona=PERSONAS[n % 3]) for n in range(count))
        worker = Decoys(DecoysSettings(decky=fleet, limits=LimitSettings(connections_per_source=10_000)))
        await worker.start(ctx)
        client = await open_sessions(sessions) if sessions else None
        found = memory_kib()
        if client is not None:
            client.kill()
            await client.wait()
        await worker.stop(ctx)
        await ctx.close()
        return dict(found)

    with tempfile.TemporaryDirectory() as directory:
        return asyncio.run(measured(Path(directory)))


async def open_sessions(count: int) -> asyncio.subprocess.Process:
    """Have a client in another process open `count` shells; return it when they are there."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, __file__, "--attack", str(count), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    if await process.stdout.readline() != b"ready\n":
        raise RuntimeError("the client could not open its shells")
    return process


def attack(count: int) -> None:
    """Be the client: log in `count` times to the first decky and stay."""
    import asyncssh

    async def stay() -> None:
        opened = []
        for _ in range(count):
            connection = await asyncssh.connect(
                address(0), 2222, username="root", password="admin123", known_hosts=None, config=None
            )
            opened.append(await connection.create_process(term_type="xterm"))
            await opened[-1].stdout.readuntil("# ")
        print("ready", flush=True)
        await asyncio.sleep(60)

    asyncio.run(stay())


def bare(count: int) -> dict[str, float]:
    """Listen on as many ports with nothing but asyncio; return this process's memory."""

    async def measured() -> dict[str, float]:
        for number in range(count):
            for port in (2222, 8080):
                await asyncio.get_running_loop().create_server(asyncio.Protocol, address(number), port)
        return dict(memory_kib())

    return asyncio.run(measured())


def imported() -> dict[str, float]:
    """Load what SSH needs; return this process's memory."""
    import msgspec  # noqa: F401  # part of every worker

    before = memory_kib()
    import decnet_decoys.ssh.engine  # noqa: F401

    after = memory_kib()
    return {"rss": after["rss"], "uss": after["uss"], "asyncssh_rss": after["rss"] - before["rss"]}


def in_process(*arguments: str) -> dict[str, float]:
    """Run this file with `arguments` in a process of its own; return what it measured."""
    out = subprocess.run([sys.executable, __file__, *arguments], check=True, capture_output=True, timeout=300).stdout
    found: dict[str, float] = json.loads(out)
    return found


def measure() -> dict[str, dict[str, float]]:
    """Return memory in KiB by what was played."""
    figures = {}
    for count in SIZES:
        figures[f"bare {2 * count}"] = in_process("--bare", str(count))
        figures[f"decoys {count}"] = in_process("--play", str(count))
    figures["decoys 3 + 20 shells"] = in_process("--play", "3", "--sessions", "20")
    figures["decoys 3 + 120 shells"] = in_process("--play", "3", "--sessions", "120")
    figures["import of asyncssh"] = in_process("--import")
    return figures


def table(figures: dict[str, dict[str, float]]) -> str:
    """Return the figures as text, with what one more of each costs."""
    rows = [
        f"{name:<24} rss {found['rss'] / 1024:7.1f} MiB  uss {found['uss'] / 1024:7.1f} MiB"
        for name, found in figures.items()
    ]
    few, many = figures["decoys 3"], figures["decoys 3000"]
    each = (many["rss"] - few["rss"]) / 2997
    listener = (figures["bare 6000"]["rss"] - figures["bare 6"]["rss"]) / 2997
    shell = (figures["decoys 3 + 120 shells"]["rss"] - figures["decoys 3 + 20 shells"]["rss"]) / 100
    rows.append(
        f"one more decky: {each:.1f} KiB, its two bare listeners {listener:.1f} KiB, "
        f"ratio {each / max(listener, 0.1):.1f}"
    )
    rows.append(
        f"one more idle shell: {shell:.0f} KiB; deckies per 100 MiB of RSS: {(100 * 1024 - few['rss']) / each + 3:.0f}"
    )
    rows.append(f"asyncssh and its OpenSSL bindings: {figures['import of asyncssh']['asyncssh_rss'] / 1024:.1f} MiB")
    return "\n".join(rows)


def main() -> None:
    """Measure everything, or be one of the measured processes."""
    parser = argparse.ArgumentParser(description=__doc__)
    for option in ("--play", "--bare", "--sessions", "--attack"):
        parser.add_argument(option, type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--import", dest="imports", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    chosen = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    if chosen.attack:
        attack(chosen.attack)
    elif chosen.play or chosen.bare or chosen.imports:
        found = play(chosen.play, chosen.sessions) if chosen.play else bare(chosen.bare) if chosen.bare else imported()
        print(json.dumps(found))
    else:
        figures = measure()
        print(json.dumps(figures) if chosen.json else table(figures))


if __name__ == "__main__":
    main()
