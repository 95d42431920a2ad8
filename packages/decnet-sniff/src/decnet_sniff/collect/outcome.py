# SPDX-License-Identifier: MIT
"""The outcome of a line: events, nothing of interest, or a rejection."""

import msgspec

from decnet_core.events.catalogue import Payload

Endpoint = tuple[str, int | None]


class Parsed(msgspec.Struct, frozen=True):
    """A line with events: `ts` in ns since the Unix epoch, one payload or several of the same time."""

    ts: int
    payloads: tuple[Payload, ...]
    src: Endpoint | None = None
    dst: Endpoint | None = None
    session: str | None = None
    host: str | None = None
    """The source's own name."""


class Ignored(msgspec.Struct, frozen=True):
    """A line that is understood and says nothing about an attacker."""

    reason: str


class Rejected(msgspec.Struct, frozen=True):
    """A line that cannot be parsed; it goes to the quarantine."""

    reason: str


Outcome = Parsed | Ignored | Rejected
