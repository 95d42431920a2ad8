# SPDX-License-Identifier: MIT
"""Whether anything was committed to a database since somebody last asked, for caches of what it says.

SQLite counts that itself: `PRAGMA data_version` of a connection changes with each commit of another one, whichever
process made it. It takes 3 µs and no lock. PostgreSQL has no such number that costs less than a query, so there
anything may have been.
"""

import sqlite3
from typing import TypeAlias
from urllib.parse import quote

from decnet_models.database.engine import sqlite_file

Mark: TypeAlias = object
"""Of one time; equal to that of another time if nothing was committed in between."""


class Commits:
    """The commits of one database, asked from one thread at a time."""

    def __init__(self, url: str) -> None:
        self._file = sqlite_file(url)
        self._opened = 0
        self._connection: sqlite3.Connection | None = None

    def mark(self) -> Mark:
        """Return the mark of now; of a database that cannot say, one that equals no other."""
        if self._file is None:
            return object()
        try:
            return self._version()
        except sqlite3.Error:
            self.close()
            return object()

    def close(self) -> None:
        """Close the connection; `mark` opens another one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _version(self) -> tuple[int, int]:
        if self._connection is None:
            place = f"file:{quote(str(self._file))}?mode=rw"
            self._connection = sqlite3.connect(
                place, uri=True, timeout=0, isolation_level=None, check_same_thread=False
            )
            self._opened += 1
        return self._opened, self._connection.execute("PRAGMA data_version").fetchall()[0][0]
