# SPDX-License-Identifier: MIT
"""What XREAD and XREADGROUP have in common: what they are asked, and how entries are found for one command."""

from __future__ import annotations

import bisect

from decnet_decoys.redis.instance import Client
from decnet_decoys.redis.keys import NOT_A_NUMBER, SYNTAX, Arguments, number
from decnet_decoys.redis.keyspace import MAX_BYTES, Full
from decnet_decoys.redis.protocol import Error, Nothing, Pairs, Reply
from decnet_decoys.redis.types.stream import Id, Stream, entry_size
from decnet_decoys.redis.waiting import Waits

_UNBALANCED = Error("ERR Unbalanced '{}' list of streams: for each stream key an ID or '$' must be specified.")
_MOST_READ = 2 * MAX_BYTES
"""Bytes of entries that one command reads, as memory counts them: a few milliseconds' work."""


class Reading:
    """What XREAD and XREADGROUP are asked: how many entries, of which streams after which IDs, and how long to wait."""

    def __init__(self) -> None:
        self.count: int | None = None
        self.seconds: float | None = None
        """None: it does not wait."""
        self.group = self.consumer = b""
        self.acknowledged = False
        """Whether what is read is acknowledged at once (NOACK)."""
        self.streams: list[tuple[bytes, bytes]] = []


def reading(given: Arguments, name: str) -> Reading | Error:
    """Return what is asked."""
    asked, rest = Reading(), list(given)
    while rest:
        word = rest.pop(0).upper()
        if word == b"STREAMS":
            if not rest or len(rest) % 2:
                return Error(_UNBALANCED.text.format(name)) if rest else SYNTAX
            half = len(rest) // 2
            asked.streams = list(zip(rest[:half], rest[half:], strict=True))
            return asked
        if word == b"NOACK" and name == "xreadgroup":
            asked.acknowledged = True
        elif word == b"GROUP" and name == "xreadgroup" and len(rest) > 1:
            asked.group, asked.consumer = rest.pop(0), rest.pop(0)
        elif word in (b"COUNT", b"BLOCK") and rest:
            amount = number(rest.pop(0))
            if amount is None:
                return NOT_A_NUMBER if word == b"COUNT" else Error("ERR timeout is not an integer or out of range")
            if word == b"BLOCK" and amount < 0:
                return Error("ERR timeout is negative")
            if word == b"COUNT":
                asked.count = amount if amount > 0 else None
            else:
                asked.seconds = amount / 1000
        else:
            return SYNTAX
    return SYNTAX


class Indexes:
    """Finds entries of streams for one command, which may name a stream a thousand times: each is indexed once."""

    def __init__(self) -> None:
        self._ids: dict[int, list[Id]] = {}
        """By the identity of a stream, which is not changed meanwhile."""
        self._left = _MOST_READ

    def after(self, stream: Stream, place: Id, count: int | None) -> list[tuple[Id, list[bytes]]]:
        """Return the first `count` entries after an ID; raises Full for more than one command may read."""
        if place >= stream.last:
            return []
        ids = self._ids.get(id(stream))
        if ids is None:
            ids = self._ids[id(stream)] = list(stream.entries)
        first = bisect.bisect_right(ids, place)
        found = [(one, stream.entries[one]) for one in ids[first : None if count is None else first + count]]
        self.take(sum(entry_size(fields) for _, fields in found))
        return found

    def take(self, size: int) -> None:
        """Count what was read; raises Full."""
        self._left -= size
        if self._left < 0:
            raise Full


def read(found: list[tuple[bytes, list[Reply]]], client: Client, asked: Reading, again: Arguments) -> Reply:
    """Return the entries of streams as a reply; one that waits, to be tried `again`, if there are none."""
    if found:
        return Pairs(found) if client.version == 3 else [[key, entries] for key, entries in found]
    return Nothing() if asked.seconds is None else Waits(asked.seconds, Nothing(), again)
