# SPDX-License-Identifier: MIT
"""To which core an attacker belongs: the one with which it shares most, if that suffices.

Several people come from a gateway, and an imitator shows the marks of many: with three cores or more it is nobody's.
"""

from collections.abc import Iterable
from typing import NamedTuple

from decnet_workers.clusterer.kinds import JOIN, total
from decnet_workers.commodity.limits import Key

REASONS = 6
"""Reasons that are kept of a member or a change."""

Reason = tuple[Key, float]
"""A feature with its weight."""


class Attachment(NamedTuple):
    """An attacker's core, and why: the heaviest of its features there, in their order."""

    core: str | None
    weight: float
    because: tuple[Reason, ...]


ALONE = Attachment(None, 0.0, ())

Shown = tuple[str, str, Reason]
"""What an attacker shows: the core of a feature, whose it is of those who have the core together, and the reason."""

OWNER = "+"
"""What the name of a part of a core begins with, in place of the last digit of its owner's name: it is as long."""
_TOO_MANY = 3


def attachment(
    shown: Iterable[Shown],
    *,
    shared: bool = False,
    walks: bool = False,
) -> Attachment:
    """Return where the attacker belongs that shows features.

    Of a core that several actors have together, it is one's part; what is nobody's of it counts for each of them.
    `shared`: it shows too many to be one actor's; `walks`: its credentials are those of a public list.
    """
    parts = _parts(shown)
    best, sufficient = ALONE, 0
    for core in sorted(parts):
        found = parts[core]
        bits = total(((key[0], weight) for key, weight in found), walks=walks)
        sufficient += bits >= JOIN
        if bits >= JOIN and bits > best.weight:
            best = Attachment(core, bits, tuple(sorted(found, key=_heaviest_first)[:REASONS]))
    return ALONE if shared and sufficient >= _TOO_MANY else best


def _parts(shown: Iterable[Shown]) -> dict[str, list[Reason]]:
    """Return the reasons by core and, of one that several actors have, by the owner, with what is nobody's."""
    by_core: dict[str, list[Reason]] = {}
    owned: dict[str, dict[str, list[Reason]]] = {}
    for core, owner, reason in shown:
        by_owner = owned.setdefault(core, {}).setdefault(owner, []) if owner else by_core.setdefault(core, [])
        by_owner.append(reason)
    for core, by_name in owned.items():
        nobodys = by_core.pop(core, [])
        by_core |= {f"{OWNER}{owner[:-1]}": own + nobodys for owner, own in by_name.items()}
    return by_core


def _heaviest_first(reason: Reason) -> tuple[float, Key]:
    key, bits = reason
    return -bits, key
