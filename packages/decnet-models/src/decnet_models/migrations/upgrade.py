# SPDX-License-Identifier: MIT
"""Upgrades a database to this version's schema; concurrent upgrades are safe: the second waits and has nothing to do.

While hosts are upgraded one after another, `Phase.BEFORE` runs before the first of them and only adds; `Phase.AFTER`
runs when none uses the old version any more and removes what that used. `Phase.ALL` is for a stopped fleet. There is no
downgrade: only a backup has what a migration removed.
"""

import enum
from itertools import takewhile
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from decnet_models.database.engine import open_engine, shown, writing
from decnet_models.database.schema import (
    ADOPTED,
    FLOOR,
    contracts,
    current_revision,
    floor_of,
    newer,
    serves,
)
from decnet_models.errors import DatabaseError, passes, reason
from decnet_models.migrations import chain
from decnet_models.migrations.chain import newest_revision, revisions

WAIT_SECONDS = 60.0
"""How long an upgrade waits for another one."""

_LOCK = 0x6465636E6574
"""Key of PostgreSQL's advisory lock; "decnet" in ASCII."""


class Phase(enum.StrEnum):
    """Which migrations an upgrade runs."""

    ALL = "all"
    BEFORE = "before"
    AFTER = "after"


def upgrade(url: str, phase: Phase = Phase.ALL, *, wait_seconds: float = WAIT_SECONDS) -> tuple[str | None, str]:
    """Migrate in one transaction and return the revision before and after; nothing is changed when it fails.

    Raises DatabaseError for a newer version's database, when another upgrade takes longer than `wait_seconds`, and when
    the pending migrations cannot be run in that phase.
    """
    engine = open_engine(url, create=True, busy_seconds=wait_seconds)
    try:
        with writing(engine) as connection:
            _require_utf8(connection, url)
            exclusive(connection)
            before = current_revision(connection)
            return before, _migrate(connection, before, phase)
    except DBAPIError as error:
        waited = passes(error) and ("lock" in reason(error))
        hint = f"; another upgrade or a long transaction holds it for {wait_seconds:g} s" if waited else ""
        raise DatabaseError(f"cannot upgrade {shown(url)}: {reason(error)}{hint}") from error
    finally:
        engine.dispose()


def _require_utf8(connection: Connection, url: str) -> None:
    """Refuse a PostgreSQL database that cannot store every text, or (SQL_ASCII) does not say what its bytes mean."""
    if connection.dialect.name != "postgresql":
        return
    encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
    if encoding != "UTF8":
        raise DatabaseError(
            f"{shown(url)} has the encoding {encoding}: make it anew with CREATE DATABASE ... ENCODING 'UTF8' "
            "TEMPLATE template0"
        )


def exclusive(connection: Connection) -> None:
    """Wait for a concurrent schema change; on SQLite the transaction itself (BEGIN IMMEDIATE) is the lock."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def migrate_to(connection: Connection, revision: str) -> None:
    """Run the migrations up to `revision` in the connection's transaction."""
    command.upgrade(config(connection), revision)


def target(chain: list[str], has: str | None, phase: Phase) -> str:
    """Return the revision up to which to migrate; DatabaseError when the pending phases are not in order."""
    pending = [revision for revision in chain if has is None or revision > has]
    adding = list(takewhile(lambda revision: not contracts(revision), pending))
    if phase is Phase.ALL or has is None or not pending:
        return chain[-1]
    if phase is Phase.AFTER:
        if adding:
            raise DatabaseError(f"{adding[0]} waits for `decnet-db upgrade --phase before`; run it first")
        return chain[-1]
    if not all(map(contracts, pending[len(adding) :])):
        raise DatabaseError(
            f"{pending[len(adding)]} cannot run beside an older version: upgrade one version at a time, "
            "or stop the fleet and run `decnet-db upgrade`"
        )
    return adding[-1] if adding else has


def config(connection: Connection) -> Config:
    """Return Alembic's configuration without an ini file, for `connection`."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    made.set_main_option("path_separator", "newline")
    made.set_main_option("version_locations", str(chain.VERSIONS).replace("%", "%%"))
    made.attributes["connection"] = connection
    return made


def set_floor(connection: Connection, revision: str) -> None:
    """Record the oldest revision whose programs may use the database."""
    connection.execute(text(f"CREATE TABLE IF NOT EXISTS {FLOOR} (revision VARCHAR(255) NOT NULL)"))
    connection.execute(text(f"DELETE FROM {FLOOR}"))  # noqa: S608  # our own name
    connection.execute(text(f"INSERT INTO {FLOOR} VALUES (:revision)"), {"revision": revision})  # noqa: S608


def _migrate(connection: Connection, has: str | None, phase: Phase) -> str:
    if has is not None and has > newest_revision():
        if not serves(connection, has):
            raise DatabaseError(newer(has))
        return has  # a newer version is being rolled out
    reached = target(revisions(), has, phase)
    if reached != has or phase is not Phase.BEFORE:  # else programs that know the old name only may still run
        _adopt(connection, has)
    if reached != has:
        migrate_to(connection, reached)
    floor = _floor(connection, has, phase)
    if floor != floor_of(connection):
        set_floor(connection, floor)
    return reached


def _adopt(connection: Connection, has: str | None) -> None:
    """Record this version's name of the database's revision."""
    for old, new in ADOPTED.items():
        if new == has:
            names = {"old": old, "new": new}
            connection.execute(text("UPDATE alembic_version SET version_num = :new WHERE version_num = :old"), names)
            if floor_of(connection):
                connection.execute(text(f"UPDATE {FLOOR} SET revision = :new WHERE revision = :old"), names)  # noqa: S608


def _floor(connection: Connection, has: str | None, phase: Phase) -> str:
    if phase is Phase.BEFORE and has is not None:
        return floor_of(connection) or has
    return newest_revision()
