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


_TOO_MANY = 3


def attachment(
    shown: Iterable[tuple[str, Reason]],
    *,
    shared: bool = False,
    walks: bool = False,
) -> Attachment:
    """Return where the attacker belongs that shows features, given of each its core, and its key with the weight.

    `shared`: it shows too many to be one actor's; `walks`: its credentials are those of a public list.
    """
    by_core: dict[str, list[Reason]] = {}
    for core, reason in shown:
        by_core.setdefault(core, []).append(reason)
    best, sufficient = ALONE, 0
    for core in sorted(by_core):
        found = by_core[core]
        bits = total(((key[0], weight) for key, weight in found), walks=walks)
        sufficient += bits >= JOIN
        if bits >= JOIN and bits > best.weight:
            best = Attachment(core, bits, tuple(sorted(found, key=_heaviest_first)[:REASONS]))
    return ALONE if shared and sufficient >= _TOO_MANY else best


def _heaviest_first(reason: Reason) -> tuple[float, Key]:
    key, bits = reason
    return -bits, key
