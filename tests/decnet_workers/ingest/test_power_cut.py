# SPDX-License-Identifier: MIT
"""The power is cut while events are spooled and ingested: each event that the disk had in the spool is stored once."""

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

from decnet_core.events.codec import decode
from decnet_core.spool.positions import START, acknowledged_positions
from decnet_core.spool.quarantine import Quarantine
from decnet_core.spool.reader import look
from decnet_core.spool.settings import SpoolSettings
from decnet_core.spool.writer import SpoolWriter
from decnet_models.database.engine import open_engine, reading
from decnet_models.events import queries
from decnet_workers.ingest.intake import Intake
from decnet_workers.ingest.settings import IngestSettings

pytestmark = [pytest.mark.fault, pytest.mark.skipif(bool(MISSING), reason=MISSING)]

INGEST = """
import itertools, sys
from pathlib import Path
from decnet_core.events.catalogue import CommandRun
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7_of
from decnet_core.spool.quarantine import Quarantine
from decnet_core.spool.settings import SpoolSettings
from decnet_core.spool.writer import SpoolWriter
from decnet_models.database.engine import open_engine
from decnet_workers.ingest.intake import Intake
from decnet_workers.ingest.settings import IngestSettings
root = Path(sys.argv[1])

def make_event(number):
    payload = CommandRun(service="ssh", command=f"{number} uname -a")
    return Event(id=uuid7_of(number, str(number).encode()), ts=number, sensor="s", payload=payload)

spool = SpoolWriter(root / "spool" / "decoys", SpoolSettings(segment_bytes=4096, quota_bytes=8 << 20))
engine = open_engine(f"sqlite:///{root / 'decnet.db'}")
intake = Intake(engine, root / "spool", Quarantine(root / "quarantine"), IngestSettings(), store=root / "artifacts")
for number in itertools.count():
    spool.append(make_event(number))
    if number % 14 == 6:
        spool.sync()
        print("synced", number, flush=True)
    if number % 14 == 13:
        intake.run_pass()
        print("stored", number, flush=True)
"""


@pytest.fixture
def struck(tmp_path: Path) -> Iterator[Disk]:
    with disk(tmp_path) as made:
        migrated_database(made.place / "decnet.db")
        made.sync()
        yield made


def stored(engine: Engine) -> list[int]:
    with reading(engine) as connection:
        return [one.event.ts for one in queries.events_after(connection, 0, 1 << 20)]


def ingest_the_rest(engine: Engine, root: Path) -> None:
    spool = SpoolWriter(root / "spool" / "decoys", SpoolSettings())
    settings = IngestSettings()
    intake = Intake(engine, root / "spool", Quarantine(root / "quarantine"), settings, store=root / "artifacts")
    while intake.run_pass().read:
        pass
    intake.close()
    spool.close()


@pytest.mark.parametrize("seed", range(6))
def test_each_event_that_was_promised_is_stored_once(struck: Disk, seed: int) -> None:
    chance = random.Random(seed)
    said = [line.split() for line in struck.crash(INGEST, lines=chance.randrange(2, 60), chance=chance)]
    spool, file = struck.place / "spool" / "decoys", struck.place / "decnet.db"
    committed = max((int(number) for what, number in said if what == "stored"), default=-1)
    promised = max(int(number) for _, number in said)
    with contextlib.closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    engine = open_engine(f"sqlite:///{file}")
    before = stored(engine)
    assert before == list(range(len(before)))
    assert len(before) > committed
    for position in acknowledged_positions(spool):  # it may lag behind the commit, never lead
        lines = look(spool, position, 1 << 20, 1 << 30).lines if position != START else []
        assert not lines or decode(lines[0]).ts <= len(before)
    ingest_the_rest(engine, struck.place)
    after = stored(engine)
    assert after == list(range(len(after)))
    assert len(after) > promised
    engine.dispose()
