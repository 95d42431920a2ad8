# SPDX-License-Identifier: MIT
"""What a line of somebody's log turns out to be: events, nothing of interest, or something nobody understands."""

from __future__ import annotations

import msgspec

from decnet_core.events.catalogue import Payload

Endpoint = tuple[str, int | None]


class Parsed(msgspec.Struct, frozen=True):
    """A line that tells of something: `ts` in ns since the Unix epoch, one payload or several of the same moment."""

    ts: int
    payloads: tuple[Payload, ...]
    src: Endpoint | None = None
    dst: Endpoint | None = None
    session: str | None = None
    host: str | None = None
    """What the source calls itself."""


class Ignored(msgspec.Struct, frozen=True):
    """A line that is understood and tells nothing about an attacker."""

    reason: str


class Rejected(msgspec.Struct, frozen=True):
    """A line that cannot be understood; it goes to the quarantine."""

    reason: str


Outcome = Parsed | Ignored | Rejected
