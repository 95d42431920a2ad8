# SPDX-License-Identifier: MIT
"""Roles on a real server: each worker does its work as its own role, and the server refuses what is another's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ProgrammingError

from decnet_core.events.catalogue import PAYLOADS
from decnet_core.events.envelope import Event
from decnet_core.runtime import worker_registry as registry
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.database.grants import apply, grants, role_of
from decnet_models.database.ownership import all_tables
from decnet_models.database.warm_up import sample_events
from decnet_models.errors import DatabaseError
from decnet_models.events.queries import insert_events, last_seq
from decnet_models.following.batch_processor import Consumption
from decnet_models.following.cursor_worker import CursorWorker
from decnet_models.following.shard_leases import Leases
from decnet_models.maintenance import backup
from decnet_models.maintenance.archive import open_archive
from decnet_models.maintenance.integrity import damages
from decnet_models.migrations.check import differences
from decnet_models.progress import queries as progress

Maker = Callable[..., list[Event]]
As = Callable[[str], str]


@pytest.fixture
def role(postgres_url: str) -> As:
    """Make the roles, twice; give a function from worker to the URL by which it logs in."""
    statements = grants(all_tables(), registry.names())
    apply(postgres_url, statements)
    apply(postgres_url, statements)
    url = make_url(postgres_url)
    return lambda worker: url.set(username=role_of(worker)).render_as_string(hide_password=False)


@pytest.fixture
def ingested(role: As) -> None:
    """One event of each kind, written as ingest."""
    engine = open_engine(role("ingest"))
    with writing(engine) as connection:
        insert_events(connection, sample_events(PAYLOADS))
    engine.dispose()


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


@pytest.mark.parametrize("name", ["profiler", "ttp"])
def test_a_cursor_worker_works_as_its_own_role(name: str, role: As, ingested: None) -> None:
    engine = open_engine(role(name))
    kind = registry.load(name)
    assert issubclass(kind, CursorWorker)
    worker = kind._rehearsing()
    leases = Leases(engine, name, seconds=30, shared=worker.shared)
    with writing(engine) as connection:
        worker.prepare(connection)
    leases.keep()
    consumption: Consumption = worker._consumption(engine, name, leases)
    assert consumption.step().set_aside == 0
    with reading(engine) as connection:
        assert progress.cursor_of(connection, name) == last_seq(connection) > 0
    leases.release()
    engine.dispose()


def test_the_outbox_is_read_and_followed_as_the_role_of_webhook(role: As, ingested: None) -> None:
    from decnet_workers.webhook.outbox import Outbox
    from decnet_workers.webhook.settings import WebhookSettings

    engine = open_engine(role("webhook"))
    outbox = Outbox(engine, WebhookSettings())
    outbox.prepare()
    assert outbox.turn().lag == 0
    engine.dispose()


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


@pytest.fixture(autouse=True)
def _no_roles_left(postgres_url: str) -> Iterator[None]:
    """Roles are the server's, not the database's: other tests shall not find them."""
    yield
    engine = open_engine(postgres_url)
    with writing(engine) as connection:
        _drop_roles(connection)
    engine.dispose()


def _drop_roles(connection: Connection) -> None:
    for name in (
        connection.execute(text(r"SELECT rolname FROM pg_roles WHERE rolname LIKE 'decnet\_%'")).scalars().all()
    ):
        connection.execute(text(f"DROP OWNED BY {name}"))
        connection.execute(text(f"DROP ROLE {name}"))
    for table in ("worker_cursor", "lease", "set_aside"):
        connection.execute(text(f"DROP POLICY IF EXISTS decnet_read ON {table}"))
        connection.execute(text(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"))


def test_the_command_prints_what_it_applies(postgres_url: str) -> None:
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
