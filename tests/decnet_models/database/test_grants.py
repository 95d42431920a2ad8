# SPDX-License-Identifier: MIT
"""Roles on a real server: each worker does its work as its own role, and the server refuses what is another's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from decnet_core.events.catalogue import PAYLOADS
from decnet_core.events.envelope import Event
from decnet_models.database.domains import all_tables
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.database.grants import apply
from decnet_models.errors import DatabaseError
from decnet_models.maintenance.archive import open_archive
from decnet_models.maintenance.backup import backup
from decnet_models.maintenance.integrity import damages
from decnet_models.migrations.check import differences
from decnet_models.progress import queries as progress

Maker = Callable[..., list[Event]]
As = Callable[[str], str]


def refused(url: str, statement: str) -> bool:
    engine = open_engine(url)
    try:
        with writing(engine) as connection:
            connection.execute(text(statement))
    except ProgrammingError as error:
        return getattr(error.orig, "sqlstate", "") == "42501"  # insufficient_privilege
    finally:
        engine.dispose()
    return False


FORBIDDEN = (
    ("profiler", "DELETE FROM event"),
    ("ttp", "UPDATE attacker SET score = 0"),
    ("profiler", "DELETE FROM ttp_tag"),
    ("webhook", "DELETE FROM webhook"),
    ("ttp", "UPDATE ttp_rule_state SET reason = ''"),
    ("ttp", "UPDATE notice SET kind = ''"),
    ("ingest", "DELETE FROM attacker"),
    ("profiler", "DROP TABLE attacker"),
    ("webhook", "SELECT * FROM api_token"),
    ("ttp", "INSERT INTO worker_cursor VALUES ('profiler', 1, 1)"),
)


def test_the_server_refuses_what_is_anothers(role: As) -> None:
    assert [one for one in FORBIDDEN if not refused(role(one[0]), one[1])] == []


def test_a_worker_moves_its_own_cursor_and_not_anothers(role: As, postgres_url: str) -> None:
    owner = open_engine(postgres_url)
    with writing(owner) as connection:
        for worker in ("profiler", "ttp", "ttp.more"):
            progress.begin_cursor(connection, worker, now_ns=1)
    engine = open_engine(role("ttp"))
    with writing(engine) as connection:
        assert progress.advance_cursor(connection, "ttp", 0, 5, now_ns=2)
        assert progress.advance_cursor(connection, "ttp.more", 0, 6, now_ns=2)
        assert not progress.advance_cursor(connection, "profiler", 0, 7, now_ns=2)
        assert progress.cursors(connection) == {"profiler": 0, "ttp": 5, "ttp.more": 6}
    engine.dispose()
    owner.dispose()


def test_the_operator_backs_up_and_checks_without_being_the_owner(role: As, ingested: None, tmp_path: Path) -> None:
    made = backup(role("operator"), tmp_path / "backup", lambda _: None)
    archive, manifest = open_archive(tmp_path / "backup")
    archive.close()
    assert made.bytes > 0
    assert {one.name for one in manifest.tables} == {table.name for table in all_tables()}
    assert next(one.rows for one in manifest.tables if one.name == "event") == len(PAYLOADS)
    assert damages(role("operator"), lambda _: None) == []
    engine = open_engine(role("operator"), read_only=True)
    with reading(engine) as connection:
        assert differences(connection) == []
    engine.dispose()


def test_sqlite_has_no_roles(sqlite_url: str) -> None:
    with pytest.raises(DatabaseError, match="SQLite has no roles"):
        apply(sqlite_url, [])


def test_the_command_prints_what_it_applies(postgres_url: str, no_roles_left: None) -> None:
    from typer.testing import CliRunner

    from decnet_models.command import app

    printed = CliRunner().invoke(app, ["grants"])
    assert printed.exit_code == 0
    assert 'GRANT SELECT, INSERT, UPDATE, DELETE ON "ttp_tag" TO decnet_ttp;' in printed.output
    applied = CliRunner().invoke(app, ["grants", "--apply", "--url", postgres_url])
    assert applied.exit_code == 0, applied.output
    engine = open_engine(postgres_url)
    with reading(engine) as connection:
        assert connection.execute(text("SELECT has_table_privilege('decnet_ttp', 'ttp_tag', 'DELETE')")).scalar()
    engine.dispose()
