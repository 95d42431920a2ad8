# SPDX-License-Identifier: MIT
"""Whose the features of a core are, if two actors or more have it together, as people of one crew do.

What they have in common (a list, a server) links their keys and their own commands, which nobody shows together. So
keys that are linked with each other are an *owner's*, and commands that nobody with a key shows are one's, too. Two
owners are one actor if one came after the other, for actors replace their keys; if evidence of three families, or
any that is not copied, was seen with the keys of both; and if one of them is too little to join by itself.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import combinations
from typing import NamedTuple

from decnet_workers.clusterer.cores import Profile, components
from decnet_workers.clusterer.kinds import JOIN, KINDS, MARKS, RARE, Days, total
from decnet_workers.commodity.limits import Key

_AGREE = 0.7
"""How many of those who show a feature with an owner's marks must show this owner's, to make it this owner's."""
_OVERLAP = 0.1
"""Two owners came one after the other if they share no more than this part of the shorter one's days."""
_FAMILIES = 3
"""Families of evidence with which the keys of one actor are seen; of a crew two are common: its list and its servers."""

_HABITS = ("command", "command_set")


class Known(NamedTuple):
    """What is known of features."""

    weights: Mapping[Key, float]
    profiles: Mapping[Key, Profile]
    days: Callable[[Collection[Key]], Mapping[Key, Days]]
    """Returns the first and the last day of features."""


def owners(cores: Mapping[Key, str], links: Iterable[tuple[Key, Key]], known: Known) -> dict[Key, str]:
    """Return the owners of features of cores that have several, each named by the least digest of its marks."""
    features: dict[str, list[Key]] = {}
    for key, core in cores.items():
        features.setdefault(core, []).append(key)
    linked: dict[str, list[tuple[Key, Key]]] = {}
    for link in links:
        linked.setdefault(cores[link[0]], []).append(link)
    found: dict[Key, str] = {}
    for core, keys in features.items():
        if len(keys) > 1:
            found |= _of_core(keys, linked.get(core, ()), known)
    return found


def _of_core(keys: list[Key], links: Collection[tuple[Key, Key]], known: Known) -> dict[Key, str]:
    marks = _sufficient(_marks(keys, links, known), known.weights)
    if len(set(marks.values())) > 1:
        marks = _united(marks, keys, known)
    if len(set(marks.values())) < 2:
        return {}
    return _reached(*_voted(keys, marks, known.profiles), links)


def _marks(keys: Iterable[Key], links: Iterable[tuple[Key, Key]], known: Known) -> dict[Key, str]:
    """Return the keys and commands that actors have as their own, and which of them are one's.

    Commands that go with the keys of two are everybody's of the core.
    """
    weights, profiles = known.weights, known.profiles
    owned = {key for key in keys if key[0] in MARKS and weights[key] >= JOIN}
    habits = {key for key in keys if key[0] in _HABITS and weights[key] >= RARE}
    found = components(owned, [link for link in links if owned.issuperset(link)])
    together = [(one, other) for one in habits for other in profiles[one].together if other in habits]
    groups: dict[str, list[Key]] = {}
    for key, group in components(habits, together).items():
        groups.setdefault(group, []).append(key)
    for group, members in groups.items():
        of = {found[mark] for key in members for mark in profiles[key].together if mark in owned}
        if len(of) < 2:
            found |= dict.fromkeys(members, of.pop() if of else group)
    return found


def _sufficient(marks: Mapping[Key, str], weights: Mapping[Key, float]) -> dict[Key, str]:
    """Return the marks of those owners whose marks suffice to join an attacker."""
    bits: dict[str, list[tuple[str, float]]] = {}
    for key, owner in marks.items():
        bits.setdefault(owner, []).append((key[0], weights[key]))
    return {key: owner for key, owner in marks.items() if total(bits[owner]) >= JOIN}


def _united(marks: Mapping[Key, str], keys: Iterable[Key], known: Known) -> dict[Key, str]:
    """Return the marks with the owners that are one actor as one."""
    days: dict[str, Days] = {}
    for key, (first, last) in known.days(marks.keys()).items():
        since, until = days.get(marks[key], (first, last))
        days[marks[key]] = min(since, first), max(until, last)
    common = _in_common(keys, marks, known.profiles)
    names = {owner: ("", owner) for owner in days}
    same = [
        (names[one], names[other])
        for one, other in combinations(sorted(days), 2)
        if _follow(days[one], days[other]) or _are_one(common.get((one, other), ()))
    ]
    united = components(names.values(), same)
    return {key: united[names[owner]] for key, owner in marks.items()}


def _follow(one: Days, other: Days) -> bool:
    """Return whether an owner came after the other; on the day on which a key is replaced, both may be seen."""
    shorter = min(one[1] - one[0], other[1] - other[0])
    common = min(one[1], other[1]) - max(one[0], other[0])
    return common < 0 or (shorter > 0 and common <= _OVERLAP * shorter)


def _in_common(
    keys: Iterable[Key], marks: Mapping[Key, str], profiles: Mapping[Key, Profile]
) -> dict[tuple[str, str], set[str]]:
    """Return the kinds of what is seen with the marks of two owners, by both."""
    found: dict[tuple[str, str], set[str]] = {}
    for key in keys:
        if key not in marks:
            seen = sorted({marks[other] for other in profiles[key].together if other in marks})
            for pair in combinations(seen, 2):
                found.setdefault(pair, set()).add(key[0])
    return found


def _are_one(kinds: Collection[str]) -> bool:
    if any(not KINDS[kind].copied for kind in kinds):
        return True
    return len({KINDS[kind].family for kind in kinds}) >= _FAMILIES


def _voted(
    keys: Iterable[Key], marks: Mapping[Key, str], profiles: Mapping[Key, Profile]
) -> tuple[dict[Key, str], set[Key]]:
    """Return whose the features are that are seen with marks, and those of which nobody is the owner."""
    found, contested = dict(marks), set[Key]()
    for key in keys:
        if key in marks:
            continue
        votes = Counter[str]()
        for other, number in profiles[key].together.items():
            if other in marks:
                votes[marks[other]] = max(votes[marks[other]], number)
        if not votes:
            continue
        best = min(votes, key=lambda owner: (-votes[owner], owner))
        if votes[best] >= _AGREE * votes.total():
            found[key] = best
        else:
            contested.add(key)
    return found, contested


def _reached(found: dict[Key, str], contested: set[Key], links: Iterable[tuple[Key, Key]]) -> dict[Key, str]:
    """Add what is linked with the features of one owner, step by step, until two meet."""
    near: dict[Key, set[Key]] = {}
    for one, other in links:
        near.setdefault(one, set()).add(other)
        near.setdefault(other, set()).add(one)
    latest = set(found)
    while latest:
        beside = {other for key in latest for other in near.get(key, ()) if other not in found} - contested
        labels = {key: {found[one] for one in near[key] if one in found} for key in beside}
        contested |= {key for key, of in labels.items() if len(of) > 1}
        reached = {key: next(iter(of)) for key, of in labels.items() if len(of) == 1}
        found |= reached
        latest = reached.keys() | set()
    return found
