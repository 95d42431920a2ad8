# SPDX-License-Identifier: MIT
"""Recomputes what changed evidence can have changed: weights, then cores, then where attackers belong.

Each step finds what it can affect through the holders of a feature, so the cost depends on what changed and its
candidates, not on the number of attackers; and the result is the one that a computation of everything gives.
"""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from decnet_workers.clusterer.attachment import Attachment, Shown, attachment
from decnet_workers.clusterer.cores import Followed, components, followed, may_follow
from decnet_workers.clusterer.kinds import JOIN, PROVEN, RARE, may_be_known
from decnet_workers.clusterer.reading.known import Known, KnownAttacker, KnownFeature, Sample
from decnet_workers.clusterer.reading.view import Settled
from decnet_workers.clusterer.steps.dividing import owners
from decnet_workers.clusterer.steps.linking import Link, Linking
from decnet_workers.clusterer.steps.weighing import STEPS, Weighing, magnitude_now, step_of
from decnet_workers.commodity.limits import Key


class Regrouped(NamedTuple):
    """The features whose core or weight is another (None: joins nobody now), and attackers with where they belong."""

    features: dict[Key, Settled | None]
    attackers: dict[str, Attachment]
    read: int
    """Attackers of whom the evidence was read."""


def regroup(known: Known, attackers: Collection[str], keys: Collection[Key] = ()) -> Regrouped:
    """Return what has changed, given the attackers whose evidence changed and features that some no longer show."""
    return _Regrouping(known).result(known.attackers(attackers), known.features(keys))


class _Regrouping:
    """One computation."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._linking = Linking(known)
        self._proven: set[KnownFeature] = set()
        self._owners: dict[KnownFeature, str] = {}

    def result(self, attackers: set[KnownAttacker], features: set[KnownFeature]) -> Regrouped:
        known, touched = self._known, set(attackers)
        changed: set[KnownFeature] = set()
        weighing = Weighing(known)
        for step in range(STEPS):
            asked = [one for one in known.shown_by(touched) | features if step_of(one) == step]
            new = weighing.changed(asked)
            changed |= new
            touched |= known.holders(new)
        moved = self._settle_cores(known.shown_by(touched) | features) | changed
        touched |= known.holders(moved - changed)
        known.read(touched)
        now = {one.key: _now(one) for one in sorted(moved, key=_by_key)}
        return Regrouped(now, self._attachments(touched), known.read_attackers)

    def _settle_cores(self, features: set[KnownFeature]) -> set[KnownFeature]:
        """Give features their cores; return those that have another than before, or join by themselves only now."""
        cores = self._cores(features)
        moved = set()
        for one, core in cores.items():
            one.core, one.proven, one.owner = core, one in self._proven, self._owners.get(one, "")
            if one.before is None or (one.before.core, one.before.proven, one.before.owner) != (
                core,
                one.proven,
                one.owner,
            ):
                moved.add(one)
        return moved

    def _cores(self, features: set[KnownFeature]) -> dict[KnownFeature, str]:
        """Return the cores of all features that could have another core now that these have changed."""
        asked = self._with_their_cores(features)
        links: set[Link] = set()
        done: set[KnownFeature] = set()
        while True:
            while fresh := asked - done:
                links |= self._linking.links(fresh)
                done |= fresh
                asked |= self._with_their_cores({one for link in links for one in link} - done)
            followings = self._followings(components(done, links))
            asked |= self._with_their_cores({one for link in followings for one in link} - done)
            if asked <= done:
                cores = components(done, links | followings)
                asked |= self._with_their_cores(self._could_follow(cores))
            if asked <= done:
                self._owners = owners(cores, links | followings, self._linking)
                return cores

    def _with_their_cores(self, features: set[KnownFeature]) -> set[KnownFeature]:
        """Return the features, and all that were in one core with any of them."""
        before = {one.before.core for one in features if one.before is not None}
        return {one for one in features | self._known.of_cores(before) if one.weight > 0}

    def _could_follow(self, cores: dict[KnownFeature, str]) -> set[KnownFeature]:
        """Return the features that may follow a core of which a feature was in another before."""
        moving = {one for one, core in cores.items() if one.weight >= JOIN and _core_before(one) != core}
        shown = (one for attacker in self._known.sampled(moving) for one in self._linking.looked(attacker))
        return {one for one in shown if may_follow(one)}

    def _followings(self, cores: dict[KnownFeature, str]) -> set[Link]:
        """Return the links of rare weaker features with the cores that their attackers have."""
        strong = {core for one, core in cores.items() if one.weight >= JOIN}
        links: dict[str, dict[str, Link]] = {}
        proven: dict[KnownFeature, str] = {}
        found: dict[Sample, Followed | None] = {}  # what the same attackers show follows the same
        of: dict[KnownAttacker, dict[str, KnownFeature] | None] = {}
        for one in sorted((one for one in cores if may_follow(one)), key=_by_key):
            if one.sample not in found:
                found[one.sample] = self._followed(one.sample, cores, of)
            if (other := found[one.sample]) is None:
                continue
            core = _core(other.feature, cores)
            if other.proven and may_be_known(one.kind.name, one.attackers, self._known.population):
                proven[one] = core
            if cores[one] not in strong:
                links.setdefault(cores[one], {}).setdefault(core, (one, other.feature))
        known = {core: next(iter(to)) for core, to in links.items() if len(to) == 1}
        self._proven = {one for one, core in proven.items() if core in (cores[one], known.get(cores[one]))}
        return {link for to in links.values() if len(to) == 1 for link in to.values()}

    def _followed(
        self,
        sample: Sample,
        cores: dict[KnownFeature, str],
        of: dict[KnownAttacker, dict[str, KnownFeature] | None],
    ) -> Followed | None:
        """Return what the features of a sample follow; `of` keeps the cores of attackers."""
        for attacker in sample.attackers:
            if attacker not in of:
                of[attacker] = None if attacker.marks is None else self._strong(attacker, cores)
        return followed([by_core for one in sample.attackers if (by_core := of[one]) is not None])

    def _strong(self, attacker: KnownAttacker, cores: dict[KnownFeature, str]) -> dict[str, KnownFeature]:
        """Return the cores of an attacker's features that join alone, each with the least of them."""
        strong = [one for one in self._linking.looked(attacker) if one.weight >= JOIN]
        return {_core(one, cores): one for one in sorted(strong, key=_by_key, reverse=True)}

    def _attachments(self, attackers: Iterable[KnownAttacker]) -> dict[str, Attachment]:
        reasons: dict[KnownFeature, Shown] = {}
        found = {}
        for attacker in sorted(attackers, key=_by_name):
            looked = self._linking.looked(attacker)
            for one in looked:
                if one not in reasons:
                    assert one.core is not None, one.key  # a feature that can join attackers has one
                    bits = PROVEN[bool(one.kind.members)] if one.proven else 0.0
                    reasons[one] = one.core, one.owner, (one.key, max(bits, one.weight))
            shown = [reasons[one] for one in looked]
            found[attacker.name] = attachment(shown, shared=attacker.marks is None, walks=_walks(attacker))
        return found


def _walks(attacker: KnownAttacker) -> bool:
    """Return whether most credentials that an attacker tries are common: it walks a list, to where few come."""
    tried = [one for one in attacker.features if one.kind.name == "credential"]
    return 2 * sum(one.weight >= RARE for one in tried) < len(tried) + attacker.own_credentials


def _core(feature: KnownFeature, cores: dict[KnownFeature, str]) -> str:
    core = cores.get(feature) or feature.core
    assert core is not None, feature.key  # as above
    return core


def _core_before(feature: KnownFeature) -> str | None:
    return feature.before.core if feature.before else None


def _now(feature: KnownFeature) -> Settled | None:
    if feature.weight <= 0:
        return None
    assert feature.core is not None, feature.key
    return Settled(feature.core, feature.weight, feature.proven, magnitude_now(feature), feature.owner)


def _by_key(feature: KnownFeature) -> Key:
    return feature.key


def _by_name(attacker: KnownAttacker) -> str:
    return attacker.name
