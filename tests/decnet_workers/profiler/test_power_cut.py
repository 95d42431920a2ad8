# SPDX-License-Identifier: MIT
"""The power is cut while events are ingested and profiled: each is counted once, whatever of the profile was lost."""

from __future__ import annotations

import contextlib
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from tests.decnet_models.migrated import migrated_database
from tests.power_cut import MISSING, Disk, disk

from decnet_core.runtime.worker import NoSettings
from decnet_models.attackers.queries import attackers
from decnet_models.database.engine import open_engine, reading
from decnet_models.events.queries import last_seq
from decnet_models.notices import queries as notices
from decnet_models.progress.queries import cursor_of
from decnet_workers.profiler.worker import Profiler

pytestmark = [pytest.mark.fault, pytest.mark.skipif(bool(MISSING), reason=MISSING)]

PROFILE = """
import itertools, sys
from decnet_core.events.catalogue import LoginAttempt
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7_of
from decnet_core.runtime.worker import NoSettings
from decnet_models.database.engine import open_engine, writing
from decnet_models.events.queries import insert_events
from decnet_models.progress.queries import begin_cursor
from decnet_workers.profiler.worker import Profiler
engine = open_engine(f"sqlite:///{sys.argv[1]}/decnet.db")
with writing(engine) as connection:
    begin_cursor(connection, "profiler", now_ns=1)
processor = Profiler(NoSettings())._processor(engine, "profiler")

def made(number):
    payload = LoginAttempt(service="ssh", username="root", password=f"p{number}", success=False)
    source = f"192.0.2.{number % 9}"
    return Event(id=uuid7_of(number, str(number).encode()), ts=number, sensor="s", src_ip=source, payload=payload)

for number in itertools.count(1):
    with writing(engine) as connection:
        insert_events(connection, [made(7 * number + n) for n in range(7)])
    print(7 * number, flush=True)
    processor.step()
"""


@pytest.fixture
def struck(tmp_path: Path) -> Iterator[Disk]:
    with disk(tmp_path) as made:
        migrated_database(made.place / "decnet.db")
        made.sync()
        yield made


def counted(engine: Engine) -> tuple[int, int, int]:
    """Return how many events are in the log, have been passed by the profiler, and are counted in its rows."""
    with reading(engine) as connection:
        counts = sum(one.events for one in attackers(connection))
        return last_seq(connection), cursor_of(connection, "profiler"), counts


@pytest.mark.parametrize("seed", range(4))
def test_each_event_is_counted_once(struck: Disk, seed: int) -> None:
    chance = random.Random(seed)
    said = [int(line) for line in struck.crash(PROFILE, lines=chance.randrange(2, 40), chance=chance)]
    file = struck.place / "decnet.db"
    with contextlib.closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    engine = open_engine(f"sqlite:///{file}")
    logged, passed, events = counted(engine)
    assert logged >= max(said)
    assert passed == events
    processor = Profiler(NoSettings())._processor(engine, "profiler")
    while processor.step().lag:
        pass
    assert counted(engine) == (logged, logged, logged)
    with reading(engine) as connection:
        kinds = [one.kind for one in notices.after(connection, 0, 1 << 20)]
    assert kinds.count("credential.captured") == logged
    engine.dispose()
