# SPDX-License-Identifier: MIT
"""What features weigh, given what else those show who show them."""

from collections import Counter
from collections.abc import Collection

from decnet_workers.clusterer.kinds import (
    BOUGHT,
    IN_COMMON,
    MARKS,
    OF_WORMS,
    PERSONAL,
    RARE,
    SET_OF,
    SPREAD,
    USED,
    WITH_WORMS,
    Feature,
    weight,
)
from decnet_workers.clusterer.owners import (
    adjusted,
    are_infected,
    are_unrelated,
    are_users,
    are_worms,
    go_together,
    is_contested,
    is_crews,
    is_mixed,
    is_of_worms,
    is_published,
    is_sold,
    may_be_mixed,
    may_be_published,
    may_be_sold,
    may_be_worms,
)
from decnet_workers.clusterer.reading.known import Known, KnownAttacker, KnownFeature, Sample
from decnet_workers.commodity.limits import Key, limits

STEPS = 4
"""In which features are weighed."""
_WAYS = 2
"""Rare commands that tell how somebody works: one may come with anything."""
_ALL = 64
"""Above the power of two of any number of attackers."""


class Weighing:
    """Weighs features anew."""

    def __init__(self, known: Known) -> None:
        self._known = known

    def changed(self, features: Collection[KnownFeature]) -> set[KnownFeature]:
        """Compute the weights of the features; return those that have another than before."""
        known = self._known
        alone = {feature: known.weight_alone(feature) for feature in features}
        shared = {feature for feature, bits in alone.items() if bits and _may_be_shared(feature)}
        known.sampled(shared)
        for feature, bits in alone.items():
            feature.weight = max(0.0, self._weighed(feature, bits) if feature in shared else bits)
        for feature in features:
            feature.weighed = feature.kind.name in SET_OF
        return {feature for feature in features if _weighs_other(feature)}

    def _weighed(self, feature: KnownFeature, bits: float) -> float:
        """Return the weight of a feature that `_may_be_shared`, given that by its number of attackers alone."""
        own = None
        if feature.kind.members:
            own = _own_members(feature)
            bits = min(bits, self._of_list(feature))
        if _is_published(feature):
            return 0.0
        infected = feature.kind.name in SPREAD and (_spreads(feature) or self._comes_with_worms(feature))
        if not infected and feature.kind.name in IN_COMMON and _is_in_common(feature):
            return 0.0
        if not infected and (_is_sold(feature) or self._is_crews(feature) or self._is_of_a_kit(feature)):
            return 0.0
        mixed = not infected and feature.kind.name in BOUGHT and _is_mixed(feature)
        return round(adjusted(bits, mixed=mixed, infected=infected, own_members=own), 3)

    def _is_crews(self, feature: KnownFeature) -> bool:
        """Return whether a credential is of a list that several have together: they have keys of the same days."""
        if feature.kind.family != "credentials" or not is_contested(feature.sample.marks()):
            return False
        days = self._known.days_of([one for one in feature.sample.attackers if one.marks is not None])
        return is_crews(keys for of_one in days if (keys := {one: of_one[one] for one in of_one if one[0] in MARKS}))

    def _is_of_a_kit(self, feature: KnownFeature) -> bool:
        """Return whether those who show a feature have rare commands of their own in the same days: it is a kit's."""
        if feature.kind.name not in USED:
            return False
        users = [one for one in feature.sample.attackers if one.marks is not None]
        found = {one: ways for one in users if len(ways := _ways(one)) >= _WAYS}
        if go_together(found.values()):
            return False
        days = zip(found.values(), self._known.days_of(list(found)), strict=True)
        return are_users({one: seen[one] for one in ways.intersection(seen)} for ways, seen in days)

    def _comes_with_worms(self, feature: KnownFeature) -> bool:
        """Return whether most who show a feature show a host, key or image of malware that spreads: it is of that."""
        if feature.kind.name not in WITH_WORMS:
            return False
        return are_infected([any(map(self._is_of_worms, one.features)) for one in feature.sample.attackers])

    def _is_of_worms(self, feature: KnownFeature) -> bool:
        if feature.kind.name not in OF_WORMS:
            return False
        return is_of_worms(feature.weight, self._known.weight_alone(feature))

    def _of_list(self, feature: KnownFeature) -> float:
        """Return what a set weighs at most, given how many show its members: more know a list than draw alike from it.

        That is the median of what several of its attackers show, so neither a few common members nor a few rare ones
        decide.
        """
        kind = feature.kind
        common = sorted(magnitude for _, magnitude in _common_members(feature.sample, kind.members))
        magnitude = common[len(common) // 2] if common else _ALL
        attackers = max(feature.attackers, min(1 << (magnitude - 1), kind.cap + 1))
        return round(weight(kind, Feature(attackers, 0, 0), self._known.population), 3)


def step_of(feature: KnownFeature) -> int:
    """Return when a feature is weighed: after those by the weights of which it may be."""
    if feature.kind.name in IN_COMMON:
        return STEPS - 1
    if feature.kind.members or feature.kind.name in WITH_WORMS:
        return STEPS - 2
    return int(feature.kind.name != "command")


def magnitude_now(feature: KnownFeature) -> int:
    """Return of a member of sets the power of two by which these were weighed last; 0 for other features."""
    if feature.weighed:
        return feature.attackers.bit_length()
    return feature.before.magnitude if feature.before else 0


def _weighs_other(feature: KnownFeature) -> bool:
    """Return whether a feature, or a set of which it is a member, can weigh something else than before.

    A member that twice as many show may weigh the same, as when these came at once or when all are more, too.
    """
    before = feature.before
    if before is None:
        return feature.weight != 0
    return feature.weight != before.weight or (feature.weight > 0 and magnitude_now(feature) != before.magnitude)


def _may_be_shared(feature: KnownFeature) -> bool:
    """Return whether the weight of a feature depends on what else its attackers show."""
    if may_be_published(feature.key, feature.attackers):
        return True
    return feature.kind.name in SPREAD or may_be_sold(feature.key, feature.attackers)


def _is_mixed(feature: KnownFeature) -> bool:
    """Return whether the attackers that show a feature are several actors."""
    if not may_be_mixed(feature.key, feature.attackers):
        return False
    return is_mixed(feature.key, [set(marks) for marks in feature.sample.marks()])


def _is_sold(feature: KnownFeature) -> bool:
    """Return whether those who show a feature have keys that contradict each other."""
    if not may_be_sold(feature.key, feature.attackers):
        return False
    return is_sold(feature.key, feature.sample.marks())


def _is_in_common(feature: KnownFeature) -> bool:
    """Return whether those who show a feature have nothing else in common that tells who they are."""
    sample = feature.sample
    if sample.unrelated is None:
        users = [one for one in sample.attackers if one.marks is not None]
        sample.unrelated = are_unrelated([_personal(one) for one in users])
    return sample.unrelated


def _personal(attacker: KnownAttacker) -> set[Key]:
    """Return what an attacker shows that is rare and tells who it is; a key does also if nobody else has it."""
    rare = {one.key for one in attacker.features if one.kind.name in PERSONAL and one.weight >= RARE}
    return rare.union(one for one in attacker.marks or () if one[0] in MARKS)


def _ways(attacker: KnownAttacker) -> set[Key]:
    """Return the rare commands and the keys of an attacker; nothing if there are no two such commands."""
    ways = {one.key for one in attacker.features if one.kind.name == "command" and one.weight >= RARE}
    if len(ways) < _WAYS:
        return set()
    return ways.union(one for one in attacker.marks or () if one[0] in MARKS)


def _is_published(feature: KnownFeature) -> bool:
    """Return whether a key is offered by several clients of which most do nothing else."""
    if not may_be_published(feature.key, feature.attackers):
        return False
    users = [one for one in feature.sample.attackers if one.marks is not None]
    clients = [
        [*(other.key for other in one.features if other.kind.name == "hassh"), *one.own_clients] for one in users
    ]
    return is_published(clients, sum(one.works for one in users))


def _spreads(feature: KnownFeature) -> bool:
    """Return whether a feature is brought by malware that spreads by itself."""
    attackers = feature.sample.attackers
    infected = [one.infected for one in attackers]
    if not may_be_worms(feature.attackers):
        return are_infected(infected)
    worms = [_stacks(one) for one in attackers if one.worm and not one.infected]
    return are_worms(len(attackers), sum(infected), worms)


def _stacks(attacker: KnownAttacker) -> list[Key]:
    return [one.key for one in attacker.features if one.kind.name == "tcp_stack"]


def _own_members(feature: KnownFeature) -> float:
    """Return how many members the sets of the attackers that are looked at have in common and as their own.

    Those of a public list of passwords, or of the usual reconnaissance, many others show; and what only one of them
    shows is no reason why their sets should be near-equal.
    """
    most = feature.attackers.bit_length() + 1
    common = _common_members(feature.sample, feature.kind.members)
    return sum(number for number, magnitude in common if magnitude <= most) / len(feature.sample.attackers)


def _common_members(sample: Sample, kind: str) -> list[tuple[int, int]]:
    """Return of what several of the attackers show of a kind how many do, and how many of all, as a power of two.

    The bands of a set mostly have the same attackers.
    """
    if sample.common is None:
        sample.common = {}
    if (found := sample.common.get(kind)) is None:
        held = Counter(one for attacker in sample.attackers for one in attacker.features if one.kind.name == kind)
        found = [(number, _magnitude(member)) for member, number in held.items() if number > 1]
        sample.common[kind] = found
    return found


def _magnitude(member: KnownFeature) -> int:
    """Return how many show a member, as a power of two.

    What joins nobody, and what is a commodity, counts as everybody's, however many show it: so a set can change
    only when the weight of one of its members does.
    """
    return member.attackers.bit_length() if member.weight > 0 and member.key not in limits() else _ALL
