# SPDX-License-Identifier: MIT
"""Compares the schema made by the migrations with the declared one, for operators and tests."""

import functools
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData
from sqlalchemy.exc import DBAPIError

from decnet_models.database.domains import all_tables
from decnet_models.database.engine import open_engine, reading
from decnet_models.database.schema import FLOOR, require_current
from decnet_models.errors import DatabaseError, reason
from decnet_models.migrations.details import detail_differences
from decnet_models.migrations.keys import key_differences
from decnet_models.migrations.upgrade import upgrade


def check(url: str) -> list[str]:
    """Return every difference, each naming the database, the table and the missing change; empty: none.

    Checks a fresh SQLite database, which shows whether a migration was forgotten, and the one at `url`. Raises
    DatabaseError when that cannot be read or is not at this version.
    """
    fresh = [f"a fresh database: {difference}" for difference in _fresh_differences()]
    return fresh + [f"this database: {difference}" for difference in _differences_at(url)]


def differences(connection: Connection) -> list[str]:
    """Return how the database behind `connection` differs from the declared tables."""
    declared = declared_schema()
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "include_object": _is_ours, "target_metadata": declared}
    )
    changes = [_words(change) for change in compare_metadata(context, declared) if not _is_reference(change)]
    return [*changes, *key_differences(connection, declared), *detail_differences(connection, declared)]


@functools.cache
def declared_schema() -> MetaData:
    """Return the tables of all domains together; the only place that loads them all."""
    whole = MetaData()
    for table in all_tables():
        table.to_metadata(whole)
    return whole


@functools.cache
def _fresh_differences() -> list[str]:
    """Compare a fresh SQLite database: once, since migrations and classes are this version's."""
    with tempfile.TemporaryDirectory(prefix="decnet-check-") as directory:
        fresh = f"sqlite:///{Path(directory) / 'fresh.db'}"
        with _quiet():
            upgrade(fresh)
        return _differences_at(fresh)


def _differences_at(url: str) -> list[str]:
    engine = open_engine(url, read_only=True)
    try:
        with reading(engine) as connection:
            require_current(connection)
            return differences(connection)
    except DBAPIError as error:
        raise DatabaseError(f"the database cannot be read: {reason(error)}") from error
    finally:
        engine.dispose()


def _is_ours(thing: Any, name: str | None, kind: str, *_: Any) -> bool:
    del thing
    return not (kind == "table" and name is not None and (name == FLOOR or name.startswith(("alembic_", "sqlite_"))))


def _is_reference(change: Any) -> bool:
    """`key_differences` compares them: across domains they are foreign keys in the database only."""
    return isinstance(change, tuple) and change[0] in {"add_fk", "remove_fk"}


def _words(change: Any) -> str:
    """Return what Alembic would have to do to make the database match."""
    if isinstance(change, list):  # changes of one column
        return "; ".join(_words(one) for one in change)
    verb = str(change[0]).replace("_", " ")
    match change[0]:
        case "add_table" | "remove_table":
            return f"{verb} {change[1].name}"
        case "add_column" | "remove_column":
            return f"{verb} {change[2]}.{change[3].name}"
        case "modify_type" | "modify_nullable" | "modify_default":
            return f"{verb} of {change[2]}.{change[3]} from {change[5]!r} to {change[6]!r}"
        case _:
            return f"{verb} {change[1].table.name}.{change[1].name}"


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Alembic from logging the fresh database's migrations as if they were the operator's."""
    logger = logging.getLogger("alembic")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)
