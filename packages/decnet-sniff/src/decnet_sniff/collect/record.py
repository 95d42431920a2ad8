# SPDX-License-Identifier: MIT
"""One line as a source gave it, with what the source itself knows of it: when, whose, and what its event ids are of."""

from __future__ import annotations

import msgspec


class Record(msgspec.Struct, frozen=True):
    """A line (or an entry of a journal, or a datagram) before anybody has tried to understand it."""

    text: bytes
    origin: str
    """Where it was read: a path, an address, a container; for the quarantine."""
    identity: tuple[bytes, ...] = ()
    """What is the same when it is read again, and of no other line; empty when it can be read only once."""
    offset: int | None = None
    size: int | None = None
    """Its whole length in bytes, when `text` is only its beginning."""
    ts: int | None = None
    """When the source says it received the line, in ns since the Unix epoch."""
    host: str | None = None
    """The host by the source's own word, never by the line's."""
    app: str | None = None
    process: str | None = None
    facility: int = 1
    severity: int = 5

    @property
    def place(self) -> str:
        """Where it was read, as precisely as is known."""
        return self.origin if self.offset is None else f"{self.origin}:{self.offset}"
