# SPDX-License-Identifier: MIT
"""A worker's place in the log: one cursor over all of it, or leases of shards; both move in the results' transaction.

`span` says what may be read next, `move` makes it handled. `move` comes first in the transaction that writes the
results, locks the place until the commit and raises CursorMovedError when it is no longer this instance's: whoever
slept, was robbed or is a second one writes nothing.
"""

from __future__ import annotations

import time
from typing import Protocol

import msgspec
from sqlalchemy import Connection

from decnet_models.errors import CursorMovedError
from decnet_models.progress import queries as progress


class Span(msgspec.Struct, frozen=True):
    """What is to be handled next: events after `start`, up to `until` if that is given, of `shards` if that is."""

    start: int
    until: int | None = None
    shards: frozenset[int] | None = None
    """None: of every attacker."""


class CursorPosition(Protocol):
    """How a worker's place in the log is kept."""

    def span(self, connection: Connection) -> Span | None:
        """Return what is to be read next; None when nothing is this instance's."""

    def move(self, connection: Connection, span: Span, start: int, end: int) -> None:
        """Move the span's cursors from `start` to `end`; raises CursorMovedError when they are not there any more."""


class WholeLog:
    """One cursor for all events; a file lock or nothing at all sees to it that one instance follows it."""

    def __init__(self, worker: str) -> None:
        self._worker = worker

    def span(self, connection: Connection) -> Span:
        """Return everything after the cursor."""
        return Span(progress.cursor_of(connection, self._worker))

    def move(self, connection: Connection, span: Span, start: int, end: int) -> None:
        """Move the cursor; raises CursorMovedError when it is not at `start` any more."""
        del span
        if not progress.advance_cursor(connection, self._worker, start, end, now_ns=time.time_ns()):
            raise CursorMovedError(f"the cursor of {self._worker} is no longer at {start}")
