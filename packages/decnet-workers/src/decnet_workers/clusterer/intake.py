# SPDX-License-Identifier: MIT
"""Adds the evidence of a batch of events to the tables, and notes what is to be computed again."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import chain

from sqlalchemy import Connection

from decnet_core.events.catalogue import Probed
from decnet_core.net.addresses import canonical
from decnet_core.text import for_column
from decnet_core.timing.durations import DAY_NS
from decnet_models.events.queries import StoredEvent
from decnet_models.grouping.values import digest
from decnet_models.identities import evidence_rows as rows
from decnet_models.identities.evidence_rows import AttackerRow, EvidenceRow, FeatureRow, SketchRow, Times
from decnet_workers.clusterer import sketches
from decnet_workers.clusterer.kinds import KINDS, SET_OF, rarity_changes
from decnet_workers.clusterer.signals import of_address, signals
from decnet_workers.commodity.limits import Key

POPULATION: Key = ("attacker", "")
"""The feature that everybody shows: its number of attackers is that of all."""

_SPAN_READ = 1_000
"""A feature of more attackers joins nobody, if its kind ages."""


def population(connection: Connection) -> int:
    """Return the number of attackers."""
    found = rows.features_at(connection, [POPULATION])
    return found[0].attackers if found else 0


class _Shown:
    """What an attacker shows in a batch, with the times of the events."""

    __slots__ = ("features", "sets", "times")

    def __init__(self, times: Times) -> None:
        self.times = times
        self.features: dict[Key, Times] = {}
        self.sets: dict[str, tuple[set[str], Times]] = {}
        """By kind of set, its members."""

    def add(self, key: Key, value: str, times: Times) -> None:
        """Add a feature, also to the set of those of its kind."""
        self.features[key] = _widened(self.features.get(key), times)
        if (of := SET_OF.get(key[0])) is not None:
            members, before = self.sets.get(of, (set[str](), times))
            members.add(value)
            self.sets[of] = members, _widened(before, times)


class Intake:
    """The evidence of a batch."""

    def __init__(self) -> None:
        self._shown: dict[str, _Shown] = {}
        self._values: dict[Key, str] = {}
        self._added: dict[Key, tuple[int, Times]] = {}
        self._written: list[EvidenceRow] = []
        self._dropped: list[EvidenceRow] = []
        self._pending: set[tuple[str, str]] = set()

    def add(self, stored: StoredEvent) -> None:
        """Add an event; one without an attacker's address is evidence of nobody."""
        event, payload = stored.event, stored.event.payload
        attacker = canonical(event.src_ip or "")
        if attacker is None:
            return
        repeats = getattr(payload, "repeats", None)
        times = (event.ts, event.ts if repeats is None else max(event.ts, repeats.last_ts))
        if isinstance(payload, Probed):
            times = (payload.contact, payload.contact)
        shown = self._shown.get(attacker)
        if shown is None:
            shown = self._shown[attacker] = _Shown(times)
        shown.times = _widened(shown.times, times)
        for key, value in signals(payload):
            self._values.setdefault(key, value)
            shown.add(key, value, times)

    def write(self, connection: Connection) -> None:
        """Add it to the tables."""
        for attacker, shown in self._shown.items():
            for key, value in of_address(attacker):
                self._values[key] = value
                shown.add(key, value, shown.times)
        before = rows.evidence_of(connection, self._shown)
        self._unite_sets(connection, before)
        for attacker, shown in self._shown.items():
            self._merge(attacker, before.get(attacker, {}), shown.features)
        new = self._write_attackers(connection)
        rows.write_evidence(connection, self._written)
        rows.drop_evidence(connection, self._dropped)
        self._count_population(connection, new)
        rows.add_to_features(connection, [self._feature(key) for key in sorted(self._added)])
        self._correct_spans(connection)
        rows.add_pending(connection, self._pending)

    def _unite_sets(self, connection: Connection, before: Mapping[str, dict[Key, Times]]) -> None:
        """Merge the sketches with those that are there; the bands of the union replace those of before."""
        old = rows.sketches_of(connection, [attacker for attacker, shown in self._shown.items() if shown.sets])
        changed = []
        for attacker, shown in self._shown.items():
            for kind, (members, times) in shown.sets.items():
                known = old.get((attacker, kind))
                row = _united(known, attacker, kind, members, times)
                if row != known:
                    changed.append(row)
                    self._replace_bands(row, before.get(attacker, {}), shown.features)
        rows.write_sketches(connection, sorted(changed))

    def _replace_bands(self, row: SketchRow, before: dict[Key, Times], shown: dict[Key, Times]) -> None:
        bands = _bands(row.kind, row.minima)
        for key, value in bands:
            self._values.setdefault(key, value)
            shown[key] = (row.first_seen, row.last_seen)
        wanted = {key for key, _ in bands}
        for key in [key for key in before if key[0] == row.kind and key not in wanted]:
            self._drop(row.attacker, key, before.pop(key))

    def _merge(self, attacker: str, before: dict[Key, Times], shown: dict[Key, Times]) -> None:
        """Write what is new of an attacker; of a kind of which there is too much, the least digests are kept."""
        excess = set[Key]()
        for kind in {kind for kind, _ in shown.keys() - before.keys()}:
            names = {key for key in chain(before, shown) if key[0] == kind}
            if len(names) > KINDS[kind].kept:
                excess.update(sorted(names)[KINDS[kind].kept :])
        for key in excess & before.keys():
            self._drop(attacker, key, before[key])
        for key, times in shown.items():
            if key not in excess:
                self._write(attacker, key, before.get(key), times)

    def _write(self, attacker: str, key: Key, old: Times | None, new: Times) -> None:
        if old is None:
            self._pending.add((rows.ATTACKER, attacker))
        else:
            times = _widened(old, new)
            if times == old:
                return
            self._pending.add((rows.TIMES, attacker))  # also within the attacker's own: campaigns go by these times
            if KINDS[key[0]].ages and [ns // DAY_NS for ns in times] != [ns // DAY_NS for ns in old]:
                self._pending.add((rows.ATTACKER, attacker))
        self._written.append(EvidenceRow(*key, attacker, *new))
        self._count(key, new, int(old is None))

    def _drop(self, attacker: str, key: Key, times: Times) -> None:
        self._dropped.append(EvidenceRow(*key, attacker, *times))
        self._count(key, times, -1)
        self._pending |= {(rows.ATTACKER, attacker), key}

    def _count(self, key: Key, times: Times, attackers: int) -> None:
        number, before = self._added.get(key, (0, times))
        self._added[key] = number + attackers, _widened(before, times)

    def _feature(self, key: Key) -> FeatureRow:
        attackers, times = self._added[key]
        return FeatureRow(*key, for_column(self._values.get(key, "")), attackers, *times)

    def _write_attackers(self, connection: Connection) -> int:
        """Write the attackers; return how many are new."""
        known = rows.times_of(connection, self._shown)
        changed = []
        for attacker, shown in sorted(self._shown.items()):
            old = known.get(attacker)
            if old is not None and _widened(old, shown.times) == old:
                continue
            changed.append(AttackerRow(attacker, *shown.times))
            earlier = old is None or shown.times[0] < old[0]
            self._pending.add((rows.ATTACKER if earlier else rows.TIMES, attacker))
        rows.write_attackers(connection, changed)
        return len(self._shown) - len(known)

    def _count_population(self, connection: Connection, new: int) -> None:
        """Count new attackers; when their number has doubled, features that many of them show are rarer."""
        if not new:
            return
        before = population(connection)
        self._added[POPULATION] = new, (0, 0)
        for kind, attackers in rarity_changes(before.bit_length() - 1, (before + new).bit_length() - 1):
            rows.add_features_pending(connection, kind, attackers)

    def _correct_spans(self, connection: Connection) -> None:
        """Take from features the times of those who no longer show them."""
        dropped = {(row.kind, row.digest) for row in self._dropped if KINDS[row.kind].ages}
        for row in rows.features_at(connection, dropped):
            if 0 < row.attackers <= _SPAN_READ:
                key = (row.kind, row.digest)
                rows.set_span(connection, key, rows.span_of(connection, key))


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
        times = _widened((old.first_seen, old.last_seen), times)
    return SketchRow(attacker, kind, sketches.packed(sketches.united(minima)), *times)


def _widened(old: Times | None, new: Times) -> Times:
    if old is None:
        return new
    return min(old[0], new[0]), max(old[1], new[1])


def gathered(events: Iterable[StoredEvent]) -> Intake:
    """Return the evidence of events."""
    intake = Intake()
    for stored in events:
        intake.add(stored)
    return intake
