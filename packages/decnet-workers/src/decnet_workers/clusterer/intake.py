# SPDX-License-Identifier: MIT
"""Adds the evidence of a batch of events to the tables, and notes what is to be computed again."""

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection

from decnet_core.events.catalogue import Probed
from decnet_core.net.addresses import canonical
from decnet_core.text import for_column
from decnet_models.events.queries import StoredEvent
from decnet_models.grouping.values import digest
from decnet_models.identities import evidence_rows as rows
from decnet_models.identities.evidence_rows import AttackerRow, EvidenceRow, FeatureRow, SketchRow
from decnet_workers.clusterer import sketches
from decnet_workers.clusterer.kinds import DAY, KINDS, Kind
from decnet_workers.clusterer.signals import Signal, of_address, signals
from decnet_workers.commodity.limits import Key

POPULATION: Key = ("attacker", "")
"""The feature that everybody shows: its number of attackers is that of all."""

_SPAN_READ = 1_000
"""A feature of more attackers joins nobody, if its kind ages."""

Times = tuple[int, int]


def population(connection: Connection) -> int:
    """Return the number of attackers."""
    found = rows.features_at(connection, [POPULATION])
    return found[0].attackers if found else 0


class Intake:
    """The evidence of a batch."""

    def __init__(self) -> None:
        self._attackers: dict[str, Times] = {}
        self._shown: dict[str, dict[Key, EvidenceRow]] = {}
        self._sets: dict[tuple[str, str], SketchRow] = {}
        self._values: dict[Key, str] = {}
        self._added: dict[Key, FeatureRow] = {}
        self._written: list[EvidenceRow] = []
        self._dropped: list[EvidenceRow] = []
        self._pending: set[tuple[str, str]] = set()

    def add(self, stored: StoredEvent) -> None:
        """Add an event; one without an attacker's address is evidence of nobody."""
        event = stored.event
        attacker = canonical(event.src_ip or "")
        if attacker is None:
            return
        repeats = getattr(event.payload, "repeats", None)
        times = (event.ts, event.ts if repeats is None else max(event.ts, repeats.last_ts))
        if isinstance(event.payload, Probed):
            times = (event.payload.contact, event.payload.contact)
        self._attackers[attacker] = _widened(self._attackers.get(attacker), times)
        for signal in (*signals(event.payload), *of_address(attacker)):
            self._add_signal(attacker, signal, times)

    def _add_signal(self, attacker: str, signal: Signal, times: Times) -> None:
        if signal.in_set:
            old = self._sets.get((attacker, signal.kind))
            new = SketchRow(attacker, signal.kind, sketches.packed(sketches.sketch(signal.value)), *times)
            self._sets[attacker, signal.kind] = _united(old, new)
            return
        key = (signal.kind, digest(signal.value))
        self._values.setdefault(key, signal.value)
        _show(self._shown.setdefault(attacker, {}), EvidenceRow(*key, attacker, *times))

    def write(self, connection: Connection) -> None:
        """Write the evidence on the connection."""
        before = self._before(connection)
        self._unite_sets(connection, before)
        for attacker, shown in self._shown.items():
            self._merge(before.get(attacker, {}), shown)
        new = self._write_attackers(connection)
        rows.write_evidence(connection, self._written)
        rows.drop_evidence(connection, self._dropped)
        self._count_population(connection, new)
        rows.add_to_features(connection, [self._added[key] for key in sorted(self._added)])
        self._correct_spans(connection)
        rows.add_pending(connection, self._pending)

    def _before(self, connection: Connection) -> dict[str, dict[Key, EvidenceRow]]:
        before: dict[str, dict[Key, EvidenceRow]] = {}
        for row in rows.evidence_of(connection, sorted(self._attackers)):
            before.setdefault(row.attacker, {})[row.kind, row.digest] = row
        return before

    def _unite_sets(self, connection: Connection, before: dict[str, dict[Key, EvidenceRow]]) -> None:
        """Merge the sketches with those that are there; the bands of the union replace those of before."""
        old = rows.sketches_of(connection, {attacker for attacker, _ in self._sets})
        united = {key: _united(old.get(key), row) for key, row in self._sets.items()}
        rows.write_sketches(connection, [united[key] for key in sorted(united)])
        for (attacker, kind), row in united.items():
            shown = self._shown.setdefault(attacker, {})
            wanted = dict(_bands(KINDS[kind], row))
            for key, value in wanted.items():
                self._values.setdefault(key, value)
                shown[key] = EvidenceRow(*key, attacker, row.first_seen, row.last_seen)
            for key, gone in list(before.get(attacker, {}).items()):
                if key[0] == kind and key not in wanted:
                    self._drop(gone)
                    del before[attacker][key]

    def _merge(self, before: dict[Key, EvidenceRow], shown: dict[Key, EvidenceRow]) -> None:
        by_kind: dict[str, list[str]] = {}
        for kind, name in before.keys() | shown.keys():
            by_kind.setdefault(kind, []).append(name)
        for kind, names in by_kind.items():
            for place, name in enumerate(sorted(names)):
                key = (kind, name)
                if place >= KINDS[kind].kept:
                    if key in before:
                        self._drop(before[key])
                elif key in shown:
                    self._write(before.get(key), shown[key])

    def _write(self, old: EvidenceRow | None, new: EvidenceRow) -> None:
        first, last = _widened(old and (old.first_seen, old.last_seen), (new.first_seen, new.last_seen))
        if old is not None and (old.first_seen, old.last_seen) == (first, last):
            return
        self._written.append(new)
        self._count(new, int(old is None))
        days = (first // DAY, last // DAY)
        if old is None or (KINDS[new.kind].ages and days != (old.first_seen // DAY, old.last_seen // DAY)):
            self._pending.add((rows.ATTACKER, new.attacker))

    def _drop(self, row: EvidenceRow) -> None:
        self._dropped.append(row)
        self._count(row, -1)
        self._pending |= {(rows.ATTACKER, row.attacker), (row.kind, row.digest)}

    def _count(self, row: EvidenceRow, attackers: int) -> None:
        key = (row.kind, row.digest)
        old = self._added.get(key)
        first, last = _widened(old and (old.first_seen, old.last_seen), (row.first_seen, row.last_seen))
        value = for_column(self._values.get(key, ""))
        self._added[key] = FeatureRow(*key, value, attackers + (old.attackers if old else 0), first, last)

    def _write_attackers(self, connection: Connection) -> int:
        """Write the attackers; return how many are new."""
        known = rows.times_of(connection, self._attackers.keys())
        for attacker, times in self._attackers.items():
            old = known.get(attacker)
            if old is None or times[0] < old.first_seen:
                self._pending.add((rows.ATTACKER, attacker))
            elif times[1] > old.last_seen:
                self._pending.add((rows.TIMES, attacker))
        rows.write_attackers(
            connection, [AttackerRow(attacker, *times) for attacker, times in sorted(self._attackers.items())]
        )
        return len(self._attackers) - len(known)

    def _count_population(self, connection: Connection, new: int) -> None:
        """Count new attackers; when their number has doubled, what is rare is another."""
        if not new:
            return
        before = population(connection)
        self._added[POPULATION] = FeatureRow(*POPULATION, "", new, 0, 0)
        if before and before.bit_length() != (before + new).bit_length():
            rows.add_all_pending(connection)

    def _correct_spans(self, connection: Connection) -> None:
        """Take from features the times of those who no longer show them."""
        dropped = {(row.kind, row.digest) for row in self._dropped if KINDS[row.kind].ages}
        for row in rows.features_at(connection, dropped):
            if 0 < row.attackers <= _SPAN_READ:
                key = (row.kind, row.digest)
                rows.set_span(connection, key, rows.span_of(connection, key))


def _bands(kind: Kind, row: SketchRow) -> Iterator[tuple[Key, str]]:
    minima = sketches.unpacked(row.minima)
    if sketches.size(minima) >= kind.least - 0.5:
        for band in sketches.bands(minima):
            yield (kind.name, digest(band)), band


def _show(shown: dict[Key, EvidenceRow], row: EvidenceRow) -> None:
    key = (row.kind, row.digest)
    old = shown.get(key)
    if old is not None:
        row = row._replace(first_seen=min(old.first_seen, row.first_seen), last_seen=max(old.last_seen, row.last_seen))
    shown[key] = row


def _united(old: SketchRow | None, new: SketchRow) -> SketchRow:
    if old is None:
        return new
    minima = sketches.united([sketches.unpacked(old.minima), sketches.unpacked(new.minima)])
    first, last = _widened((old.first_seen, old.last_seen), (new.first_seen, new.last_seen))
    return SketchRow(new.attacker, new.kind, sketches.packed(minima), first, last)


def _widened(old: Times | None, new: Times) -> Times:
    return new if old is None else (min(old[0], new[0]), max(old[1], new[1]))


def gathered(events: Iterable[StoredEvent]) -> Intake:
    """Return the evidence of events."""
    intake = Intake()
    for stored in events:
        intake.add(stored)
    return intake
