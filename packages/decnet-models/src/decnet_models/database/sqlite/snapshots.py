# SPDX-License-Identifier: MIT
"""Snapshots for those who read many times a second: of SQLite on connections that are kept from one to the next.

`engine.reading` has SQLAlchemy take a connection, begin and end a transaction, and give the connection back, which
takes 50 µs; SQLite's own part of that is 2 µs. Here SQLAlchemy's transaction stays open, and the driver ends its own
and begins another one below it. PostgreSQL, where each of that is a round trip, is read as ever.

A read that should be short can be done where nothing may wait (`promptly`): SQLite asks every 1000 of its instructions
whether the time is over, and waits for no lock.
"""

import math
import sqlite3
import time
from collections.abc import Callable
from typing import TypeVar

import msgspec
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from decnet_models.database.engine import READING, reading, without_waiting
from decnet_models.database.rows.driver_rows import sqlite_driver
from decnet_models.database.statements import driver_errors
from decnet_models.root_error import ModelsError

T = TypeVar("T")

_INSTRUCTIONS = 1000
"""About 50 µs of SQLite's; the question costs a hundredth of that."""
_NOT_NOW = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_LOCKED})


_NEVER = (math.inf, math.inf, math.inf)

LONGEST = 20
"""How many times as long as its processor time a prompt read may last."""


class OvertimeError(ModelsError):
    """A read did not end in the time that it had, or would have had to wait."""


class _Kept(msgspec.Struct):
    connection: Connection
    driver: sqlite3.Connection

    def close(self) -> None:
        self.connection.close()


class Snapshots:
    """Snapshots of an engine's database; `read` in any thread, `promptly` in one."""

    def __init__(self, engine: Engine) -> None:
        """The engine needs a connection for each thread that reads at once, and one for `promptly`."""
        self._engine = engine
        self._is_sqlite = engine.dialect.name == "sqlite"
        self._idle: list[_Kept] = []
        self._prompt: _Kept | None = None
        self._deadlines = _NEVER

    @property
    def can_be_prompt(self) -> bool:
        """Whether `promptly` does more than raise: PostgreSQL answers when it answers."""
        return self._is_sqlite

    def read(self, function: Callable[[Connection], T]) -> T:
        """Return `function(connection)`, on one snapshot."""
        if not self._is_sqlite:
            with reading(self._engine) as connection:
                return function(connection)
        try:
            kept = self._idle.pop()
        except IndexError:
            kept = self._open()
        try:
            answer = self._on(kept, function)
        except BaseException:
            kept.close()  # whose state an error may have changed; the pool makes it as new
            raise
        self._idle.append(kept)
        return answer

    def promptly(self, function: Callable[[Connection], T], seconds: float) -> T:
        """Return what `read` does if SQLite is done within `seconds` and need not wait; else raises OvertimeError.

        The seconds are of the processor; where others have that, or a disk is slow, it may be LONGEST times as many.
        """
        if not self._is_sqlite:
            raise OvertimeError("only SQLite can be interrupted")
        try:
            if self._prompt is None:
                self._prompt = self._open_prompt()
            return self._on(self._prompt, lambda connection: self._timed(function, connection, seconds))
        except DBAPIError as error:
            if (getattr(error.orig, "sqlite_errorcode", None) or 0) & 0xFF in _NOT_NOW:
                raise OvertimeError("the database has more to do for it") from error
            self._end_prompt()
            raise

    def close(self) -> None:
        """Close the connections that nobody uses; the next read opens them again."""
        while self._idle:
            self._idle.pop().close()
        self._end_prompt()
        self._engine.dispose()

    def _on(self, kept: _Kept, function: Callable[[Connection], T]) -> T:
        try:
            kept.driver.execute("BEGIN")
        except sqlite3.Error:
            with driver_errors(kept.connection, "BEGIN"):
                raise
        try:
            return function(kept.connection)
        finally:
            kept.driver.rollback()

    def _open(self) -> _Kept:
        connection = self._engine.connect().execution_options(**{READING: True})
        try:
            connection.begin()
            driver = sqlite_driver(connection)
            driver.rollback()
        except BaseException:
            connection.invalidate()  # which may be one that waits for nothing
            connection.close()
            raise
        return _Kept(connection, driver)

    def _open_prompt(self) -> _Kept:
        with without_waiting():
            kept = self._open()
        kept.driver.execute("PRAGMA busy_timeout=0").fetchall()
        kept.driver.set_progress_handler(self._is_over, _INSTRUCTIONS)
        return kept

    def _end_prompt(self) -> None:
        kept, self._prompt = self._prompt, None
        if kept is not None:
            kept.connection.invalidate()  # closed, not given to the pool: others may wait, and take their time
            kept.close()

    def _timed(self, function: Callable[[Connection], T], connection: Connection, seconds: float) -> T:
        now = time.perf_counter()
        self._deadlines = now + seconds, time.thread_time() + seconds, now + LONGEST * seconds
        try:
            return function(connection)
        finally:
            self._deadlines = _NEVER  # the transaction's end is not interrupted

    def _is_over(self) -> bool:
        now, (soonest, spent, latest) = time.perf_counter(), self._deadlines
        return now > soonest and (now > latest or time.thread_time() > spent)
