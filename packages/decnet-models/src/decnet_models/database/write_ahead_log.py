# SPDX-License-Identifier: MIT
"""Keeps SQLite's write-ahead log small while several workers read and write at once.

After a commit SQLite copies the log's pages into the database (a passive checkpoint), as far as readers allow. It
writes the log from its beginning again only if a writer begins while all of it is copied and nobody reads in it. Under
load that never happens: the log grew to 957 MiB, which is disk space, and every read searches the log's whole index.

So the writer that finds the log too long after its commit has SQLite begin it anew: that takes the write lock, copies
the rest, and waits for those who read in the log, who are few for a few milliseconds if workers end their snapshots
early (`engine.end_snapshot`). A reader that stays longer is not waited for; then the log grows until a later try.
"""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Connection

LOG_BYTES = 32 << 20
"""The log is begun anew when its file is larger, and the file is shortened to this; one batch may add some MiB."""
WAIT_SECONDS = 0.2
"""How long other writers wait at most for readers of the log."""
PAUSE_SECONDS = 2.0
"""After a try that failed: so readers that stay cost writers a tenth of their time."""

_INFO = "decnet_log"


class WriteAheadLog:
    """The log of one connection's database, looked at after each commit."""

    def __init__(self, file: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._file = file
        self._clock = clock
        self._next_try = 0.0

    def shorten(self, driver: sqlite3.Connection) -> None:
        """Begin the log anew if it is too long; called outside a transaction."""
        if not self._is_long() or self._clock() < self._next_try:
            return
        ((before,),) = driver.execute("PRAGMA busy_timeout").fetchall()
        driver.execute(f"PRAGMA busy_timeout={int(WAIT_SECONDS * 1000)}").fetchall()
        try:
            ((busy, *_),) = driver.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
        except sqlite3.Error:
            busy = 1  # what was committed is; the next statement meets the same error, if it lasts
        finally:
            driver.execute(f"PRAGMA busy_timeout={before}").fetchall()
        if busy:
            self._next_try = self._clock() + PAUSE_SECONDS

    def _is_long(self) -> bool:
        try:
            return self._file.stat().st_size > LOG_BYTES
        except OSError:
            return False


def shorten_log(connection: Connection) -> None:
    """Begin the write-ahead log of a connection's database anew if it is too long; after a commit, on SQLite."""
    kept: dict[Any, Any] = connection.connection.info
    driver = cast("sqlite3.Connection", connection.connection.driver_connection)
    if _INFO not in kept:
        file = driver.execute("PRAGMA database_list").fetchall()[0][2]
        kept[_INFO] = WriteAheadLog(Path(f"{file}-wal")) if file else None
    log: WriteAheadLog | None = kept[_INFO]
    if log is not None:
        log.shorten(driver)
