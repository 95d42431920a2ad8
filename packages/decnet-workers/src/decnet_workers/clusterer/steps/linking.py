# SPDX-License-Identifier: MIT
"""Which features are linked: those of which the samples show each other often enough."""

from collections.abc import Collection, Iterable, Sequence, Set
from itertools import chain

from decnet_workers.clusterer.cores import are_linked, could_link, enough, heaviest, in_order, shown_by, size_of
from decnet_workers.clusterer.kinds import JOIN, MARKS, RARE
from decnet_workers.clusterer.owners import is_contested, is_owned
from decnet_workers.clusterer.reading.known import UNKNOWN, Known, KnownAttacker, KnownFeature, Sample

Link = tuple[KnownFeature, KnownFeature]

_HABITS = 2
"""Rare commands that others must show with each of two keys of one address that differs from itself."""

_AT_ONCE = 512
"""Features whose links are looked for at once: what their samples show is forgotten then."""


class Linking:
    """Finds links, once all weights are known."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._kinds: dict[tuple[str, ...], tuple[str, ...]] = {}

    def links(self, features: Collection[KnownFeature]) -> set[Link]:
        """Return the links of the features with any."""
        self._known.read_samples(features)
        ordered = sorted(features, key=_by_sample)  # what the same attackers show is linked with the same
        found: set[Link] = set()
        for start in range(0, len(ordered), _AT_ONCE):
            found |= self._links(ordered[start : start + _AT_ONCE])
        return found

    def together(
        self, features: Sequence[KnownFeature], marks: Set[KnownFeature]
    ) -> dict[KnownFeature, dict[KnownFeature, int]]:
        """Return by feature how many of its sample show each of some marks; features of one sample share that."""
        found: dict[KnownFeature, dict[KnownFeature, int]] = {}
        of: dict[Sample, dict[KnownFeature, int]] = {}
        for start in range(0, len(features), _AT_ONCE):
            part = features[start : start + _AT_ONCE]
            for sample in self._profile(part):
                of[sample] = {one: number for one, number in sample.shown.together.items() if one in marks}
                sample.shown = UNKNOWN
            found |= {one: of[one.sample] for one in part}
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
        candidates = [(one, other) for one in features for other in _candidates(one, near) if other is not one]
        profiled |= self._profile({other for _, other in candidates})
        pairs = {in_order(one, other) for one, other in candidates}  # half of them are found twice
        brief = {one for pair in pairs if pair[0].brief and pair[1].brief for one in pair}
        listed = {one for one in brief if not self._is_contested(one.sample)}
        found = {(one, other) for one, other in pairs if are_linked(one, other, one in listed and other in listed)}
        for sample in profiled:
            sample.shown = UNKNOWN
        return found | self._replaced(features)

    def _replaced(self, features: Iterable[KnownFeature]) -> set[Link]:
        """Return the links of keys of which one replaced the other together with the machine.

        An address that shows both differs from itself as one that several share does. But if others with each of the
        keys have rare commands in common, they are one actor's.
        """
        keys = {one for one in features if _is_own_key(one)}
        shared = {attacker for one in keys for attacker in one.sample.attackers if attacker.marks is None}
        found = {pair for attacker in shared if (pair := self._two_keys(attacker)) is not None}
        self._known.sampled({one for pair in found for one in pair})
        return {(one, other) for one, other in found if self._have_habits_in_common(one, other)}

    def _two_keys(self, attacker: KnownAttacker) -> Link | None:
        """Return the keys of an address that shows two."""
        keys = [one for one in self.looked(attacker) if _is_own_key(one)]
        return in_order(*keys) if len(keys) == 2 and keys[0].kind is keys[1].kind else None

    def _have_habits_in_common(self, one: KnownFeature, other: KnownFeature) -> bool:
        """Return whether others show rare commands with each of two keys, and enough addresses both keys."""
        of_one, of_other = set(one.sample.attackers), set(other.sample.attackers)
        if not enough(len(of_one & of_other), (size_of(one.attackers), size_of(other.attackers)), weak=False):
            return False
        return len(self._habits(of_one - of_other) & self._habits(of_other - of_one)) >= _HABITS

    def _habits(self, attackers: Iterable[KnownAttacker]) -> set[KnownFeature]:
        shown = chain.from_iterable(self.looked(attacker) for attacker in attackers)
        return {one for one in shown if one.kind.name == "command" and one.weight >= RARE}

    def _profile(self, features: Collection[KnownFeature]) -> set[Sample]:
        """Note what the samples of features show; return those of which it was not known."""
        self._known.read_samples(features)
        samples = {feature.sample for feature in features if feature.sample.shown is UNKNOWN}
        self._known.read({attacker for sample in samples for attacker in sample.attackers})
        for sample in samples:
            looked_at = [(self.looked(one), one.kinds) for one in sample.attackers if one.marks is not None]
            sample.shown = shown_by(looked_at)
        return samples

    def _is_contested(self, sample: Sample) -> bool:
        """Return whether those who show a credential have keys, as others have them, that do not go together."""
        if sample.contested is None:
            shared = self._known.shared
            sample.contested = is_contested(
                [one for one in marks if is_owned(one) and shared(one)] for marks in sample.marks()
            )
        return sample.contested


def _is_own_key(feature: KnownFeature) -> bool:
    return feature.kind.name in MARKS and feature.tells and feature.weight >= JOIN


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
