# SPDX-License-Identifier: MIT
"""The webhook worker with 20 endpoints of which two hang, two answer 500 and one asks for pauses, while notices come.

`python benchmarks/webhook.py --troubled [--notices N] [--rate R]` (10000 at 60 a second). For the 15 healthy endpoints:
each notice once by its id, in order, and the time from the notice's commit to its arrival, once the worker has started
and delivered a few. It has no bus here, and polls every 0.1 s.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Engine

from decnet_core.events.notices import AttackerObserved
from decnet_core.footprint import measure
from decnet_models.database.engine import open_engine, writing
from decnet_models.migrations.upgrade import upgrade
from decnet_models.notices import queries as notices
from decnet_models.webhooks import queries

HANGING, FAILING, PAUSING, HEALTHY = 2, 2, 1, 15
KINDS = ["hang"] * HANGING + ["fail"] * FAILING + ["pause"] * PAUSING + ["good"] * HEALTHY
AIM_MS = 500
PAUSE_EVERY = 200
"""Requests of the endpoint that asks for pauses, between two of these."""
BATCH = 10
PAUSE_SECONDS = 5.0
"""At least, from one request for a pause to the next."""
PAUSE, ON_ITS_WAY = 1.0, 0.3
"""Seconds that are asked for, and after which what was sent before that must have come."""
QUIET_SECONDS = 120.0
FORGET = "forget"
FLAT_MIB = 2.0


class Counts:
    """What a receiver has seen, by endpoint."""

    def __init__(self) -> None:
        self.seen: dict[str, dict[str, int]] = {}
        self.waits: list[float] = []
        self.doubles = self.disorder = self.impatient = 0
        self.paused_until: dict[str, float] = {}
        self.newest: dict[str, int] = {}

    def take(self, path: str, message: str, body: bytes) -> str:
        """Record a request; return the answer's head."""
        if path.startswith("/fail"):
            return "500 Oh\r\nContent-Length: 0"
        if path.startswith("/pause"):
            now = time.monotonic()
            left = self.paused_until.get(path, 0.0) - now
            self.impatient += 0 < left < PAUSE - ON_ITS_WAY
            due = len(self.seen.get(path, ())) % PAUSE_EVERY == PAUSE_EVERY - 1
            if due and now - self.paused_until.get(path, 0.0) > PAUSE_SECONDS:
                self.paused_until[path] = now + PAUSE
                return "429 Slowly\r\nRetry-After: 1\r\nContent-Length: 0"
        data = json.loads(body)["data"]
        seen = self.seen.setdefault(path, {})
        number = int(data["attacker"].split()[1])
        self.doubles += message in seen
        seen[message] = number
        if path.startswith("/good"):
            self.disorder += number < self.newest.get(path, 0)
            self.newest[path] = number
            self.waits.append((time.time_ns() - data["ts"]) / 1e6)
        return "204 No Content"

    def summary(self) -> dict[str, object]:
        waits = sorted(self.waits) or [0.0]
        good = {path: len(seen) for path, seen in self.seen.items() if path.startswith("/good")}
        return {
            "least": min(good.values(), default=0),
            "endpoints": len(good),
            "paused": sum(len(seen) for path, seen in self.seen.items() if path.startswith("/pause")),
            "doubles": self.doubles,
            "disorder": self.disorder,
            "impatient": self.impatient,
            "p50": waits[len(waits) // 2],
            "p99": waits[int(len(waits) * 0.99) - 1],
            "worst": waits[-1],
        }


async def serve() -> None:
    """Be the receivers: print the port, then a summary for each line of standard input; one that says so forgets."""
    counts = Counts()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])}
                body = await reader.readexactly(int(fields["content-length"]))
                path = head[0].split()[1]
                if path.startswith("/hang"):
                    await asyncio.sleep(3600)
                answer = counts.take(path, fields["webhook-id"], body)
                writer.write(f"HTTP/1.1 {answer}\r\n\r\n".encode())
                await writer.drain()

    server = await asyncio.start_server(one, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(counts.summary()), flush=True)
        if line.strip() == FORGET:
            counts.seen.clear()
            counts.newest.clear()
            counts.waits.clear()


@contextlib.contextmanager
def receivers() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, str(Path(__file__).with_name("webhook.py")), "--serve-troubled"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def summary(process: subprocess.Popen[str], order: str = "") -> dict[str, float]:
    assert process.stdin is not None
    assert process.stdout is not None
    print(order, file=process.stdin, flush=True)
    found: dict[str, float] = json.loads(process.stdout.readline())
    return found


def write(engine: Engine, numbers: range, rate: float) -> None:
    """Write notices at a rate, some in each transaction, as workers do."""
    begun = time.monotonic()
    for done in range(0, len(numbers), BATCH):
        with writing(engine) as connection:
            now = time.time_ns()
            made = [
                (str(number), AttackerObserved(now, f"attacker {number}")) for number in numbers[done : done + BATCH]
            ]
            notices.add_all(connection, made, now)
        time.sleep(max(0.0, begun + (done + BATCH) / rate - time.monotonic()))


def run(count: int, rate: float) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name, receivers() as process:
        assert process.stdout is not None
        port, place = int(process.stdout.readline()), Path(name)
        url = f"sqlite:///{place / 'decnet.db'}"
        upgrade(url)
        engine = open_engine(url)
        with writing(engine) as connection:
            for number, kind in enumerate(KINDS):
                to = f"http://127.0.0.1:{port}/{kind}/{number}"
                queries.add_webhook(connection, to, allow_private=True, since_seq=0, now_ns=time.time_ns())
        environment = {**os.environ, "DECNET_STATE_DIR": name, "DECNET_WEBHOOK_POLL_SECONDS": "0.1"}
        program = Path(sys.executable).parent / "decnet-webhook"
        with subprocess.Popen([program], env=environment, stderr=subprocess.DEVNULL) as worker:
            try:
                write(engine, range(count, count + BATCH), rate)
                settled(process, BATCH)  # it has started, and has a connection to each
                summary(process, FORGET)
                write(engine, range(count // 4), rate)
                early = measure(worker.pid)
                write(engine, range(count // 4, count), rate)
                found = settled(process, count)
                late = measure(worker.pid)
            finally:
                worker.terminate()
        engine.dispose()
    spent = (late.cpu_seconds if late else 0.0) / (count * HEALTHY)
    print(f"{spent * 1e6:.0f} µs of processor per delivery to a healthy endpoint, start included")
    report(found, count, early.pss if early else 0, late.pss if late else 0)


def settled(process: subprocess.Popen[str], count: int) -> dict[str, float]:
    """Return the summary once every healthy endpoint has every notice; ends the benchmark when that takes too long."""
    limit = time.monotonic() + QUIET_SECONDS
    while (found := summary(process))["least"] < count:
        if time.monotonic() > limit:
            sys.exit(f"a healthy endpoint has {found['least']} of {count} notices: {found}")
        time.sleep(0.5)
    return found


def report(found: dict[str, float], count: int, early: int, late: int) -> None:
    grown = (late - early) / 2**20
    once = found["doubles"] == found["disorder"] == found["impatient"] == 0
    print(f"{found['endpoints']} healthy endpoints have all {count:,} notices, the one that pauses {found['paused']}")
    wrong = f"twice {found['doubles']}, out of order {found['disorder']}, within a pause {found['impatient']}"
    print(f"{wrong}: {verdict(once)}")
    fast = found["p99"] <= AIM_MS
    print(
        f"healthy: p50 {found['p50']:.0f} ms, p99 {found['p99']:.0f} ms, worst {found['worst']:.0f} ms; "
        f"aim p99 {AIM_MS} ms: {verdict(fast)}"
    )
    sizes = f"PSS {early / 2**20:.1f} MiB after a quarter, {late / 2**20:.1f} MiB at the end"
    print(f"{sizes}: {verdict(grown <= FLAT_MIB)}")


def verdict(reached: bool) -> str:
    return "reached" if reached else "MISSED"
