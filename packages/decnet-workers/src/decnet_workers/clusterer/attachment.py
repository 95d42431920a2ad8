# SPDX-License-Identifier: MIT
"""To which core an attacker belongs: the one with which it shares most, if that suffices.

Several people come from a gateway, and an imitator shows the marks of many: with three cores or more it is nobody's.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from decnet_workers.clusterer.kinds import JOIN, total
from decnet_workers.commodity.limits import Key


class Attachment(NamedTuple):
    """An attacker's core, and why: its features there with their weights, the heaviest first."""

    core: str | None
    weight: float
    because: tuple[tuple[Key, float], ...]


ALONE = Attachment(None, 0.0, ())


_TOO_MANY = 3


def attachment(
    features: Iterable[Key],
    cores: Mapping[Key, str],
    weights: Mapping[Key, float],
    *,
    shared: bool = False,
    walks: bool = False,
) -> Attachment:
    """Return where the attacker with these features belongs.

    `shared`: it shows too many to be one actor's; `walks`: its credentials are those of a public list.
    """
    by_core: dict[str, list[Key]] = {}
    for key in features:
        by_core.setdefault(cores[key], []).append(key)
    best, sufficient = ALONE, 0
    for core in sorted(by_core):
        ordered = sorted((-weights[key], key) for key in by_core[core])
        bits = total(((key[0], weights[key]) for _, key in ordered), walks=walks)
        sufficient += bits >= JOIN
        if bits >= JOIN and bits > best.weight:
            best = Attachment(core, bits, tuple((key, -negative) for negative, key in ordered))
    return ALONE if shared and sufficient >= _TOO_MANY else best
