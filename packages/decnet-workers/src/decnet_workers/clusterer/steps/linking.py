# SPDX-License-Identifier: MIT
"""Which features are linked: those of which the samples show each other often enough."""

from collections.abc import Collection, Iterable, Iterator

from decnet_workers.clusterer.cores import Connected, are_linked, could_link, heaviest, in_order, shown_by, size_of
from decnet_workers.clusterer.kinds import JOIN
from decnet_workers.clusterer.owners import is_contested
from decnet_workers.clusterer.reading.known import UNKNOWN, Known, KnownAttacker, KnownFeature, Sample

Link = tuple[KnownFeature, KnownFeature]

_AT_ONCE = 512
"""Features whose links are looked for at once: what their samples show is forgotten then."""


class Linking:
    """Finds links, once all weights are known."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._kinds: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._connected = Connected()
        self._contested: dict[KnownFeature, bool] = {}

    def links(self, features: Collection[KnownFeature]) -> set[Link]:
        """Return links of the features with any, as many as connect what all of them would."""
        self._known.read_samples(features)
        ordered = sorted(features, key=_by_sample)  # what the same attackers show is linked with the same
        found: set[Link] = set()
        for start in range(0, len(ordered), _AT_ONCE):
            found |= self._links(ordered[start : start + _AT_ONCE])
        return found

    def looked(self, attacker: KnownAttacker) -> tuple[KnownFeature, ...]:
        """Return the features of an attacker that are looked at, the heaviest first."""
        if attacker.looked is None:
            attacker.looked = tuple(heaviest(attacker.features))
            kinds = tuple(sorted({one.kind.name for one in attacker.looked}))
            attacker.kinds = self._kinds.setdefault(kinds, kinds)
        return attacker.looked

    def _links(self, features: Collection[KnownFeature]) -> set[Link]:
        profiled = self._profile(features)
        near: dict[tuple[Sample, int, bool, bool], list[KnownFeature]] = {}
        candidates = [(one, _candidates(one, near)) for one in features]
        profiled |= self._profile({other for found in near.values() for other in found})
        found = {link for one, others in candidates for link in self._new_links(one, others)}
        for sample in profiled:
            sample.shown = UNKNOWN
        self._contested.clear()
        return found

    def _new_links(self, one: KnownFeature, others: Iterable[KnownFeature]) -> Iterator[Link]:
        """Yield the links of a feature with some that links do not connect it with yet: one link is as good as ten."""
        connected = self._connected
        root = connected.root(one)
        for other in others:
            if connected.root(other) is root:
                continue
            pair = in_order(one, other)
            if are_linked(*pair, one.brief and other.brief and not any(map(self._is_contested, pair))):
                connected.join(one, other)
                root = connected.root(one)
                yield pair

    def _profile(self, features: Collection[KnownFeature]) -> set[Sample]:
        """Note what the samples of features show; return those of which it was not known."""
        self._known.read_samples(features)
        samples = {feature.sample for feature in features if feature.sample.shown is UNKNOWN}
        self._known.read({attacker for sample in samples for attacker in sample.attackers})
        for sample in samples:
            looked_at = [(self.looked(one), one.kinds) for one in sample.attackers if one.marks is not None]
            sample.shown = shown_by(looked_at)
        return samples

    def _is_contested(self, feature: KnownFeature) -> bool:
        """Return whether those who show a credential have keys, as others have them, that do not go together."""
        if (known := self._contested.get(feature)) is None:
            shared = ([one for one in marks if self._known.shared(one)] for marks in feature.sample.marks())
            known = self._contested[feature] = is_contested(shared)
        return known


def _by_sample(feature: KnownFeature) -> tuple[list[str], tuple[str, str]]:
    return [one.name for one in feature.sample.attackers[:2]], feature.key


def _candidates(
    one: KnownFeature, near: dict[tuple[Sample, int, bool, bool], list[KnownFeature]]
) -> Iterable[KnownFeature]:
    """Return the features of which it deserves a look whether they are linked with this one.

    Those that the same attackers show have the same ones, which are kept in `near`.
    """
    size, weak_one, brief = size_of(one.attackers), one.weight < JOIN, one.brief
    of = one.sample, size, weak_one, brief
    if of not in near:
        near[of] = [
            other
            for other, number in one.sample.shown.together.items()
            if could_link(
                number, (size, size_of(other.attackers)), weak_one or other.weight < JOIN, brief and other.brief
            )
        ]
    return near[of]
