# SPDX-License-Identifier: MIT
"""A setting of SQLite that one transaction has, and the next one has not."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from decnet_models.database.rows.driver_rows import driver_rows, sqlite_driver


@contextmanager
def pragma(connection: Connection, name: str, within: int | str, otherwise: int | str) -> Iterator[None]:
    """Set a PRAGMA for the body, a whole transaction, and set it back, or give the connection up."""
    driver_rows(connection, f"PRAGMA {name}={within}")
    try:
        yield
    finally:
        if not connection.invalidated:
            try:
                sqlite_driver(connection).execute(f"PRAGMA {name}={otherwise}").fetchall()
            except sqlite3.Error as error:  # what the body did is done; the next one gets another connection
                connection.invalidate(error)
