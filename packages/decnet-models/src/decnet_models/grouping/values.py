# SPDX-License-Identifier: MIT
"""Groups as plain values; times are ns since the Unix epoch, of events unless noted."""

import hashlib
from collections.abc import Sequence
from typing import Generic, Literal, TypeAlias, TypeVar
from uuid import UUID

import msgspec

S = TypeVar("S", str, UUID)

Feature: TypeAlias = tuple[str, str]
"""Kind and value."""
Reason: TypeAlias = tuple[str, str, float]
"""Kind and value of a feature, and its weight."""
Times: TypeAlias = tuple[int, int]
"""When something was seen first and last."""
ChangeKind: TypeAlias = Literal["merge", "split"]

_reasons = msgspec.json.Decoder(tuple[Reason, ...])


class Evidence(msgspec.Struct, Generic[S], frozen=True):
    """A subject has a feature; times are those of the events that showed it."""

    subject: S
    kind: str
    value: str
    first_seen: int
    last_seen: int


class Member(msgspec.Struct, Generic[S], frozen=True):
    """A subject in a group, and the reasons."""

    subject: S
    group: UUID
    weight: float
    because: tuple[Reason, ...]
    first_seen: int
    last_seen: int
    joined_at: int


class Group(msgspec.Struct, frozen=True):
    """A group; `merged_into` names where its members went."""

    id: UUID
    merged_into: UUID | None
    members: int
    first_seen: int
    last_seen: int
    created_at: int
    revision: int = 0
    """Grows with each change of the group or its members."""


class GroupChange(msgspec.Struct, frozen=True):
    """Members moved from `source` to `target`: all of them (merge) or some (split)."""

    id: int
    kind: ChangeKind
    source: UUID
    target: UUID
    weight: float
    because: tuple[Reason, ...]
    ts: int
    undone_at: int | None


class Decision(msgspec.Struct, Generic[S], frozen=True):
    """An operator's decision: two subjects `together` or `apart`, one `pinned` to a group, a change `undone`."""

    id: int
    kind: Literal["together", "apart", "pinned", "undone"]
    subject: S | None
    other: S | None
    group: UUID | None
    change: int | None
    author: str
    reason: str
    created_at: int
    withdrawn_at: int | None = None


class Common(msgspec.Struct, frozen=True):
    """A feature that several members of a group show, and how many subjects do in all."""

    kind: str
    value: str
    members: int
    everywhere: int
    weight: float = 0.0
    """What it says for a member, in bits; 0: it joins nobody."""


class Shared(msgspec.Struct, frozen=True):
    """A feature that subjects of several groups have."""

    value: str
    subjects: int
    groups: int


_reasons = msgspec.json.Decoder(tuple[Reason, ...])


def widened(old: Times, new: Times) -> Times:
    return min(old[0], new[0]), max(old[1], new[1])


def digest(value: str) -> str:
    """Return the key of a feature's value."""
    return hashlib.blake2b(value.encode("utf-8", "backslashreplace"), digest_size=16).hexdigest()


def written(because: Sequence[Reason]) -> str:
    """Encode reasons as the JSON of a column."""
    return msgspec.json.encode(because).decode()


def reasons(column: str) -> tuple[Reason, ...]:
    return _reasons.decode(column)
