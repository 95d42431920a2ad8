# SPDX-License-Identifier: MIT
"""To which core an attacker belongs: the one with which it shares most, if that suffices.

Several people come from a gateway, and an imitator shows the marks of many: with three cores or more it is nobody's.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from decnet_workers.clusterer.kinds import JOIN, total
from decnet_workers.commodity.limits import Key


class Attachment(NamedTuple):
    """An attacker's core, and why: its features there with their weights, the heaviest first."""

    core: str | None
    weight: float
    because: tuple[tuple[Key, float], ...]


ALONE = Attachment(None, 0.0, ())


OWNER = "+"
"""What the name of a part of a core begins with, before that of its owner."""
_TOO_MANY = 3


def attachment(
    features: Iterable[Key],
    cores: Mapping[Key, str],
    weights: Mapping[Key, float],
    owners: Mapping[Key, str] = MappingProxyType({}),
    *,
    shared: bool = False,
    walks: bool = False,
) -> Attachment:
    """Return where the attacker with these features belongs.

    `owners`: of features of cores that several actors have together; what is nobody's counts for each of them. `shared`: it shows too many to be one actor's; `walks`: its credentials are those of a public list.
    """
    parts = _parts(features, cores, owners)
    best, sufficient = ALONE, 0
    for core in sorted(parts):
        ordered = sorted((-weights[key], key) for key in parts[core])
        bits = total(((key[0], weights[key]) for _, key in ordered), walks=walks)
        sufficient += bits >= JOIN
        if bits >= JOIN and bits > best.weight:
            best = Attachment(core, bits, tuple((key, -negative) for negative, key in ordered))
    return ALONE if shared and sufficient >= _TOO_MANY else best


def _parts(features: Iterable[Key], cores: Mapping[Key, str], owners: Mapping[Key, str]) -> dict[str, list[Key]]:
    """Return the features by core and, of one that several actors have, by the owner, with what is nobody's."""
    by_core: dict[str, dict[str, list[Key]]] = {}
    for key in features:
        by_core.setdefault(cores[key], {}).setdefault(owners.get(key, ""), []).append(key)
    found: dict[str, list[Key]] = {}
    for core, by_owner in by_core.items():
        nobodys = by_owner.pop("", [])
        found |= {f"{OWNER}{owner}": own + nobodys for owner, own in by_owner.items()} or {core: nobodys}
    return found
