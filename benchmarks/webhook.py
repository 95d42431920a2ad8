# SPDX-License-Identifier: MIT
"""How many deliveries a second the webhook worker makes on loopback: to one endpoint, and to many side by side.

`python benchmarks/webhook.py [--deliveries N] [--endpoints E]` (10000 and 100). The worker runs as on its host; the
receiver is another process that answers 204 and counts. Deliveries and processor time are of the worker alone; beside
it the same number of POSTs of the same size by a bare asyncio client on one connection, in the same run.
`--troubled` is another measurement (`webhook_troubled`).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import webhook_troubled
from sqlalchemy import Engine, func, select

from decnet_core.events.notices import AttackerObserved
from decnet_core.footprint import measure
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.migrations.upgrade import upgrade
from decnet_models.notices import queries as notices
from decnet_models.webhooks import queries
from decnet_models.webhooks.tables import webhook_delivery

AIM = 2000
DEADLINE = 300.0
PROGRAMS = Path(sys.executable).parent
ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


class Receiver(asyncio.Protocol):
    """Answers each request with 204 when its body has come; there are no bodies without a length."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._held = transport, b""

    def data_received(self, data: bytes) -> None:
        self._held += data
        while (end := self._held.find(b"\r\n\r\n")) >= 0:
            head = self._held[:end].lower()
            size = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
            if len(self._held) < end + 4 + size:
                return
            self._held = self._held[end + 4 + size :]
            self._transport.write(ANSWER)


async def serve() -> None:
    """Be the receiver: print the port, and answer until killed."""
    server = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextlib.contextmanager
def receiver() -> Iterator[int]:
    """Run the receiver; yield its port."""
    with subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


async def bare(port: int, posts: int) -> float:
    """Return the seconds that so many POSTs take on one connection, one after another."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = b"POST /0 HTTP/1.1\r\nHost: x\r\nContent-Length: 300\r\n\r\n" + bytes(300)
    begun = time.perf_counter()
    for _ in range(posts):
        writer.write(request)
        await reader.readuntil(b"\r\n\r\n")
    writer.close()
    return time.perf_counter() - begun


def prepared(place: Path, port: int, endpoints: int, deliveries: int) -> Engine:
    """Make a database with endpoints, and notices for `deliveries` in all."""
    url = f"sqlite:///{place / 'decnet.db'}"
    upgrade(url)
    engine = open_engine(url)
    with writing(engine) as connection:
        for number in range(endpoints):
            place_of = f"http://127.0.0.1:{port}/{number}"
            queries.add_webhook(connection, place_of, allow_private=True, since_seq=0, now_ns=time.time_ns())
        for number in range(deliveries // endpoints):
            made = AttackerObserved(time.time_ns(), f"attacker {number}")
            notices.add(connection, str(number), made, time.time_ns())
    return engine


def delivered(engine: Engine) -> int:
    """Return how many deliveries have ended well."""
    with reading(engine) as connection:
        query = select(func.count()).where(webhook_delivery.c.state == queries.DELIVERED)
        return int(connection.execute(query).scalar_one())


def run(place: Path, port: int, endpoints: int, deliveries: int) -> None:
    """Measure one number of endpoints and print."""
    engine = prepared(place, port, endpoints, deliveries)
    settings = place / "decnet.toml"
    settings.write_text(f'[state]\ndir = "{place}"\n')
    environment = {**os.environ, "DECNET_SETTINGS": str(settings)}
    with subprocess.Popen([PROGRAMS / "decnet-webhook"], env=environment, stderr=subprocess.DEVNULL) as worker:
        try:
            seconds = timed(engine, deliveries // endpoints * endpoints)
            found = measure(worker.pid)
        finally:
            worker.terminate()
    engine.dispose()
    rate = deliveries / seconds
    print(
        f"{endpoints:>4} endpoints {rate:>10,.0f} deliveries/s   aim {AIM:,}: {'reached' if rate >= AIM else 'MISSED'}"
    )
    if found is not None:
        spent = found.cpu_seconds / deliveries * 1e6
        print(f"     PSS {found.pss / 2**20:.1f} MiB, {spent:.0f} µs of processor per delivery, start included")


def timed(engine: Engine, wanted: int) -> float:
    """Return the seconds from the first delivery to the last."""
    begun, limit, before = 0.0, time.monotonic() + DEADLINE, 0
    while (there := delivered(engine)) < wanted:
        if time.monotonic() > limit:
            sys.exit(f"only {there} of {wanted} were delivered within {DEADLINE:.0f} s")
        if there and not begun:
            begun, before = time.perf_counter(), there
        time.sleep(0.02)
    return (time.perf_counter() - begun) * wanted / max(1, wanted - before)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deliveries", type=int, default=10_000)
    parser.add_argument("--endpoints", type=int, default=100)
    parser.add_argument("--troubled", action="store_true", help="20 endpoints of which five are not well")
    parser.add_argument("--notices", type=int, default=10_000, help="with --troubled")
    parser.add_argument("--rate", type=float, default=60.0, help="with --troubled: notices a second")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--serve-troubled", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        asyncio.run(serve())
        return
    if asked.serve_troubled:
        asyncio.run(webhook_troubled.serve())
        return
    if asked.troubled:
        webhook_troubled.run(asked.notices, asked.rate)
        return
    with receiver() as port:
        print(f"bare client    {asked.deliveries / asyncio.run(bare(port, asked.deliveries)):>10,.0f} posts/s")
        for endpoints in (1, asked.endpoints):
            with tempfile.TemporaryDirectory() as place:
                run(Path(place), port, endpoints, asked.deliveries)


if __name__ == "__main__":
    main()
