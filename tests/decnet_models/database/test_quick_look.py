# SPDX-License-Identifier: MIT
"""What `decnet up` is told of a database at each start: only what is certain."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from uuid import UUID

from tests.decnet_models.migrated import migrated_database

from decnet_core.events.catalogue import CommandRun
from decnet_core.events.envelope import Event
from decnet_models.database.engine import open_engine, writing
from decnet_models.database.quick_look import Ends, ends_of
from decnet_models.events.queries import insert_events


def test_ends_of_a_current_database_are_told(tmp_path: Path) -> None:
    url = migrated_database(tmp_path / "a b#c.db")
    assert ends_of(url) == Ends(0, 0)
    engine = open_engine(url)
    with writing(engine) as connection:
        payload = CommandRun(service="ssh", command="id")
        insert_events(connection, [Event(id=UUID(int=n), ts=n, sensor="s", payload=payload) for n in (1, 2)])
    assert ends_of(url) == Ends(2, 0)
    engine.dispose()


def test_nothing_is_told_of_any_other(tmp_path: Path) -> None:
    url = migrated_database(tmp_path / "decnet.db")
    with closing(sqlite3.connect(tmp_path / "decnet.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001_initial'")
    (tmp_path / "other.db").write_bytes(b"no database" * 100)
    others = [f"sqlite:///{tmp_path / name}" for name in ("other.db", "missing.db")]
    assert [ends_of(one) for one in (url, *others, "postgresql+psycopg://user@host/name")] == [None] * 4
