# SPDX-License-Identifier: MIT
"""Rows as SQLite's driver returns them, for statements that are asked at most requests.

SQLAlchemy takes 40 µs for a statement besides what SQLite does: its context, its events, and what a result knows of
its columns, which it finds out anew each time. Its events do not see these statements: they write nothing
(`ownership`).
"""

import sqlite3
from collections.abc import Generator, Sequence
from contextlib import closing
from typing import Any, cast

from sqlalchemy import Connection

from decnet_models.database.statements import driver_errors


def sqlite_driver(connection: Connection) -> sqlite3.Connection:
    """Return the connection of SQLite's driver below SQLAlchemy's."""
    return cast("sqlite3.Connection", connection.connection.driver_connection)


def driver_rows(connection: Connection, text: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Return the rows of a SELECT as SQLite's driver takes it. Raises DBAPIError, as `Connection.execute` does."""
    driver = sqlite_driver(connection)
    try:
        return driver.execute(text, values).fetchall()
    except sqlite3.Error:
        with driver_errors(connection, text):  # which takes as long as a short statement
            raise


def driver_parts(
    connection: Connection, text: str, values: Sequence[Any], size: int
) -> Generator[list[tuple[Any, ...]]]:
    """Yield the rows of a SELECT, up to `size` at a time, so that the rest need not be read. Raises DBAPIError."""
    driver = sqlite_driver(connection)
    with driver_errors(connection, text), closing(driver.execute(text, values)) as cursor:
        while part := cursor.fetchmany(size):
            yield part
