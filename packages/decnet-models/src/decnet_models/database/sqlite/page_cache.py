# SPDX-License-Identifier: MIT
"""A larger page cache for SQLite while it writes.

A batch of thousands of events changes more pages than SQLite's 2 MiB hold. Then it writes them into the log in the
middle of the transaction, reads them again for the next row, writes them again, and computes the log's checksums anew.
With 8 MiB a backlog takes a tenth less processor time; with 4 it takes as much as with 2.

Between transactions the cache is small again: another process's commit makes all of it useless anyway.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from sqlalchemy import Connection

from decnet_models.database.rows.driver_rows import driver_rows, sqlite_driver

WRITING_KIB: Final = 8 << 10
"""While a transaction writes; of that, a transaction takes what the pages need that it touches."""
OTHERWISE_KIB: Final = 2000
"""SQLite's own default."""


@contextmanager
def large_cache(connection: Connection) -> Iterator[None]:
    """Have the connection keep more pages in the body: begun before a transaction, ended after it."""
    driver_rows(connection, f"PRAGMA cache_size=-{WRITING_KIB}")
    try:
        yield
    finally:
        if not connection.invalidated:
            with suppress(sqlite3.Error):  # what the body did is done; the next statement meets the same error
                sqlite_driver(connection).execute(f"PRAGMA cache_size=-{OTHERWISE_KIB}").fetchall()
