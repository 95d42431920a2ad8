# SPDX-License-Identifier: MIT
"""Adds the evidence of a batch of events to the tables, and notes what is to be computed again."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from itertools import chain

from sqlalchemy import Connection

from decnet_core.net.addresses import canonical
from decnet_core.text import for_column
from decnet_core.timing.durations import DAY_NS
from decnet_models.events.queries import BriefRow
from decnet_models.grouping.values import Times, digest, widened
from decnet_models.identities import evidence_rows as rows
from decnet_models.identities.evidence_rows import AttackerRow, EvidenceRow, EvidenceValues, FeatureRow, SketchRow
from decnet_workers.clusterer import sketches
from decnet_workers.clusterer.kinds import KINDS, SET_OF, rarity_changes, span_changes
from decnet_workers.clusterer.payloads import Payloads
from decnet_workers.clusterer.signals import of_address
from decnet_workers.commodity.limits import Key

POPULATION: Key = ("attacker", "")
"""The feature that everybody shows: its number of attackers is that of all."""

LOG: Key = ("log", "")
"""The feature whose times are those of the log."""

_SPAN_READ = 1_000
"""A feature of more attackers than that and than the cap of its kind joins nobody."""


def population(connection: Connection) -> int:
    """Return the number of attackers."""
    found = rows.features_at(connection, [POPULATION])
    return found[0].attackers if found else 0


def log_days(connection: Connection) -> int:
    """Return the days over which the log goes, as the power of two below; 0: less than two."""
    found = rows.features_at(connection, [LOG])
    return _as_power(found[0].last_seen // DAY_NS - found[0].first_seen // DAY_NS) if found else 0


def _as_power(days: int) -> int:
    return 1 << (days.bit_length() - 1) if days > 1 else 0


class _Shown:
    """What an attacker shows in a batch, with the times of the events."""

    __slots__ = ("features", "times")

    def __init__(self, times: Times) -> None:
        self.times = times
        self.features: dict[Key, Times] = {}

    def sets(self) -> dict[str, list[Key]]:
        """Return the members of the sets that it shows, by the sets' kinds."""
        found: dict[str, list[Key]] = {}
        for key in self.features:
            if (of := SET_OF.get(key[0])) is not None:
                found.setdefault(of, []).append(key)
        return found

    def times_of(self, keys: Iterable[Key]) -> Times:
        return _span([self.features[key] for key in keys])


class Intake:
    """The evidence of a batch."""

    def __init__(self) -> None:
        self._shown: dict[str, _Shown] = {}
        self._values: dict[Key, str] = {}
        self._added: dict[Key, list[int]] = {}
        """How many attackers more show a feature, and from when to when those of the batch did."""
        self._written: list[EvidenceValues] = []
        self._dropped: list[EvidenceRow] = []
        self._attackers: list[AttackerRow] = []
        self._sketches: list[SketchRow] = []
        self._reweighed: list[tuple[str, tuple[int, int]]] = []
        """Which features can weigh something else now, by kind and number of attackers."""
        self._pending: set[tuple[str, str]] = set()

    def add(self, brief: Iterable[BriefRow], payloads: Payloads) -> None:
        """Add events; one without an attacker's address is evidence of nobody."""
        attackers: dict[str | None, str | None] = {}
        values = self._values
        for _, ts, _, source, _, text in brief:
            if source not in attackers:
                attackers[source] = canonical(source) if source else None
            if (attacker := attackers[source]) is None:
                continue
            found = payloads.shown(text)
            times = first, last = found.times(ts)
            shown = self._shown.get(attacker)
            if shown is None:
                shown = self._shown[attacker] = _Shown(times)
            elif first < shown.times[0] or last > shown.times[1]:
                shown.times = widened(shown.times, times)
            features = shown.features
            for key, value in found.signals:
                if (old := features.get(key)) is None:
                    features[key] = times
                    values[key] = value
                elif first < old[0] or last > old[1]:
                    features[key] = widened(old, times)

    def compute(self, snapshot: Connection) -> None:
        """Determine what is to be written, by what is there; nobody else writes these tables."""
        for attacker, shown in self._shown.items():
            for key, value in of_address(attacker):
                self._values[key] = value
                shown.features[key] = shown.times
        before = rows.evidence_of(snapshot, self._shown)
        self._unite_sets(snapshot, before)
        for attacker, shown in self._shown.items():
            self._merge(attacker, before.get(attacker, {}), shown.features)
        self._written.sort()  # as in the index on features: of its pages each is read and written once then
        self._count_population(snapshot, self._see_attackers(snapshot))
        self._widen_log(snapshot)
        computed = {(rows.TIMES, name) for kind, name in self._pending if kind == rows.ATTACKER}
        self._pending -= computed  # whoever is computed gets other times, too

    def write(self, connection: Connection) -> None:
        """Add it to the tables."""
        rows.write_sketches(connection, self._sketches)
        rows.write_attackers(connection, self._attackers)
        rows.write_evidence(connection, self._written)
        rows.drop_evidence(connection, self._dropped)
        for kind, attackers in self._reweighed:
            rows.add_features_pending(connection, kind, attackers)
        rows.add_to_features(connection, [self._feature(key) for key in sorted(self._added)])
        self._correct_spans(connection)
        rows.add_pending(connection, self._pending)

    def _unite_sets(self, snapshot: Connection, before: Mapping[str, dict[Key, Times]]) -> None:
        """Merge the sketches with those that are there; the bands of the union replace those of before."""
        sets = {attacker: found for attacker, shown in self._shown.items() if (found := shown.sets())}
        old = rows.sketches_of(snapshot, sets)
        for attacker, found in sets.items():
            shown = self._shown[attacker]
            for kind, members in found.items():
                known = old.get((attacker, kind))
                values = (self._values[member] for member in members)
                row = _united(known, attacker, kind, values, shown.times_of(members))
                if row != known:
                    self._sketches.append(row)
                    self._replace_bands(row, before.get(attacker, {}), shown.features)
        self._sketches.sort()

    def _replace_bands(self, row: SketchRow, before: dict[Key, Times], shown: dict[Key, Times]) -> None:
        bands = _bands(row.kind, row.minima)
        for key, value in bands:
            self._values.setdefault(key, value)
            shown[key] = (row.first_seen, row.last_seen)
        wanted = {key for key, _ in bands}
        for key in [key for key in before if key[0] == row.kind and key not in wanted]:
            self._drop(row.attacker, key, before.pop(key))

    def _merge(self, attacker: str, before: Mapping[Key, Times], shown: Mapping[Key, Times]) -> None:
        """Write what is new of an attacker; of a kind of which there is too much, the least digests are kept."""
        excess = _excess(before, shown)
        for key in excess & before.keys():
            self._drop(attacker, key, before[key])
        written, changed = len(self._written), False
        for key, times in shown.items():
            old = before.get(key)
            if key in excess or (old is not None and _within(times, old)):
                continue
            changed = changed or old is None or (KINDS[key[0]].dated and _days(widened(old, times)) != _days(old))
            self._written.append((*key, attacker, *times))
            self._count(key, times, int(old is None))
        if changed:
            self._pending.add((rows.ATTACKER, attacker))
        elif len(self._written) > written:
            self._pending.add((rows.TIMES, attacker))  # also within the attacker's own: campaigns go by these times

    def _drop(self, attacker: str, key: Key, times: Times) -> None:
        self._dropped.append(EvidenceRow(*key, attacker, *times))
        self._count(key, times, -1)
        self._pending |= {(rows.ATTACKER, attacker), key}

    def _count(self, key: Key, times: Times, attackers: int) -> None:
        if (sums := self._added.get(key)) is None:
            self._added[key] = [attackers, *times]
            return
        sums[0] += attackers
        sums[1] = min(sums[1], times[0])
        sums[2] = max(sums[2], times[1])

    def _feature(self, key: Key) -> FeatureRow:
        return FeatureRow(*key, for_column(self._values.get(key, "")), *self._added[key])

    def _see_attackers(self, snapshot: Connection) -> int:
        """Note when the attackers were there; return how many are new."""
        known = rows.times_of(snapshot, self._shown)
        for attacker, shown in sorted(self._shown.items()):
            old = known.get(attacker)
            if old is not None and _within(shown.times, old):
                continue
            self._attackers.append(AttackerRow(attacker, *shown.times))
            earlier = old is None or shown.times[0] < old[0]
            self._pending.add((rows.ATTACKER if earlier else rows.TIMES, attacker))
        return len(self._shown) - len(known)

    def _count_population(self, snapshot: Connection, new: int) -> None:
        """Count new attackers; when their number has doubled, features that many of them show are rarer."""
        if not new:
            return
        before = population(snapshot)
        self._added[POPULATION] = [new, 0, 0]
        self._reweighed += rarity_changes(before.bit_length() - 1, (before + new).bit_length() - 1)

    def _widen_log(self, snapshot: Connection) -> None:
        """Note the times of the log; when it has come to go over twice as many days, what is seen in few is rarer."""
        if not self._shown:
            return
        times = _span([shown.times for shown in self._shown.values()])
        known = rows.features_at(snapshot, [LOG])
        old = (known[0].first_seen, known[0].last_seen) if known else None
        wider = times if old is None else widened(old, times)
        if wider == old:
            return
        self._added[LOG] = [int(old is None), *wider]
        before, after = (_as_power(last // DAY_NS - first // DAY_NS) for first, last in (old or times, wider))
        self._reweighed += span_changes() if before != after else ()

    def _correct_spans(self, connection: Connection) -> None:
        """Take from features the times of those who no longer show them, if these were the first or the last ones."""
        dropped: dict[Key, Times] = {}
        for gone in self._dropped:
            if KINDS[gone.kind].dated:
                key, times = (gone.kind, gone.digest), (gone.first_seen, gone.last_seen)
                dropped[key] = widened(dropped.get(key, times), times)
        wrong = [
            (row.kind, row.digest)
            for row in rows.features_at(connection, dropped)
            if 0 < row.attackers <= max(_SPAN_READ, KINDS[row.kind].cap)
            and _reaches(dropped[row.kind, row.digest], row)
        ]
        rows.correct_spans(connection, wrong)


def _reaches(times: Times, row: FeatureRow) -> bool:
    """Return whether the first or the last of these times is the feature's."""
    return times[0] <= row.first_seen or times[1] >= row.last_seen


@lru_cache(maxsize=512)
def _bands(kind: str, packed: bytes) -> tuple[tuple[Key, str], ...]:
    minima = sketches.unpacked(packed)
    if sketches.size(minima) < KINDS[kind].least - 0.5:
        return ()
    return tuple(((kind, digest(band)), band) for band in sketches.bands(minima))


def _united(old: SketchRow | None, attacker: str, kind: str, members: Iterable[str], times: Times) -> SketchRow:
    """Return the sketch of a set with these members added."""
    minima = [sketches.sketch(member) for member in members]
    if old is not None:
        minima.append(sketches.unpacked(old.minima))
        times = widened((old.first_seen, old.last_seen), times)
    return SketchRow(attacker, kind, sketches.packed(sketches.united(minima)), *times)


def _excess(before: Mapping[Key, Times], shown: Mapping[Key, Times]) -> set[Key]:
    """Return the features that are too many, of those that an attacker showed before and shows now."""
    numbers = Counter([key[0] for key in shown])
    numbers.update([key[0] for key in before if key not in shown])
    excess = set[Key]()
    for kind in [kind for kind, number in numbers.items() if number > KINDS[kind].kept]:
        names = {key for key in chain(before, shown) if key[0] == kind}
        excess.update(sorted(names)[KINDS[kind].kept :])
    return excess


def _span(times: Collection[Times]) -> Times:
    return min(first for first, _ in times), max(last for _, last in times)


def _within(times: Times, wider: Times) -> bool:
    return wider[0] <= times[0] and times[1] <= wider[1]


def _days(times: Times) -> Times:
    return times[0] // DAY_NS, times[1] // DAY_NS


def gathered(snapshot: Connection, found: Iterable[BriefRow], payloads: Payloads) -> Intake:
    """Return the evidence of events, computed; it is to be written if nothing else was since the snapshot."""
    intake = Intake()
    intake.add(found, payloads)
    intake.compute(snapshot)
    return intake
