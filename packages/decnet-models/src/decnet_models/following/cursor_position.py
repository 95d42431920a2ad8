# SPDX-License-Identifier: MIT
"""A worker's position in the log: one cursor, or leases of shards; it moves in the results' transaction.

`span` returns what may be read next, `move` marks it handled. `move` comes first in the transaction that writes the
results, locks the position until the commit and raises CursorMovedError when it is no longer this instance's: a
suspended or second instance writes nothing.
"""

import time
from typing import Protocol

import msgspec
from sqlalchemy import Connection

from decnet_models.errors import CursorMovedError
from decnet_models.progress import queries as progress


class Span(msgspec.Struct, frozen=True):
    """What to handle next: events after `start`, up to `until` and of `shards`, if given."""

    start: int
    until: int | None = None
    shards: frozenset[int] | None = None
    """None: of every attacker."""


class CursorPosition(Protocol):
    """How a worker's position in the log is stored."""

    def span(self, connection: Connection) -> Span | None:
        """Return what to read next; None when nothing is this instance's."""

    def move(self, connection: Connection, span: Span, start: int, end: int) -> None:
        """Move the span's cursors from `start` to `end`; raises CursorMovedError when they are no longer there."""


class WholeLog:
    """One cursor for all events; a file lock, or the configuration, ensures that only one instance follows it."""

    def __init__(self, worker: str) -> None:
        self._worker = worker

    def span(self, connection: Connection) -> Span:
        return Span(progress.cursor_of(connection, self._worker))

    def move(self, connection: Connection, span: Span, start: int, end: int) -> None:
        del span
        if not progress.advance_cursor(connection, self._worker, start, end, now_ns=time.time_ns()):
            raise CursorMovedError(f"the cursor of {self._worker} is no longer at {start}")
