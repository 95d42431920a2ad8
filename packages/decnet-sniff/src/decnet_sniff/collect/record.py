# SPDX-License-Identifier: MIT
"""A line with its source's own knowledge of it: time, host, and identity for event ids."""

import msgspec


class Record(msgspec.Struct, frozen=True):
    """A line (or a journal entry, or a datagram) before parsing."""

    text: bytes
    origin: str
    """Where it was read: a path, an address, a container; for the quarantine."""
    identity: tuple[bytes, ...] = ()
    """The same when it is read again, and unique to the line; empty when it can be read only once."""
    offset: int | None = None
    size: int | None = None
    """Its whole length in bytes, when `text` is truncated."""
    ts: int | None = None
    """When the source received the line, ns since the Unix epoch."""
    host: str | None = None
    """The host according to the source, never to the line."""
    app: str | None = None
    process: str | None = None
    format: str = ""
    """The format that the label of its container names."""
    facility: int = 1
    severity: int = 5

    @property
    def place(self) -> str:
        """Where it was read, as precisely as is known."""
        return self.origin if self.offset is None else f"{self.origin}:{self.offset}"
