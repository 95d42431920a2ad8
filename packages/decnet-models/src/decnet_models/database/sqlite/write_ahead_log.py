# SPDX-License-Identifier: MIT
"""Keeps SQLite's write-ahead log small while several workers read and write at once.

SQLite itself copies the log's pages into the database after each commit once there are many, as far as readers allow,
and begins the log anew only if a writer begins while all of it is copied and nobody reads in it. Under load that never
happens: the log grew to 957 MiB, which is disk space, and every read searches the log's whole index. Besides, pages
that every batch changes were copied after every batch.

So the writers look after the log. Who finds it too long after a commit first copies it while others go on (a passive
checkpoint), and then has SQLite begin it anew. That takes the write lock, copies the rest, and waits for those who
read in the log: few, for some milliseconds, if workers end their snapshots early (`engine.end_snapshot`). A reader that
stays longer is not waited for; then the log grows until a later try. Both are done after the same commit: by the next
one others have written thousands of pages more, which were copied with the write lock held.

While the log is copied and the disk synced, others write on. What they wrote is copied in a second and a third pass,
each shorter: else it is copied and synced with the write lock held, which took a fifth of a busy chain's time.
"""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from decnet_models.database.rows.driver_rows import sqlite_driver

LOG_BYTES = 32 << 20
"""The log is copied and begun anew when its file is larger, and the file is then shortened to this.

With 16 MiB a chain without pause does so twice as often, and takes an eighth longer for an event; 64 save no more."""
SQLITES_OWN_PAGES = 2 * LOG_BYTES // 4096
"""From so many pages on SQLite copies the log after each commit, whoever commits."""
WAIT_SECONDS = 0.2
"""How long other writers wait at most for readers of the log."""
TRY_MILLISECONDS = 10
"""One try of these: SQLite looks for the write lock after 1, 2 and 5 ms, and then ever more seldom, while other writers
look every other millisecond (`engine.LOOK_SECONDS`) and would always be first."""
PAUSE_SECONDS = 2.0
"""After a reader was waited for in vain: so one that stays costs writers a tenth of their time."""

PASSES = 3
"""At most so many times the log is copied while others go on."""
FEW_PAGES = 500
"""A pass that copied fewer leaves so few that they may be copied with the write lock held: 2 MiB."""

_INFO = "decnet_log"


class WriteAheadLog:
    """The log of one connection's database, looked at after each commit."""

    def __init__(self, file: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._file = file
        self._clock = clock
        self._next_try = 0.0

    def shorten(self, driver: sqlite3.Connection) -> None:
        """Copy the log and begin it anew, if it is too long; called outside a transaction, after a commit."""
        if self._clock() >= self._next_try and self._is_long():
            try:
                self._begin_anew(driver)
            except sqlite3.Error:  # what was committed is; the next statement meets the same error, if it lasts
                self._next_try = self._clock() + PAUSE_SECONDS

    def _begin_anew(self, driver: sqlite3.Connection) -> None:
        if not _copy(driver):  # another process does, and begins it anew
            return
        ((before,),) = driver.execute("PRAGMA busy_timeout").fetchall()
        driver.execute(f"PRAGMA busy_timeout={TRY_MILLISECONDS}").fetchall()
        try:
            for _ in range(int(WAIT_SECONDS * 1000) // TRY_MILLISECONDS):
                ((busy, pages, _),) = driver.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
                if not busy or pages < 0:
                    break
        finally:
            driver.execute(f"PRAGMA busy_timeout={before}").fetchall()
        if busy and pages >= 0:  # else another process copies, and nobody was waited for
            self._next_try = self._clock() + PAUSE_SECONDS

    def _is_long(self) -> bool:
        try:
            return self._file.stat().st_size > LOG_BYTES
        except OSError:
            return False


def _copy(driver: sqlite3.Connection) -> bool:
    """Copy the log while others go on writing; return False when another process does."""
    copied = 0
    for _ in range(PASSES):
        before = copied
        ((busy, _, copied),) = driver.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        if busy:
            return False
        if copied - before < FEW_PAGES:
            break
    return True


def shorten_log(connection: Connection) -> None:
    """Begin the write-ahead log of a connection's database anew if it is too long; after a commit, on SQLite."""
    kept: dict[Any, Any] = connection.connection.info
    driver = sqlite_driver(connection)
    if _INFO not in kept:
        file = driver.execute("PRAGMA database_list").fetchall()[0][2]
        kept[_INFO] = WriteAheadLog(Path(f"{file}-wal")) if file else None
    log: WriteAheadLog | None = kept[_INFO]
    if log is not None:
        log.shorten(driver)
