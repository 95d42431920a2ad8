# SPDX-License-Identifier: MIT
"""Bring a database to this version's schema; two at once are safe: the second waits and finds nothing to do."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from decnet_models.engine import open_engine, shown, writing
from decnet_models.errors import DatabaseError, reason
from decnet_models.schema import current_revision, newest_revision

WAIT_SECONDS = 60.0
"""How long an upgrade waits for another one."""

_LOCK = 0x6465636E6574
"""Key of PostgreSQL's advisory lock; "decnet" in ASCII."""


def upgrade(url: str) -> tuple[str | None, str]:
    """Migrate in one transaction and return the revision before and after; nothing is changed when it fails."""
    engine = open_engine(url, create=True, busy_seconds=WAIT_SECONDS)
    try:
        with writing(engine) as connection:
            _wait_for_others(connection)
            before = current_revision(connection)
            _refuse_newer(before)
            command.upgrade(config(connection), "head")
            return before, newest_revision()
    except DBAPIError as error:
        raise DatabaseError(f"cannot upgrade {shown(url)}: {reason(error)}") from error
    finally:
        engine.dispose()


def config(connection: Connection) -> Config:
    """Return Alembic's configuration without an ini file, for `connection`."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    made.attributes["connection"] = connection
    return made


def _wait_for_others(connection: Connection) -> None:
    """On SQLite the transaction itself (BEGIN IMMEDIATE) is the lock."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def _refuse_newer(revision: str | None) -> None:
    if revision is not None and revision > newest_revision():
        raise DatabaseError(
            f"the database is at {revision}, newer than this version's {newest_revision()}; install the newer version"
        )
