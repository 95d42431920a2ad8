# SPDX-License-Identifier: MIT
"""What became of identities: what notices report."""

from typing import NamedTuple
from uuid import UUID

from decnet_models.grouping.values import Reason
from decnet_models.identities.core_rows import Size


class Became(NamedTuple):
    """An identity that has been formed or has grown; `joined`: attackers that were in none with others."""

    identity: UUID
    before: int
    now: Size
    joined: tuple[str, ...]
    because: tuple[Reason, ...]


class Merged(NamedTuple):
    """An identity of several attackers that has gone into another."""

    source: UUID
    target: UUID
    members: int
    weight: float
    because: tuple[Reason, ...]
    ts: int


class Outcome(NamedTuple):
    """What became of identities."""

    became: tuple[Became, ...] = ()
    merged: tuple[Merged, ...] = ()
