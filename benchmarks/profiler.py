# SPDX-License-Identifier: MIT
"""How many events a second the profiler handles on SQLite, beside only reading and decoding the same rows.

`python benchmarks/profiler.py [EVENTS]` (default 100000). The whole path is measured as the worker runs it: select,
decode, merge, score, notices and cursor in one synced transaction per batch, on a database in a temporary directory.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Engine

from decnet_core.events.catalogue import (
    ClientIdentified,
    CommandRun,
    ConnectionOpened,
    HttpRequest,
    LoginAttempt,
    Payload,
    SessionClosed,
    SessionOpened,
    kind_of,
)
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7
from decnet_core.runtime.worker import NoSettings
from decnet_models.attackers import queries
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.events.queries import events_after, insert_events
from decnet_models.migrations.upgrade import upgrade
from decnet_models.progress.queries import begin_cursor
from decnet_workers.profiler.worker import Profiler

ATTACKERS = 2000
START = 1_780_000_000_000_000_000


def main() -> None:
    """Measure and print."""
    total = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as directory:
        url = f"sqlite:///{Path(directory) / 'decnet.db'}"
        upgrade(url)
        engine = open_engine(url)
        fill(engine, total)
        plain = timed(lambda: read_only(engine))
        before = peak_mib()
        cpu = time.process_time()
        full = timed(lambda: profile(engine))
        cpu = time.process_time() - cpu
        with reading(engine) as connection:
            attackers = queries.count(connection)
            one = queries.attackers(connection, 1, order="events")[0]
            page = timed(lambda: queries.attacker(connection, one.ip))
        engine.dispose()
    print(f"events                     {total}, of {attackers} attackers")
    print(f"select and decode          {total / plain:10.0f} events/s")
    print(f"profiler, all of it        {total / full:10.0f} events/s   ({full / plain:.1f} times the time)")
    print(f"by its own CPU time        {total / cpu:10.0f} events/s   ({cpu:.2f} CPU seconds)")
    print(f"profile of the busiest     {page * 1000:10.1f} ms         ({one.events} events)")
    print(f"peak RSS, added by handling {peak_mib() - before:9.1f} MiB")


def fill(engine: Engine, total: int) -> None:
    """Write an event log as a week of the Internet looks: few addresses come often, most once."""
    dice = random.Random(7)
    visits = visit_all(dice)
    for start in range(0, total, 5000):
        with writing(engine) as connection:
            insert_events(connection, [next(visits) for _ in range(min(5000, total - start))])


def visit_all(dice: random.Random) -> Iterator[Event]:
    """Yield visits one after another, for ever."""
    moment, number = START, 0
    while True:
        moment, number = moment + dice.randrange(5_000_000_000), number + 1
        rank = int(ATTACKERS ** dice.random())
        address = f"198.18.{rank >> 8}.{rank & 255}"
        decky = f"decky-{dice.randrange(30)}"
        scene = web(dice) if dice.random() < 0.25 else shell(dice)
        for step, payload in enumerate(scene):
            ts = moment + step * 200_000_000
            event = Event(
                id=uuid7(ts), ts=ts, sensor="bench", payload=payload, src_ip=address, decky=decky, session=f"s{number}"
            )
            yield event


def shell(dice: random.Random) -> list[Payload]:
    """One SSH connection: guesses, and one in ten gets in."""
    found: list[Payload] = [ConnectionOpened("ssh"), ClientIdentified("ssh", "SSH-2.0-Go")]
    guesses = [LoginAttempt("ssh", "root", success=False, password=f"p{int(5000 ** dice.random())}") for _ in range(3)]
    found += guesses
    if dice.random() < 0.1:
        found += [LoginAttempt("ssh", "root", success=True, password="toor"), SessionOpened("ssh", "root")]
        found += [CommandRun("ssh", f"wget http://192.0.2.1/{n}") for n in range(8)]
        found.append(SessionClosed("ssh", 3000, commands=8))
    return found


def web(dice: random.Random) -> list[Payload]:
    """One scanner's keep-alive connection."""
    agent = dice.choice(["curl/8.1", "Mozilla/5.0 zgrab/0.x", "Go-http-client/1.1"])
    headers = (("Host", "192.0.2.80"), ("User-Agent", agent), ("Accept", "*/*"))
    requests = [
        HttpRequest("GET", f"/{dice.randrange(999)}", user_agent=agent, headers=headers, status=404) for _ in range(5)
    ]
    return [ConnectionOpened("http"), *requests]


def read_only(engine: Engine) -> None:
    """Read and decode the log in batches as large as the profiler's."""
    seq = 0
    kinds = [kind_of(kind) for kind in Profiler.consumes]
    while True:
        with reading(engine) as connection:
            events = events_after(connection, seq, Profiler.batch_events, kinds)
        if not events:
            return
        seq = events[-1].seq


def profile(engine: Engine) -> None:
    """Let the profiler consume the log."""
    worker = Profiler(NoSettings())
    with writing(engine) as connection:
        begin_cursor(connection, worker.name, now_ns=START)
    processor = worker._processor(engine, worker.name)
    while processor.step().lag:
        pass


def timed(work: object) -> float:
    """Return the seconds that `work` took."""
    assert callable(work)
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def peak_mib() -> float:
    """Return the process's largest resident set so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
