# SPDX-License-Identifier: MIT
"""Whose the features of a core are, if two actors or more have it together, as people of one crew do.

What they have in common (a list, a server) links their keys and their own commands, which nobody shows together. So
keys that are linked with each other are an *owner's*, and commands that nobody with a key shows are one's, too. Two
owners are one actor if one came after the other, for actors replace their keys; if evidence of three families, or
any that is not copied, was seen with the keys of both; and if one of them is too little to join by itself.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from itertools import combinations
from typing import NamedTuple

from decnet_workers.clusterer.cores import components
from decnet_workers.clusterer.kinds import JOIN, KINDS, MARKS, RARE, Days, total
from decnet_workers.clusterer.owners import came_after
from decnet_workers.clusterer.reading.known import KnownFeature
from decnet_workers.clusterer.steps.linking import Link, Linking

_AGREE = 0.7
"""How many of those who show a feature with an owner's marks must show this owner's, to make it this owner's."""
_FAMILIES = 3
"""Families of evidence with which the keys of one actor are seen; a crew has two in common: its list, its servers."""
_MOST = 64
"""Owners of a core that are compared with one another; what more have is a package, and nobody's."""

_HABITS = ("command", "command_set")

Together = Mapping[KnownFeature, Mapping[KnownFeature, int]]
"""By feature, how many of those in its sample show the marks of its core."""


class _Core(NamedTuple):
    """The features of a core, with their links."""

    features: list[KnownFeature]
    links: list[Link]


def owners(cores: Mapping[KnownFeature, str], links: Iterable[Link], linking: Linking) -> dict[KnownFeature, str]:
    """Return the owners of features of cores that have several, each named by the least digest of its marks."""
    found: dict[str, _Core] = {}
    for feature, name in cores.items():
        found.setdefault(name, _Core([], [])).features.append(feature)
    for link in links:
        found[cores[link[0]]].links.append(link)
    divided: dict[KnownFeature, str] = {}
    for core in found.values():
        if len(core.features) > 1:
            divided |= _of_core(core, linking)
    return divided


def _of_core(core: _Core, linking: Linking) -> dict[KnownFeature, str]:
    keys, habits = _keys(core.features), _habits(core.features)
    linked = _linked(keys, core.links)
    if len(set(linked.values())) < 2 and total((one.kind.name, one.weight) for one in habits) < JOIN:
        return {}  # neither keys that are not linked, nor commands besides
    together = linking.together(core.features, keys | habits)
    marks = _sufficient(_marks(linked, habits, together))
    if not 1 < len(set(marks.values())) <= _MOST:
        return {}
    marks = _united(marks, together)
    return _reached(*_voted(marks, together), core.links) if len(set(marks.values())) > 1 else {}


def _keys(features: Iterable[KnownFeature]) -> set[KnownFeature]:
    return {one for one in features if one.kind.name in MARKS and one.weight >= JOIN}


def _habits(features: Iterable[KnownFeature]) -> set[KnownFeature]:
    return {one for one in features if one.kind.name in _HABITS and one.weight >= RARE}


def _linked(features: set[KnownFeature], links: Iterable[Link]) -> dict[KnownFeature, str]:
    """Return the features, each with the name that those have in common which are linked with each other."""
    return components(features, [link for link in links if features.issuperset(link)])


def _marks(keys: Mapping[KnownFeature, str], habits: set[KnownFeature], together: Together) -> dict[KnownFeature, str]:
    """Return the keys and commands that actors have as their own, and which of them are one's.

    Commands that go with the keys of two are everybody's of the core.
    """
    found = {**keys}
    groups: dict[str, list[KnownFeature]] = {}
    pairs = [(one, other) for one in habits for other in together[one] if other in habits]
    for feature, group in components(habits, pairs).items():
        groups.setdefault(group, []).append(feature)
    for group, members in groups.items():
        of = {keys[mark] for one in members for mark in together[one] if mark in keys}
        if len(of) < 2:
            found |= dict.fromkeys(members, of.pop() if of else group)
    return found


def _sufficient(marks: Mapping[KnownFeature, str]) -> dict[KnownFeature, str]:
    """Return the marks of those owners whose marks suffice to join an attacker."""
    bits: dict[str, list[tuple[str, float]]] = {}
    for one, owner in marks.items():
        bits.setdefault(owner, []).append((one.kind.name, one.weight))
    sufficient = {owner for owner, found in bits.items() if total(found) >= JOIN}
    return {one: owner for one, owner in marks.items() if owner in sufficient}


def _united(marks: Mapping[KnownFeature, str], together: Together) -> dict[KnownFeature, str]:
    """Return the marks with the owners that are one actor as one."""
    days, common = _days(marks), _in_common(marks, together)
    united = {owner: owner for owner in marks.values()}
    for one, other in combinations(sorted(united), 2):
        first, second = sorted((united[one], united[other]))
        follows = one in days and other in days and came_after(days[one], days[other])
        if first != second and (follows or _are_one(common.get((one, other), ()))):
            united |= {owner: first for owner, name in united.items() if name == second}
    return {one: united[owner] for one, owner in marks.items()}


def _days(marks: Mapping[KnownFeature, str]) -> dict[str, Days]:
    """Return the first and the last day of owners; nothing of one of whom only sets are known, which have no dates."""
    days: dict[str, Days] = {}
    for mark, owner in marks.items():
        if mark.since is not None:
            first, last = days.get(owner, (mark.since, mark.since))
            days[owner] = min(first, mark.since), max(last, mark.since + mark.days)
    return days


def _in_common(marks: Mapping[KnownFeature, str], together: Together) -> dict[tuple[str, str], set[str]]:
    """Return the kinds of what is seen with the marks of two owners, by both."""
    found: dict[tuple[str, str], set[str]] = {}
    for one, seen in together.items():
        if one not in marks:
            for pair in combinations(sorted({marks[other] for other in seen if other in marks}), 2):
                found.setdefault(pair, set()).add(one.kind.name)
    return found


def _are_one(kinds: Collection[str]) -> bool:
    if any(not KINDS[kind].copied for kind in kinds):
        return True
    return len({KINDS[kind].family for kind in kinds}) >= _FAMILIES


def _voted(marks: Mapping[KnownFeature, str], together: Together) -> tuple[dict[KnownFeature, str], set[KnownFeature]]:
    """Return whose the features are that are seen with marks, and those of which nobody is the owner."""
    found, contested = dict(marks), set[KnownFeature]()
    for one, seen in together.items():
        if one in marks:
            continue
        votes = Counter[str]()
        for other, number in seen.items():
            if other in marks:
                votes[marks[other]] = max(votes[marks[other]], number)
        if not votes:
            continue
        best = min(votes, key=lambda owner: (-votes[owner], owner))
        if votes[best] >= _AGREE * votes.total():
            found[one] = best
        else:
            contested.add(one)
    return found, contested


def _reached(
    found: dict[KnownFeature, str], contested: set[KnownFeature], links: Iterable[Link]
) -> dict[KnownFeature, str]:
    """Add what is linked with the features of one owner, step by step, until two meet."""
    near: dict[KnownFeature, set[KnownFeature]] = {}
    for one, other in links:
        near.setdefault(one, set()).add(other)
        near.setdefault(other, set()).add(one)
    latest = set(found)
    while latest:
        beside = {other for one in latest for other in near.get(one, ()) if other not in found} - contested
        labels = {one: {found[other] for other in near[one] if other in found} for one in beside}
        contested |= {one for one, of in labels.items() if len(of) > 1}
        reached = {one: next(iter(of)) for one, of in labels.items() if len(of) == 1}
        found |= reached
        latest = set(reached)
    return found
