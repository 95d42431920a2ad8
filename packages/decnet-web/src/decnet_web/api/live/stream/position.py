# SPDX-License-Identifier: MIT
"""Where a listener is: the last notice and the last event that it was given or did not want."""

from __future__ import annotations

import re
from typing import NamedTuple

from sqlalchemy import Connection

from decnet_models.events import queries as events
from decnet_models.notices import queries as notices

_TEXT = re.compile(r"n([0-9]{1,18})e([0-9]{1,18})")


class Position(NamedTuple):
    """Numbers of rows, which grow in the order of commit and are reused only for what a power cut took from SQLite.

    A client that has seen it is told that it missed something, unless as much has been added again.
    """

    notice: int
    event: int

    def __str__(self) -> str:
        return f"n{self.notice}e{self.event}"

    def reached(self, other: Position) -> bool:
        """Return whether this is not before `other` in either table."""
        return self.notice >= other.notice and self.event >= other.event

    def later(self, other: Position) -> Position:
        """Return the later one in each table."""
        return Position(max(self.notice, other.notice), max(self.event, other.event))


def parse_position(text: str) -> Position | None:
    """Return the position that a client names; None for what is none."""
    found = _TEXT.fullmatch(text)
    return Position(int(found[1]), int(found[2])) if found else None


def end(connection: Connection) -> Position:
    """Return the position of the newest rows."""
    return Position(notices.last_seq(connection), events.last_seq(connection))
