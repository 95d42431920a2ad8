# SPDX-License-Identifier: MIT
"""Sensors that are silent, units that have failed, and a database that is not healthy: told once, with the end."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from tests.decnet_models.migrated import migrated_database

from decnet_core.deckies.orders import Contact
from decnet_core.events.notices import (
    CertificateExpiring,
    DatabaseRecovered,
    DatabaseUnhealthy,
    Notice,
    SensorBack,
    SensorSilent,
    WorkerDown,
    WorkerRecovered,
)
from decnet_core.timing.durations import SECOND_NS
from decnet_models.database.engine import open_engine, reading
from decnet_models.notices import queries as notices
from decnet_models.repair.attempts import Attempts, remember
from decnet_workers.webhook import fleet_troubles
from decnet_workers.webhook.fleet_troubles import SETTLE_NS, FleetTroubles

START = 1_800_000_000 * SECOND_NS


class Watched:
    """A host whose troubles are looked at; stands for the module `time`, too."""

    def __init__(self, state: Path) -> None:
        self.state, self.now = state, START
        self.file = state / "decnet.db"
        self.engine: Engine = open_engine(migrated_database(self.file))
        (state / "run" / "supervise").mkdir(parents=True)
        (state / "run" / "units").mkdir()
        (state / "sensors").mkdir()
        self.troubles = FleetTroubles(self.engine, state, state / "run" / "supervise")

    def time_ns(self) -> int:
        return self.now

    def contact(self, **fields: object) -> None:
        one = msgspec.convert({"sensor": "berlin-1", "heard_at": self.now, **fields}, Contact)
        (self.state / "sensors" / "berlin-1.json").write_bytes(msgspec.json.encode(one))

    def looks(self) -> list[Notice]:
        """Look twice, with the time between after which a trouble is told; return what was told."""
        before = len(self._told())
        self.troubles.look()
        self.now += SETTLE_NS
        self.troubles.look()
        return self._told()[before:]

    def _told(self) -> list[Notice]:
        with reading(self.engine) as connection:
            return [stored.notice for stored in notices.after(connection, 0, 100)]


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    made = Watched(tmp_path)
    monkeypatch.setattr(fleet_troubles, "time", made)
    yield made
    made.engine.dispose()


def test_sensor_is_silent_until_it_is_heard_or_revoked(watched: Watched) -> None:
    watched.contact(silent_seconds=60)
    heard = watched.now
    assert watched.troubles.look() == heard + 60 * SECOND_NS, "the next look is when it becomes silent"
    watched.now += 60 * SECOND_NS
    told = watched.looks()
    assert told == [SensorSilent(watched.now, "berlin-1", heard)]
    since = watched.now
    watched.contact()
    assert watched.looks() == [SensorBack(watched.now - SETTLE_NS, "berlin-1", since)]
    watched.now += 1000 * SECOND_NS
    assert len(watched.looks()) == 1
    watched.contact(heard_at=0, revoked=True)
    assert [type(one) for one in watched.looks()] == [SensorBack]


def test_certificate_that_the_listener_sees_ending_is_told(watched: Watched) -> None:
    ends = watched.now + 6 * 86400 * SECOND_NS
    watched.contact(not_after=ends)
    assert watched.looks() == [CertificateExpiring(watched.now, "berlin-1", ends)]


def test_failed_unit_is_a_worker_that_is_down(watched: Watched) -> None:
    note = watched.state / "run" / "units" / "ttp"
    note.write_text("exit-code\n")
    (note.parent / "ingest").write_text("success\n")
    assert watched.looks() == [WorkerDown(watched.now, "ttp", "failed", "exit-code")]
    since = watched.now
    note.unlink()
    assert watched.looks() == [WorkerRecovered(watched.now - SETTLE_NS, "ttp", since)]


def test_damage_that_could_not_be_mended_is_told(watched: Watched) -> None:
    assert watched.looks() == []
    remember(watched.file, Attempts(watched.file.stat().st_ino, failed="a table is damaged"))
    told = watched.looks()
    assert told == [
        DatabaseUnhealthy(watched.now, str(watched.file), watched.now, "not tried again: a table is damaged")
    ]
    remember(watched.file, Attempts(watched.file.stat().st_ino))
    assert [type(one) for one in watched.looks()] == [DatabaseRecovered]


def test_outage_is_told_when_it_is_over(watched: Watched) -> None:
    whole = sqlite3.connect(watched.file)
    whole.execute("ALTER TABLE trouble RENAME TO hidden")
    with pytest.raises(DBAPIError):
        watched.troubles.look()
    began = watched.now
    watched.now += 60 * SECOND_NS
    with pytest.raises(DBAPIError):
        watched.troubles.look()
    whole.execute("ALTER TABLE hidden RENAME TO trouble")
    whole.close()
    told = watched.looks()
    assert [type(one) for one in told] == [DatabaseUnhealthy, DatabaseRecovered]
    assert isinstance(told[0], DatabaseUnhealthy)
    assert told[0].since == began
    assert "did not answer for 60 s" in told[0].reason
    assert watched.looks() == []
