# SPDX-License-Identifier: MIT
"""What the computation of identities reads: evidence, and what it has computed of it before."""

from collections.abc import Collection, Iterable, Mapping, Set
from typing import NamedTuple, Protocol

from decnet_workers.clusterer.kinds import Days, Feature
from decnet_workers.commodity.limits import Key


class Settled(NamedTuple):
    """What was last computed of a feature: its core, by the digest of the first of its features, and its weight.

    `proven`: see `cores.followed`. `magnitude`: of what can be a member of a set, how many showed it when it was
    weighed, as a power of two; the weights of sets depend on that. `owner`: whose it is of a core's several actors, by
    the least digest of that one's marks (`dividing`); empty: of all of them, or of the only one.
    """

    core: str
    weight: float
    proven: bool = False
    magnitude: int = 0
    owner: str = ""


class View(Protocol):
    """The evidence, and what was computed of it before."""

    population: int
    """The number of attackers, as the power of two below."""
    log_days: int
    """The days from the first event of an attacker to the last of any, as the power of two below; 0: less than two."""

    def shown_by(self, attackers: Collection[str]) -> Mapping[str, Collection[str]]:
        """Return the features that each of the attackers shows, each as its kind, a space and its digest."""

    def days_of(self, attackers: Collection[str], kinds: Collection[str]) -> Mapping[str, Mapping[Key, Days]]:
        """Return in which days each of the attackers showed which features of some kinds."""

    def features(self, keys: Collection[Key]) -> Mapping[Key, tuple[Feature, Settled | None]]:
        """Return those of some features that several show, or of which something was computed before."""

    def holders(self, key: Key, limit: int) -> Collection[str]:
        """Return the first attackers, in the order of their names, that show a feature."""

    def holders_of_all(self, keys: Collection[Key]) -> Mapping[Key, Collection[str]]:
        """Return all attackers that show each of some features, in the order of their names."""

    def of_cores(self, cores: Iterable[str]) -> Set[Key]:
        """Return the features of some cores."""
