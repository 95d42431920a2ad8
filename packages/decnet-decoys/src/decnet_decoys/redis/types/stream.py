# SPDX-License-Identifier: MIT
"""A stream: entries in the order of their IDs, and the groups that read it. Pure."""

from __future__ import annotations

import time
from typing import NamedTuple

import msgspec

LARGEST = (1 << 64) - 1
PENDING_BYTES = 128
"""Of memory, that an entry takes which is not acknowledged."""


class Id(NamedTuple):
    """An entry's ID: milliseconds since the Unix epoch, and a number among those of the same one."""

    milliseconds: int
    number: int

    @property
    def text(self) -> bytes:
        return b"%d-%d" % self


FIRST, LAST = Id(0, 0), Id(LARGEST, LARGEST)


class Group(msgspec.Struct):
    """A group of consumers."""

    last: Id
    """What it was given last."""
    read: int | None = None
    """How many entries it was given; None: that cannot be told."""
    consumers: dict[bytes, None] = {}
    pending: dict[Id, bytes] = {}
    """Entries that are not acknowledged, with their consumer."""

    @property
    def size(self) -> int:
        """Bytes of memory."""
        return 256 + PENDING_BYTES * len(self.pending) + sum(64 + len(one) for one in self.consumers)


class Stream(msgspec.Struct):
    """Entries, each the names and values one after the other."""

    entries: dict[Id, list[bytes]] = {}
    last: Id = FIRST
    deleted: Id = FIRST
    """The largest ID that was deleted."""
    added: int = 0
    groups: dict[bytes, Group] = {}

    def copied(self) -> Stream:
        """Return a stream that can be changed without this one."""
        groups = {
            name: Group(one.last, one.read, dict(one.consumers), dict(one.pending)) for name, one in self.groups.items()
        }
        return Stream(dict(self.entries), self.last, self.deleted, self.added, groups)

    @property
    def size(self) -> int:
        """Bytes of memory that the whole stream takes, about."""
        entries = sum(map(entry_size, self.entries.values()))
        return 256 + entries + sum(len(name) + one.size for name, one in self.groups.items())

    def between(self, first: Id, last: Id) -> list[tuple[Id, list[bytes]]]:
        return [one for one in self.entries.items() if first <= one[0] <= last]

    def trim(self, most: int) -> int:
        """Drop the oldest entries but for `most`; return how many."""
        return self.drop(list(self.entries)[: max(0, len(self.entries) - most)])

    def drop(self, ids: list[Id]) -> int:
        """Drop entries; return how many there were."""
        gone = [one for one in ids if self.entries.pop(one, None) is not None]
        self.deleted = max([self.deleted, *gone])
        return len(gone)

    def next_id(self) -> Id:
        """Return the ID of an entry that is added now."""
        return max(Id(int(time.time() * 1000), 0), following(self.last))


def entry_size(fields: list[bytes]) -> int:
    """Return the bytes of memory that an entry takes, about."""
    return 128 + sum(map(len, fields)) + 48 * len(fields)


def following(place: Id) -> Id:
    """Return the ID after another one."""
    if place.number < LARGEST:
        return Id(place.milliseconds, place.number + 1)
    return Id(min(LARGEST, place.milliseconds + 1), 0)


def preceding(place: Id) -> Id:
    """Return the ID before another one."""
    return Id(place.milliseconds, place.number - 1) if place.number else Id(max(0, place.milliseconds - 1), LARGEST)


def parsed(text: bytes, otherwise: int = 0) -> Id | None:
    """Return an ID; `otherwise` is the number of one that has none. None: it is no ID."""
    left, dash, right = text.partition(b"-")
    if not left.isdigit() or len(left) > 20 or len(right) > 20 or (dash and not right.isdigit()):
        return None
    made = Id(int(left), int(right) if dash else otherwise)
    return made if max(made) <= LARGEST else None
