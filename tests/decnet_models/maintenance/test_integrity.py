# SPDX-License-Identifier: MIT
from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from decnet_core.events.envelope import Event
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.errors import DatabaseError
from decnet_models.events import queries
from decnet_models.maintenance.integrity import damages, examine
from decnet_models.maintenance.vacuum import vacuum

Maker = Callable[..., list[Event]]


def quiet(words: str) -> None:
    assert words


def test_a_sound_database_has_no_damages(url: str) -> None:
    assert damages(url, quiet) == []


def test_a_broken_page_is_found(sqlite_engine: Engine, sqlite_url: str, tmp_path: Path, make_events: Maker) -> None:
    with writing(sqlite_engine) as connection:
        queries.insert_events(connection, make_events(200))
        root = connection.execute(text("SELECT rootpage FROM sqlite_schema WHERE name = 'ix_event_ts'")).scalar_one()
    sqlite_engine.dispose()
    with sqlite3.connect(tmp_path / "decnet.db") as connection_:
        connection_.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection_.close()
    with (tmp_path / "decnet.db").open("r+b") as file:
        file.seek((root - 1) * 4096 + 2000)
        file.write(b"\x00" * 500)
    assert damages(sqlite_url, quiet)


def test_a_reference_to_nothing_is_found(sqlite_url: str, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "decnet.db") as connection:  # without PRAGMA foreign_keys
        connection.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
        connection.execute("CREATE TABLE child (parent INTEGER REFERENCES parent (id))")
        connection.execute("INSERT INTO child VALUES (7)")
    connection.close()
    assert damages(sqlite_url, quiet) == ["row 1 of child refers to a parent that is not there"]


def test_a_constraint_that_was_never_validated_is_found(postgres_url: str) -> None:
    engine = open_engine(postgres_url)
    try:
        with writing(engine) as connection:
            connection.execute(text("ALTER TABLE dead_letter ADD CONSTRAINT odd CHECK (seq > 5) NOT VALID"))
        assert damages(postgres_url, quiet) == ["constraint odd of dead_letter was never validated"]
    finally:
        with writing(engine) as connection:
            connection.execute(text("ALTER TABLE dead_letter DROP CONSTRAINT odd"))
        engine.dispose()


def test_indexes_are_read_where_the_server_can(postgres_url: str) -> None:
    engine = open_engine(postgres_url)
    with writing(engine) as connection:
        can = bool(connection.execute(text("SELECT 1 FROM pg_available_extensions WHERE name = 'amcheck'")).first())
        if can:
            connection.execute(text("CREATE EXTENSION amcheck"))
    said: list[str] = []
    try:
        assert damages(postgres_url, said.append) == []
        assert ("checking index ix_event_ts" in said) == can
    finally:
        with writing(engine) as connection:
            connection.execute(text("DROP EXTENSION IF EXISTS amcheck"))
        engine.dispose()


def test_what_postgresql_does_not_check_without_amcheck_is_said(postgres_url: str) -> None:
    found = examine(postgres_url, quiet)
    assert found.damages == []
    assert ["amcheck" in remark for remark in found.remarks] == [True]


def test_vacuum_gives_back_what_was_deleted(engine: Engine, url: str, make_events: Maker) -> None:
    with writing(engine) as connection:
        queries.insert_events(connection, make_events(3000))
    with writing(engine) as connection:
        connection.execute(text("DELETE FROM event WHERE seq < 3000"))
    done = vacuum(url, quiet, full=True)
    assert done.after < done.before
    with reading(engine) as connection:
        assert queries.last_seq(connection) == 3000


def test_vacuum_waits_for_no_writer_for_ever(
    sqlite_engine: Engine, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("decnet_models.maintenance.access.BUSY_SECONDS", 0.1)
    with writing(sqlite_engine), pytest.raises(DatabaseError, match="locked"):
        vacuum(sqlite_url, quiet)
