# SPDX-License-Identifier: MIT
"""Adds the evidence of a batch of events to the tables, and notes what is to be computed again."""

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import chain

from sqlalchemy import Connection

from decnet_core.events.catalogue import Payload, Probed
from decnet_core.net.addresses import canonical
from decnet_core.text import for_column
from decnet_core.timing.durations import DAY_NS
from decnet_models.events.queries import StoredEvent
from decnet_models.grouping.values import Times, digest, widened
from decnet_models.identities import evidence_rows as rows
from decnet_models.identities.evidence_rows import AttackerRow, EvidenceRow, FeatureRow, SketchRow
from decnet_workers.clusterer import sketches
from decnet_workers.clusterer.kinds import KINDS, SET_OF, rarity_changes, span_changes
from decnet_workers.clusterer.signals import of_address, signals
from decnet_workers.commodity.limits import Key

POPULATION: Key = ("attacker", "")
"""The feature that everybody shows: its number of attackers is that of all."""

LOG: Key = ("log", "")
"""The feature whose times are those of the log."""

_LONGEST_KEPT = 64
_kept_address = lru_cache(maxsize=1024)(canonical)

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

    def sets(self) -> dict[str, tuple[list[Key], Times]]:
        """Return the sets that it shows, by kind: their members and times."""
        found: dict[str, tuple[list[Key], Times]] = {}
        for key, times in self.features.items():
            if (of := SET_OF.get(key[0])) is not None:
                members, before = found.get(of, (list[Key](), times))
                members.append(key)
                found[of] = members, widened(before, times)
        return found


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
        text = event.src_ip or ""
        attacker = _kept_address(text) if len(text) <= _LONGEST_KEPT else canonical(text)
        if attacker is None:
            return
        times = _times(event.ts, payload)
        shown = self._shown.get(attacker)
        if shown is None:
            shown = self._shown[attacker] = _Shown(times)
        elif times != shown.times:
            shown.times = widened(shown.times, times)
        features = shown.features
        for key, value in signals(payload):
            if (old := features.get(key)) is None:
                features[key] = times
                self._values.setdefault(key, value)
            elif times != old:
                features[key] = widened(old, times)

    def write(self, connection: Connection) -> None:
        """Add it to the tables."""
        for attacker, shown in self._shown.items():
            for key, value in of_address(attacker):
                self._values[key] = value
                shown.features[key] = shown.times
        before = rows.evidence_of(connection, self._shown)
        self._unite_sets(connection, before)
        for attacker, shown in self._shown.items():
            self._merge(attacker, before.get(attacker, {}), shown.features)
        new = self._write_attackers(connection)
        rows.write_evidence(connection, self._written)
        rows.drop_evidence(connection, self._dropped)
        self._count_population(connection, new)
        self._widen_log(connection)
        rows.add_to_features(connection, [self._feature(key) for key in sorted(self._added)])
        self._correct_spans(connection)
        computed = {(rows.TIMES, name) for kind, name in self._pending if kind == rows.ATTACKER}
        rows.add_pending(connection, self._pending - computed)  # whoever is computed gets other times, too

    def _unite_sets(self, connection: Connection, before: Mapping[str, dict[Key, Times]]) -> None:
        """Merge the sketches with those that are there; the bands of the union replace those of before."""
        sets = {attacker: found for attacker, shown in self._shown.items() if (found := shown.sets())}
        old = rows.sketches_of(connection, sets)
        changed = []
        for attacker, found in sets.items():
            for kind, (members, times) in found.items():
                known = old.get((attacker, kind))
                row = _united(known, attacker, kind, (self._values[member] for member in members), times)
                if row != known:
                    changed.append(row)
                    self._replace_bands(row, before.get(attacker, {}), self._shown[attacker].features)
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
        known = Counter([kind for kind, _ in before])
        for kind, number in Counter([key[0] for key in shown if key not in before]).items():
            if number + known[kind] > KINDS[kind].kept:
                names = {key for key in chain(before, shown) if key[0] == kind}
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
            times = widened(old, new)
            if times == old:
                return
            self._pending.add((rows.TIMES, attacker))  # also within the attacker's own: campaigns go by these times
            if KINDS[key[0]].dated and [ns // DAY_NS for ns in times] != [ns // DAY_NS for ns in old]:
                self._pending.add((rows.ATTACKER, attacker))
        self._written.append(EvidenceRow(*key, attacker, *new))
        self._count(key, new, int(old is None))

    def _drop(self, attacker: str, key: Key, times: Times) -> None:
        self._dropped.append(EvidenceRow(*key, attacker, *times))
        self._count(key, times, -1)
        self._pending |= {(rows.ATTACKER, attacker), key}

    def _count(self, key: Key, times: Times, attackers: int) -> None:
        number, before = self._added.get(key, (0, times))
        self._added[key] = number + attackers, widened(before, times)

    def _feature(self, key: Key) -> FeatureRow:
        attackers, times = self._added[key]
        return FeatureRow(*key, for_column(self._values.get(key, "")), attackers, *times)

    def _write_attackers(self, connection: Connection) -> int:
        """Write the attackers; return how many are new."""
        known = rows.times_of(connection, self._shown)
        changed = []
        for attacker, shown in sorted(self._shown.items()):
            old = known.get(attacker)
            if old is not None and widened(old, shown.times) == old:
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

    def _widen_log(self, connection: Connection) -> None:
        """Note the times of the log; when it has come to go over twice as many days, what is seen in few is rarer."""
        if not self._shown:
            return
        found = [shown.times for shown in self._shown.values()]
        times = min(first for first, _ in found), max(last for _, last in found)
        known = rows.features_at(connection, [LOG])
        old = (known[0].first_seen, known[0].last_seen) if known else None
        wider = times if old is None else widened(old, times)
        if wider == old:
            return
        self._added[LOG] = int(old is None), wider
        before, after = (_as_power(last // DAY_NS - first // DAY_NS) for first, last in (old or times, wider))
        for kind, attackers in span_changes() if before != after else ():
            rows.add_features_pending(connection, kind, attackers)

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
            if 0 < row.attackers <= max(_SPAN_READ, KINDS[row.kind].cap) and _reaches(dropped[row.kind, row.digest], row)
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


def _times(ts: int, payload: Payload) -> Times:
    """Return from when to when an event says that its attacker was there."""
    if isinstance(payload, Probed):
        return payload.contact, payload.contact
    repeats = getattr(payload, "repeats", None)
    return ts, ts if repeats is None else max(ts, repeats.last_ts)


def gathered(events: Iterable[StoredEvent]) -> Intake:
    """Return the evidence of events."""
    intake = Intake()
    for stored in events:
        intake.add(stored)
    return intake
