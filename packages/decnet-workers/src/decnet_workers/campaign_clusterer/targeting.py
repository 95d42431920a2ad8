# SPDX-License-Identifier: MIT
"""What it says, in bits, that two identities aimed at the same deckies in the same weeks.

Their bits are what chance does not explain: how improbable it is that one who visits as many deckies as the one
visits so many of those of the other (a Poisson binomial tail, of both ways round the likelier), less the number of
identities that aimed at anything in these weeks, since among many some agree by chance. A decky is visited by chance
by as many as visit each when visits are spread evenly, or by as many as there were, if these are more; the first
COMRADES are not counted, because they may be the campaign itself. So a decky at which everybody aims says nothing.

All numbers are of the few weeks around a visit, and what many change is rounded, so that one more identity rarely
changes what others have in common: `crowd` to a power of two, `fleet_size` to a step of a quarter.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from itertools import pairwise
from math import ceil, log2

from decnet_models.grouping.values import Feature, Reason
from decnet_workers.campaign_clusterer.profile import Profile
from decnet_workers.campaign_clusterer.signals import AIMING, TARGET

FLEET: Feature = ("fleet", "")
"""In place of a feature, whose number is that of the deckies at which anybody was seen, as `fleet_size` rounds it."""
MOST_DECKIES = 64
"""More are as good as so many: chance explains nothing any more."""
LIMIT = 2048
"""When more identities aim in a week, nothing is said of it."""
MOST_AIMING = 64
"""When more aim at one decky, chance takes everybody there."""

_EXPECTED = 6.0
_MOST = 14.0
_COMRADES, _TYPICAL = 8, 3
_LIKELIEST, _EVEN = 0.9, 0.5


def crowd(identities: int) -> int:
    """Return as how many identities so many count."""
    return 2 * LIMIT if identities > LIMIT else 1 << max(0, identities.bit_length() - 1)


def fleet_size(deckies: int) -> int:
    """Return as how many deckies so many count."""
    size = 1
    while (larger := ceil(size * 1.25)) <= min(deckies, MOST_DECKIES):
        size = larger
    return size


def matters(before: int, after: int, aiming: int, deckies: int) -> bool:
    """Return whether another number of those who aim at a decky in a week can change what anybody has in common.

    `aiming` is the least number of those who aim at any in that week, `deckies` that of the fleet, as both are rounded.
    Few are as good as none: chance takes as many everywhere.
    """
    if (before > MOST_AIMING) != (after > MOST_AIMING):
        return True
    return min(before, after) <= MOST_AIMING and max(before, after) - _COMRADES > _evenly(deckies) * aiming


def common_aims(one: Profile, other: Profile) -> AbstractSet[str]:
    """Return the deckies at which both of two identities aimed, in whatever weeks; none if there is only one."""
    common = one.targets.keys() & other.targets.keys() if len(one.targets) > 1 else frozenset[str]()
    return common if len(common) > 1 else frozenset()


def aimed(one: Profile, other: Profile, subjects: Mapping[Feature, int]) -> Reason | None:
    """Return what two identities have in common that aimed at two deckies or more in the same weeks."""
    common = common_aims(one, other)
    if not common:
        return None
    weeks = {decky: one.targets[decky] & other.targets[decky] for decky in common}
    both = sorted(decky for decky, found in weeks.items() if found)
    if len(both) < 2:
        return None
    busiest = max(_crowd(week, subjects) for week in frozenset[int]().union(*weeks.values()))
    if busiest > LIMIT:
        return None
    chances = {
        decky: _chance(decky, weeks.get(decky) or one.targets.get(decky) or other.targets[decky], subjects)
        for decky in one.targets.keys() | other.targets.keys()
    }
    ways = ((one, other), (other, one))
    likely = max(_tail([chances[decky] for decky in a.targets], len(b.targets), len(both)) for a, b in ways)
    bits = min(_MOST, -log2(likely) - log2(busiest) + _EXPECTED)
    text = f"aimed at {', '.join(both)}, by chance 1 in {1 / likely:.0f}; {busiest} or more aimed at some then"
    return TARGET, text, round(bits, 2)


def _crowd(week: int, subjects: Mapping[Feature, int]) -> int:
    return crowd(subjects.get((AIMING, str(week)), 1))


def _chance(decky: str, weeks: Iterable[int], subjects: Mapping[Feature, int]) -> float:
    """Return how probable it is that one who aims at a few deckies aims at this one."""
    here = max(subjects.get((TARGET, f"{decky} {week}"), 0) for week in weeks)
    if here > MOST_AIMING:
        return _LIKELIEST
    there = max(_crowd(week, subjects) for week in weeks)
    return min(_LIKELIEST, max(_evenly(subjects.get(FLEET, 1)), (here - _COMRADES) / there))


def _evenly(deckies: int) -> float:
    return min(_EVEN, _TYPICAL / deckies)


def _tail(chances: Iterable[float], size: int, least: int) -> float:
    """Return how probable it is that one who visits `size` deckies visits at least so many of these by chance."""
    ways = [1.0]
    for each in chances:
        chance = min(_LIKELIEST, each * size / _TYPICAL)
        ways = [more * chance + same * (1 - chance) for more, same in pairwise((0.0, *ways, 0.0))]
    return sum(ways[least:])
