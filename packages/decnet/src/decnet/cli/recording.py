# SPDX-License-Identifier: MIT
"""The audit entry of a command that is run here: written once, in the transaction of what the command changes.

The API runs the same functions and writes entries of its own, so an entry is written only while `command` lasts.
Like the API's, an entry says what was done: a command that is refused, or only shows something, leaves none.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING

from decnet.cli.operator_name import operator

if TYPE_CHECKING:
    from sqlalchemy import Connection


class Recording:
    """The entry of one command."""

    def __init__(self, action: str, target: str | None, words: str) -> None:
        self._action, self._target, self._words = action, target, words
        self.is_written = False

    def write(self, connection: Connection) -> None:
        """Write the entry; the caller sets `is_written` once that is committed."""
        from decnet_models.accounts import audit

        detail = {"command": self._words, "result": "done"}
        now = time.time_ns()
        entry = audit.Entry(operator(), "command", self._action, now, object=self._target, detail=detail)
        audit.record(connection, entry)


_CURRENT: ContextVar[Recording | None] = ContextVar("decnet_recording", default=None)


@contextlib.contextmanager
def command(action: str, target: str | None, words: str) -> Iterator[None]:
    """Have the first transaction that changes something inside write an entry; `words` are the command line."""
    token = _CURRENT.set(Recording(action, target, words))
    try:
        yield
    finally:
        _CURRENT.reset(token)


def unwritten() -> Recording | None:
    """Return the entry that is still to be written, None without one."""
    recording = _CURRENT.get()
    return None if recording is None or recording.is_written else recording
