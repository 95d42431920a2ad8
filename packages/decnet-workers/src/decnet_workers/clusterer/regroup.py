# SPDX-License-Identifier: MIT
"""Recomputes what changed evidence can have changed: weights, then cores, then where attackers belong.

Each step finds what it can affect through the holders of a feature, so the cost depends on what changed and its
candidates, not on the number of attackers; and the result is the one that a computation of everything gives.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from decnet_models.database.statements import parts
from decnet_workers.clusterer.attachment import Attachment, attachment
from decnet_workers.clusterer.cores import (
    SAMPLE,
    Followed,
    Profile,
    Shown,
    are_linked,
    components,
    could_link,
    followed,
    heaviest,
    in_order,
    may_follow,
    profile,
    shown_by,
    size_of,
)
from decnet_workers.clusterer.dividing import Known, owners
from decnet_workers.clusterer.kinds import (
    BOUGHT,
    JOIN,
    KINDS,
    PROVEN,
    RARE,
    SET_OF,
    SPREAD,
    Days,
    Feature,
    days_of,
    is_brief,
    may_be_known,
    weight,
)
from decnet_workers.clusterer.owners import (
    adjusted,
    are_infected,
    are_worms,
    is_contested,
    is_infected,
    is_mixed,
    is_sold,
    may_be_mixed,
    may_be_sold,
    may_be_worms,
    own_marks,
)
from decnet_workers.clusterer.reading.view import Settled, View, weight_alone
from decnet_workers.commodity.limits import Key, limits
from decnet_workers.errors import WorkersError

_SHARED = 2
"""Attackers that a feature has which can join any."""

_LONG = 8
"""Days of a log of which half is few: credentials that were seen within these may be those of one actor's list."""

_ALL = 64
"""Above the power of two of any number of attackers."""


class Regrouped(NamedTuple):
    """The features whose core or weight is another (None: joins nobody now), and attackers with where they belong."""

    features: dict[Key, Settled | None]
    attackers: dict[str, Attachment]
    read: int
    """Attackers of whom the evidence was read."""


class ReadsTooManyError(WorkersError):
    """More attackers would have to be read than memory is allowed for."""


def regroup(
    view: View, attackers: Collection[str], keys: Collection[Key] = (), *, most: int | None = None
) -> Regrouped:
    """Return what has changed, given the attackers whose evidence changed and features that some no longer show.

    Raises ReadsTooManyError before the evidence of more than `most` attackers is read.
    """
    return _Regrouping(view, most).result(set(attackers), set(keys))


class _Weights(dict[Key, float]):
    """The weights of features that can join attackers; most cannot, and are not kept."""

    def __missing__(self, key: Key) -> float:
        return 0.0


class _Regrouping:
    """One computation, with what it has read."""

    def __init__(self, view: View, most: int | None) -> None:
        self._view = view
        self._most = most
        self._keys: dict[Key, Key] = {}
        self._names: dict[str, str] = {}
        self._shown: dict[str, Collection[Key]] = {}
        self._attackers: dict[Key, int] = {}
        self._settled: dict[Key, Settled] = {}
        self._samples: dict[Key, tuple[str, ...]] = {}
        self._weights = _Weights()
        self._brief: set[Key] = set()
        self._weighed_members: set[Key] = set()
        self._proven: set[Key] = set()
        self._owners: dict[Key, str] = {}
        self._profiles: dict[Key, Profile] = {}
        self._shown_by: dict[tuple[str, ...], Shown] = {}
        self._candidates_of: dict[tuple[tuple[str, ...], int, bool, bool], tuple[Key, ...]] = {}
        self._marks: dict[str, tuple[Key, ...] | None] = {}
        self._infected: dict[str, bool] = {}
        self._common: dict[tuple[tuple[str, ...], str], list[tuple[int, int]]] = {}
        self._own_credentials: dict[str, int] = {}
        self._looked_at: dict[str, list[Key]] = {}
        self._strong_of: dict[str, list[Key]] = {}
        self._links_with: dict[str, tuple[list[Key], frozenset[str]] | None] = {}
        self._kinds: dict[frozenset[str], frozenset[str]] = {}

    def result(self, attackers: set[str], keys: set[Key]) -> Regrouped:
        touched = set(attackers)
        changed: set[Key] = set()
        for of_sets in (False, True):  # a set's weight depends on those of its members
            asked = {key for key in self._keys_of(touched) | keys if bool(KINDS[key[0]].members) is of_sets}
            new = self._reweighed(asked)
            changed |= new
            touched |= self._holders(new)
        self._know_all_of(touched)
        cores = self._cores(self._keys_of(touched) | keys)
        moved = {key for key in cores if self._is_other(key, cores)} | changed
        touched |= self._holders(moved - changed)
        self._know_all_of(touched)
        known = {key: self._core(key, cores) for attacker in touched for key in self._looked(attacker)}
        bits = {
            key: max(PROVEN[bool(KINDS[key[0]].members)] * self._is_proven(key, cores), self._weights[key])
            for key in known
        }
        of = {key: self._owner(key, cores) for key in known}
        placed = {
            one: attachment(
                self._looked(one), known, bits, of, shared=self._linking(one) is None, walks=self._walks(one)
            )
            for one in sorted(touched)
        }
        return Regrouped({key: self._now(key, cores) for key in sorted(moved)}, placed, len(self._shown))

    def _keys_of(self, attackers: Iterable[str]) -> set[Key]:
        self._read(attackers)
        return {key for attacker in attackers for key in self._shown[attacker]}

    def _read(self, attackers: Iterable[str]) -> None:
        once = self._keys.setdefault  # one object for each feature, however many show it
        for part in parts(self._unread(attackers)):
            self._shown |= dict.fromkeys(part, ())
            self._shown |= {
                attacker: tuple(once(key, key) for key in shown if key[0] in KINDS)
                for attacker, shown in self._view.shown_by(part).items()
            }

    def _unread(self, attackers: Iterable[str]) -> set[str]:
        """Return those who have not been read. Raises ReadsTooManyError."""
        found = {attacker for attacker in attackers if attacker not in self._shown}
        if self._most is not None and len(self._shown) + len(found) > self._most:
            raise ReadsTooManyError(f"more than {self._most} attackers")
        return found

    def _know(self, keys: Iterable[Key]) -> None:
        """Read features and what was computed of them; until they are weighed, they weigh what they did."""
        for part in parts(key for key in keys if key not in self._attackers):
            self._learn(part)

    def _learn(self, part: Collection[Key]) -> Mapping[Key, Feature]:
        once = self._keys.setdefault
        found, settled = self._view.features(part), self._view.settled(part)
        for given in part:
            key = once(given, given)
            self._attackers[key] = found[key].attackers if key in found else 0
            if key[0] == "credential" and key in found and self._is_brief(found[key]):
                self._brief.add(key)
            if (was := settled.get(key)) is not None:
                self._settled[key] = was
                self._weights[key] = was.weight
        return found

    def _is_brief(self, feature: Feature) -> bool:
        return self._view.log_days >= _LONG and feature.attackers >= _SHARED and is_brief(feature, self._view.log_days)

    def _reweighed(self, keys: set[Key]) -> set[Key]:
        """Compute the weights of the features; return those that have another than before."""
        alone = dict.fromkeys(keys, 0.0)
        for part in parts(keys):
            alone |= {key: weight_alone(self._view, key, feature) for key, feature in self._learn(part).items()}
        shared = {key for key, bits in alone.items() if bits and self._may_be_shared(key)}
        self._read_samples(shared)
        self._read({attacker for key in shared for attacker in self._samples[key]})
        for key, bits in alone.items():
            if (now := self._weighed(key, bits) if key in shared else bits) > 0:
                self._weights[key] = now
            else:
                self._weights.pop(key, None)
        self._weighed_members |= {key for key in keys if key[0] in SET_OF}
        return {key for key in keys if self._weighs_other(key)}

    def _weighs_other(self, key: Key) -> bool:
        """Return whether a feature, or a set of which it is a member, can weigh something else than before.

        A member that twice as many show may weigh the same, as when these came at once or when all are more, too.
        """
        now = self._weights[key]
        return now != self._weight_before(key) or (now > 0 and self._magnitude_now(key) != self._settled[key].magnitude)

    def _magnitude_now(self, key: Key) -> int:
        """Return of a member of sets the power of two by which these were weighed last; 0 for other features."""
        if key in self._weighed_members:
            return self._attackers[key].bit_length()
        settled = self._settled.get(key)
        return settled.magnitude if settled else 0

    def _may_be_shared(self, key: Key) -> bool:
        """Return whether the weight of a feature depends on what else its attackers show."""
        return key[0] in SPREAD or may_be_sold(key, self._attackers[key])

    def _weighed(self, key: Key, bits: float) -> float:
        """Return the weight of such a feature, given that by its number of attackers alone."""
        sample = self._samples[key]
        own = self._own_members(key, sample) if KINDS[key[0]].members else None
        if own is not None:
            bits = min(bits, self._of_list(key, sample))
        infected = key[0] in SPREAD and self._spreads(key, sample)
        if not infected and self._is_sold(key, sample):
            return 0.0
        mixed = not infected and key[0] in BOUGHT and self._is_mixed(key, sample)
        return round(adjusted(bits, mixed=mixed, infected=infected, own_members=own), 3)

    def _is_mixed(self, key: Key, sample: Iterable[str]) -> bool:
        """Return whether the attackers that show a feature are several actors."""
        if not may_be_mixed(key, self._attackers[key]):
            return False
        return is_mixed(key, [set(found) for attacker in sample if (found := self._own_marks(attacker)) is not None])

    def _is_sold(self, key: Key, sample: Iterable[str]) -> bool:
        """Return whether those who show a feature have keys that contradict each other."""
        if not may_be_sold(key, self._attackers[key]):
            return False
        return is_sold(key, (found for one in sample if (found := self._own_marks(one)) is not None))

    def _spreads(self, key: Key, sample: Collection[str]) -> bool:
        """Return whether a feature is brought by malware that spreads by itself."""
        if may_be_worms(self._attackers[key]):
            return are_worms([self._shown[one] for one in sample])
        return are_infected([self._is_infected(one) for one in sample])

    def _own_marks(self, attacker: str) -> tuple[Key, ...] | None:
        """Return what an attacker shows of which actors have their own; None for a shared address."""
        if attacker not in self._marks:
            self._marks[attacker] = own_marks(self._shown[attacker])
        return self._marks[attacker]

    def _is_infected(self, attacker: str) -> bool:
        if attacker not in self._infected:
            self._infected[attacker] = is_infected(self._shown[attacker])
        return self._infected[attacker]

    def _own_members(self, key: Key, sample: tuple[str, ...]) -> float:
        """Return how many members the sets of the attackers that are looked at have in common and as their own.

        Those of a public list of passwords, or of the usual reconnaissance, many others show; and what only one of them
        shows is no reason why their sets should be near-equal.
        """
        most = self._attackers[key].bit_length() + 1
        common = self._common_members(KINDS[key[0]].members, sample)
        return sum(number for number, magnitude in common if magnitude <= most) / len(sample)

    def _of_list(self, key: Key, sample: tuple[str, ...]) -> float:
        """Return what a set weighs at most, given how many show its members: more know a list than draw alike from it.

        That is the median of what several of its attackers show, so neither a few common members nor a few rare ones
        decide.
        """
        kind = KINDS[key[0]]
        common = sorted(magnitude for _, magnitude in self._common_members(kind.members, sample))
        magnitude = common[len(common) // 2] if common else _ALL
        attackers = max(self._attackers[key], min(1 << (magnitude - 1), kind.cap + 1))
        return round(weight(kind, Feature(attackers, 0, 0), self._view.population), 3)

    def _common_members(self, kind: str, sample: tuple[str, ...]) -> list[tuple[int, int]]:
        """Return of what several of the attackers show of a kind how many do, and how many of all, as a power of two.

        The bands of a set mostly have the same attackers.
        """
        if (found := self._common.get((sample, kind))) is None:
            held = Counter(one for attacker in sample for one in self._shown[attacker] if one[0] == kind)
            common = {member: number for member, number in held.items() if number > 1}
            self._know(common)
            found = [(number, self._magnitude(member)) for member, number in common.items()]
            self._common[sample, kind] = found
        return found

    def _magnitude(self, member: Key) -> int:
        """Return how many show a member, as a power of two.

        What joins nobody, and what is a commodity, counts as everybody's, however many show it: so a set can change
        only when the weight of one of its members does.
        """
        return self._attackers[member].bit_length() if self._weights[member] > 0 and member not in limits() else _ALL

    def _know_all_of(self, attackers: Collection[str]) -> None:
        """Know what attackers show, and keep of it what others show, too."""
        self._unread(attackers)
        for part in parts(attacker for attacker in attackers if attacker not in self._own_credentials):
            self._know(self._keys_of(part))
            for attacker in part:
                self._drop_own(attacker)

    def _drop_own(self, attacker: str) -> None:
        """Drop what only this attacker shows, which is half of all that is read: it joins nobody.

        What depends on how much an attacker shows is decided before.
        """
        marks, _ = self._own_marks(attacker), self._is_infected(attacker)
        shown, counts = self._shown[attacker], self._attackers
        own = {key for key in shown if counts[key] < _SHARED and key not in self._settled}
        self._own_credentials[attacker] = sum(key[0] == "credential" for key in own)
        if own:
            self._shown[attacker] = tuple(key for key in shown if key not in own)
            self._marks[attacker] = marks and tuple(key for key in marks if key not in own)
            for key in own:
                del counts[key], self._keys[key]

    def _weight_before(self, key: Key) -> float:
        settled = self._settled.get(key)
        return settled.weight if settled else 0.0

    def _core_before(self, key: Key) -> str | None:
        settled = self._settled.get(key)
        return settled.core if settled else None

    def _is_proven(self, key: Key, cores: dict[Key, str]) -> bool:
        """Return whether a feature joins though it is weak; of those that were not looked at: as before."""
        if key in cores:
            return key in self._proven
        settled = self._settled.get(key)
        return settled is not None and settled.proven

    def _is_other(self, key: Key, cores: dict[Key, str]) -> bool:
        """Return whether a feature's core, or whether it joins by itself, is not as before."""
        before = self._settled.get(key)
        now = cores[key], key in self._proven, self._owners.get(key, "")
        return before is None or (before.core, before.proven, before.owner) != now

    def _read_samples(self, keys: Iterable[Key]) -> None:
        """Read the attackers of features that are looked at: all, but of features with many."""
        missing = [key for key in keys if key not in self._samples]
        once = self._names.setdefault
        for part in parts(missing):
            few = [key for key in part if self._attackers[key] <= SAMPLE]
            found = dict(self._view.holders_of_all(few))
            found |= {key: self._view.holders(key, SAMPLE) for key in set(part) - set(few)}
            for key in part:
                holders = found.pop(key, ())
                self._samples[key] = tuple(map(once, holders, holders))

    def _holders(self, keys: Iterable[Key]) -> set[str]:
        """Return all who show features; one that has just become too common has hardly more than its cap."""
        keys = set(keys)
        few = {key for key in keys if self._attackers[key] <= SAMPLE}
        self._read_samples(few)
        found = {attacker for key in few for attacker in self._samples[key]}
        for part in parts(keys - few):
            found.update(*self._view.holders_of_all(part).values())
        return found

    def _looked(self, attacker: str) -> list[Key]:
        """Return the features of an attacker that are looked at."""
        if attacker not in self._looked_at:
            self._looked_at[attacker] = heaviest((key, self._weights[key]) for key in self._shown[attacker])
        return self._looked_at[attacker]

    def _walks(self, attacker: str) -> bool:
        """Return whether most credentials that an attacker tries are common: it walks a list, to where few come."""
        tried = [key for key in self._shown[attacker] if key[0] == "credential"]
        number = len(tried) + self._own_credentials.get(attacker, 0)
        return 2 * sum(self._weights[key] >= RARE for key in tried) < number

    def _cores(self, keys: set[Key]) -> dict[Key, str]:
        """Return the cores of all features that could have another core now that these have changed."""
        self._know(keys)
        asked = self._with_their_cores(keys)
        links: set[tuple[Key, Key]] = set()
        done: set[Key] = set()
        while True:
            while fresh := asked - done:
                links |= self._links(fresh)
                done |= fresh
                asked |= self._with_their_cores({key for link in links for key in link} - done)
            weighty = {key for key in done if self._weights[key] > 0}
            followings = self._followings(weighty, components(weighty, links))
            asked |= self._with_their_cores({key for link in followings for key in link} - done)
            if asked <= done:
                cores = components(weighty, links | followings)
                asked |= self._with_their_cores(self._could_follow(key for key in weighty if self._moves(key, cores)))
            if asked <= done:
                self._owners = owners(cores, links | followings, Known(self._weights, self._profiles, self._days))
                return cores

    def _days(self, keys: Collection[Key]) -> Mapping[Key, Days]:
        return {key: days_of(feature) for part in parts(keys) for key, feature in self._view.features(part).items()}

    def _owner(self, key: Key, cores: dict[Key, str]) -> str:
        """Return whose a feature is of several actors that have its core; of those that were not looked at: as before."""
        if key in cores:
            return self._owners.get(key, "")
        settled = self._settled.get(key)
        return settled.owner if settled else ""

    def _moves(self, key: Key, cores: dict[Key, str]) -> bool:
        return self._weights[key] >= JOIN and self._core_before(key) != cores[key]

    def _could_follow(self, keys: Iterable[Key]) -> set[Key]:
        """Return the features that may follow the core of these, which is another than before."""
        self._read_samples(keys := set(keys))
        holders = {attacker for key in keys for attacker in self._samples[key]}
        self._know_all_of(holders)
        return {key for attacker in holders for key in self._looked(attacker) if self._may_follow(key)}

    def _may_follow(self, key: Key) -> bool:
        return may_follow(self._attackers[key], self._weights[key])

    def _followings(self, keys: set[Key], cores: dict[Key, str]) -> set[tuple[Key, Key]]:
        """Return the links of rare weaker features with the cores that their attackers have."""
        strong = {core for key, core in cores.items() if self._weights[key] >= JOIN}
        links: dict[str, dict[str, tuple[Key, Key]]] = {}
        proven: dict[Key, str] = {}
        following = sorted(key for key in keys if self._may_follow(key))
        of = {one: self._strong(one, cores) for one in {one for key in following for one in self._samples[key]}}
        found: dict[tuple[str, ...], Followed | None] = {}  # what the same attackers show follows the same
        for key in following:
            sample = self._samples[key]
            if sample not in found:
                found[sample] = followed([by_core for one in sample if (by_core := of[one]) is not None])
            if (other := found[sample]) is None:
                continue
            if other.proven and may_be_known(key[0], self._attackers[key], self._view.population):
                proven[key] = self._core(other.key, cores)
            if cores[key] not in strong:
                links.setdefault(cores[key], {}).setdefault(self._core(other.key, cores), (key, other.key))
        known = {core: next(iter(to)) for core, to in links.items() if len(to) == 1}
        self._proven = {key for key, core in proven.items() if core in (cores[key], known.get(cores[key]))}
        return {link for to in links.values() if len(to) == 1 for link in to.values()}

    def _strong(self, attacker: str, cores: dict[Key, str]) -> dict[str, Key] | None:
        """Return the cores of an attacker's features that join alone, each with the least of them; None: shared."""
        linking = self._linking(attacker)
        if linking is None:
            return None
        if attacker not in self._strong_of:
            self._strong_of[attacker] = sorted((key for key in linking[0] if self._weights[key] >= JOIN), reverse=True)
        return {self._core(key, cores): key for key in self._strong_of[attacker]}

    def _with_their_cores(self, keys: set[Key]) -> set[Key]:
        """Return the features, and all that were in one core with any of them."""
        before = {core for key in keys if (core := self._core_before(key)) is not None}
        rest = self._view.of_cores(before) if before else set[Key]()
        self._know(rest)
        return {key for key in keys | rest if self._weights[key] > 0}

    def _links(self, keys: set[Key]) -> set[tuple[Key, Key]]:
        self._profile(keys)
        candidates = [(one, other) for one in keys for other in self._candidates(one) if other != one]
        self._profile({other for _, other in candidates})
        pairs = {in_order(one, other, self._profiles) for one, other in candidates}  # half of them are found twice
        listed = {key for pair in pairs for key in pair if key in self._brief and not self._is_contested(key)}
        return {pair for pair in pairs if are_linked(*pair, self._profiles, self._weights, listed)}

    def _is_contested(self, key: Key) -> bool:
        """Return whether those who show a credential have keys, as others have them, that do not go together."""
        shown = (found for one in self._samples[key] if (found := self._own_marks(one)) is not None)
        return is_contested([mark for mark in found if self._attackers.get(mark, 0) >= _SHARED] for found in shown)

    def _candidates(self, one: Key) -> Iterable[Key]:
        """Return the features of which it deserves a look whether they are linked with this one.

        Those that the same attackers show have the same ones.
        """
        bits, size = self._weights[one], self._profiles[one].attackers
        weak_one, brief = bits < JOIN, one in self._brief
        of = self._samples[one], size, weak_one, brief
        if of not in self._candidates_of:
            weights, attackers = self._weights, self._attackers
            self._candidates_of[of] = tuple(
                other
                for other, number in self._profiles[one].together.items()
                if could_link(
                    number,
                    (size, size_of(attackers[other])),
                    weak_one or weights[other] < JOIN,
                    brief and other in self._brief,
                )
            )
        return self._candidates_of[of]

    def _profile(self, keys: set[Key]) -> None:
        missing = {key for key in keys if key not in self._profiles}
        self._know(missing)
        self._read_samples(missing)
        self._know_all_of({attacker for key in missing for attacker in self._samples[key]})
        for key in missing:
            self._profiles[key] = profile(self._attackers[key], self._shown_together(self._samples[key]))

    def _shown_together(self, sample: tuple[str, ...]) -> Shown:
        """Return what attackers show; what one actor brings has the same ones, so it is counted once."""
        found = self._shown_by.get(sample)
        if found is None:
            looked_at = (linking for one in sample if (linking := self._linking(one)) is not None)
            found = self._shown_by[sample] = shown_by(looked_at, self._weights)
        return found

    def _linking(self, attacker: str) -> tuple[list[Key], frozenset[str]] | None:
        """Return the features that an attacker links, and their kinds; None for a shared address."""
        if attacker not in self._links_with:
            shared = self._own_marks(attacker) is None
            looked = self._looked(attacker)
            kinds = frozenset(kind for kind, _ in looked)
            self._links_with[attacker] = None if shared else (looked, self._kinds.setdefault(kinds, kinds))
        return self._links_with[attacker]

    def _core(self, key: Key, cores: dict[Key, str]) -> str:
        core = cores.get(key) or self._core_before(key)
        assert core is not None, key  # a feature that can join attackers has one
        return core

    def _now(self, key: Key, cores: dict[Key, str]) -> Settled | None:
        if self._weights[key] <= 0:
            return None
        core, proven = self._core(key, cores), self._is_proven(key, cores)
        return Settled(core, self._weights[key], proven, self._magnitude_now(key), self._owner(key, cores))
