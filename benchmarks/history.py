# SPDX-License-Identifier: MIT
"""What summaries, reports and searches cost over many events, and what it costs per event to be ready for them.

Fills a log with a day of attacks (most by password guessing, each guess with a password of a list of 5,000), has the
worker history follow it, and measures processor time: of the worker per event, and of each question. Also the bytes
that its tables take per event. On a temporary SQLite database; `--events` events, the same ones each time.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import Connection, Engine

from decnet.history.report import html_report
from decnet.history.search import search
from decnet.history.selection import Selection
from decnet.history.summary import summary_of
from decnet_core.events.catalogue import CommandRun, ConnectionOpened, HttpRequest, LoginAttempt, Payload
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7
from decnet_core.timing.durations import HOUR_NS
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.database.window import Window
from decnet_models.events.queries import insert_events
from decnet_models.migrations.upgrade import upgrade
from decnet_models.progress.queries import begin_cursor
from decnet_workers.history.settings import HistorySettings
from decnet_workers.history.worker import History

DAY_NS = 24 * HOUR_NS
BEGIN = 494_592 * HOUR_NS
TABLES = ("hourly_count", "hourly_attacker", "hourly_value", "search_word")
_BATCH = 10_000


def payload(chance: random.Random) -> Payload:
    kind = chance.random()
    if kind < 0.6:
        user = chance.choice(("root", "admin", "oracle", "test"))
        return LoginAttempt(
            "ssh", user, success=chance.random() < 0.01, password=f"pass{int(5000 * chance.random() ** 3)}"
        )
    if kind < 0.75:
        return CommandRun("ssh", f"{chance.choice(('uname -a', 'cat /etc/shadow', 'wget'))} {chance.randrange(300)}")
    if kind < 0.9:
        return HttpRequest("GET", f"/p{chance.randrange(2000)}/x.php", user_agent="Mozilla/5.0 zgrab/0.x")
    return ConnectionOpened("ssh")


def day(events: int) -> Iterator[Event]:
    chance = random.Random(1)
    for number in range(events):
        ts = BEGIN + DAY_NS * number // events
        yield Event(
            id=uuid7(ts),
            ts=ts,
            sensor="sensor",
            payload=payload(chance),
            decky=chance.choice(("web-01", "db-01", "nas-01")),
            src_ip=f"10.{chance.randrange(8)}.{chance.randrange(250)}.{chance.randrange(3)}",
            src_port=40000,
            dst_port=22,
            session=f"session-{number // 20}",
        )


def fill(engine: Engine, events: int) -> None:
    batch: list[Event] = []
    for number, one in enumerate(day(events), 1):
        batch.append(one)
        if len(batch) == _BATCH or number == events:
            with writing(engine) as connection:
                insert_events(connection, batch)
            batch = []


def follow(engine: Engine, *, words: bool) -> float:
    """Have the worker handle the whole log; return its processor time in seconds."""
    with writing(engine) as connection:
        begin_cursor(connection, "history", now_ns=1)
    processor = History(HistorySettings(search=words))._processor(engine, "history")
    began = time.process_time()
    while processor.step().lag:
        pass
    return time.process_time() - began


def size(engine: Engine) -> dict[str, int]:
    with reading(engine) as connection:
        rows = connection.exec_driver_sql("SELECT name, sum(pgsize) FROM dbstat GROUP BY name")
        return {name: int(bytes_) for name, bytes_ in rows if name in TABLES}


def took(engine: Engine, ask: Callable[[Connection], object]) -> float:
    """Return the processor time of a question in seconds, as a command has it: with nothing in memory."""
    began = time.process_time()
    with reading(engine) as connection:
        ask(connection)
    return round(time.process_time() - began, 3)


def questions() -> dict[str, Callable[[Connection], object]]:
    edges = Window(BEGIN + HOUR_NS // 2, BEGIN + DAY_NS - HOUR_NS // 2)
    texts = {"a file": "/etc/shadow 17", "a password": "pass4999", "a client": "zgrab", "nothing": "nothing-here"}
    return {
        "summary of the whole day": lambda connection: summary_of(connection, Window(), 10),
        "summary of half past to half past": lambda connection: summary_of(connection, edges, 10),
        "report of the whole day": lambda connection: html_report(summary_of(connection, Window(), 25)),
        **{
            f"search for {what}": lambda connection, text=text: search(connection, text, Selection(), 50)  # type: ignore[misc]  # bound here
            for what, text in texts.items()
        },
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--without-words", action="store_true", help="as with [history] search = false")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="decnet-history-") as directory:
        url = f"sqlite:///{Path(directory) / 'decnet.db'}"
        upgrade(url)
        engine = open_engine(url)
        fill(engine, given.events)
        seconds = follow(engine, words=not given.without_words)
        sizes = size(engine)
        figures = {
            "events": given.events,
            "microseconds_per_event": round(1e6 * seconds / given.events, 1),
            "bytes_per_event": {name: round(bytes_ / given.events, 1) for name, bytes_ in sizes.items()},
            "processor_seconds": {name: took(engine, ask) for name, ask in questions().items()},
        }
        engine.dispose()
    json.dump(figures, sys.stdout, indent=2)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
