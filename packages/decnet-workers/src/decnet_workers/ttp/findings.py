# SPDX-License-Identifier: MIT
"""Applies the rules to one batch of events: tags, counts, and the operator's overrides.

The result depends on the events in their order and on the tables, never on batch boundaries. Windows and caps are read
before the transaction that writes (nobody else writes these tables), and kept here only until its end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from operator import attrgetter
from uuid import UUID

import msgspec
from sqlalchemy import Connection

from decnet_core.events.catalogue import Payload
from decnet_core.events.envelope import Event
from decnet_core.events.notices import Notice
from decnet_core.timing.durations import DAY_NS
from decnet_models.database.engine import end_snapshot
from decnet_models.events.queries import StoredEvent
from decnet_models.ttp import correlation_windows, queries, rule_states
from decnet_models.ttp.queries import TagRow
from decnet_models.ttp.rule_states import RuleState
from decnet_workers.ttp.library import Library
from decnet_workers.ttp.matching import Bound, Counting
from decnet_workers.ttp.sigma.correlation import Count, chained, counted
from decnet_workers.ttp.sigma.rule import About
from decnet_workers.ttp.tagging import (
    counted_events,
    counted_values,
    group_digest,
    notice_key,
    notice_of,
    occasion_of,
    tags_of,
)

SWEEP_EVENTS = 4096
"""At every event whose row number is a multiple of this, the expired windows of one part of the slots are removed."""
SWEEP_PARTS = 64
"""The parts take turns. So no index by time is needed, which each change of a window would change, too."""

SLOT_BITS = 18
"""A correlation has at most 2**18 windows, however many groups attackers make up: some 30 MB of the database.

A group's digest says which is its own; of two groups with the same, the one that was counted last has it.
"""

Key = tuple[int, str]
"""The number of a correlation, and the slot of a window."""


class Window(msgspec.Struct, gc=False):
    """What a correlation has counted in one slot, and of which group: its digest."""

    rule_id: UUID
    count: Count
    entries: correlation_windows.Entries = ()
    owner: str | None = None
    changed: bool = False


class Place(msgspec.Struct, frozen=True, gc=False):
    """The window in which an event counts for a correlation, and those in which it counts when that one fires."""

    counting: Counting
    window: Window
    group: str
    """The digest of the group that the event is of."""
    outer: tuple[Place, ...]


Variants = tuple[tuple[Event, int], ...]


class Found(msgspec.Struct, frozen=True, gc=False):
    """A rule that an event satisfies, and the windows in which it counts."""

    bound: Bound
    places: tuple[Place, ...]
    variants: Variants = ()
    """What of an event that stands for several satisfies it, each with how often it happened; else nothing."""

    def payload(self, event: Event) -> Payload:
        """Return what of the event satisfied the rule."""
        return self.variants[0][0].payload if self.variants else event.payload


class FoundByGroup(msgspec.Struct, frozen=True):
    """What is found of events that satisfy the same rules, by what they are grouped by."""

    group: Callable[[Event], object]
    found: dict[object, Sequence[Found]] = {}


class Findings:
    """Tags, notices and windows of one batch.

    `look_at` reads from the connection, `prepared` returns what stores them in another.
    """

    def __init__(self, connection: Connection, library: Library) -> None:
        self._connection = connection
        self._library = library
        self._states: dict[UUID, RuleState] = {}
        self._capped: dict[tuple[UUID, str, int], int] = {}
        self._windows: dict[Key, Window] = {}
        self._by_rules: dict[tuple[int, ...], FoundByGroup | None] = {}
        """By the rules that an event satisfies; None: in which windows it counts depends on more than the envelope."""
        self._last = self._occasion = -1, ""
        self._swept: dict[int, int] = {}
        """By part of the slots: when windows that are removed had expired at the latest."""
        self._tags: list[TagRow] = []
        self._satisfied: dict[int, Sequence[Bound]] = {}
        """By the id of a payload, of those whose rules read nothing else."""
        self._notices: dict[str, Notice] = {}

    def look_at(self, events: Sequence[StoredEvent]) -> None:
        """Match events in log order; one without a source address is skipped."""
        matched = [self._matched(stored.event) for stored in events]
        self._satisfied.clear()  # an id is that of a payload as long as there is the payload
        self._states = rule_states.rule_states(self._connection)
        self._fetch_windows()
        end_snapshot(self._connection)
        for stored, found in zip(events, matched, strict=True):
            if stored.seq % SWEEP_EVENTS == 0:
                self._sweep(stored.seq // SWEEP_EVENTS % SWEEP_PARTS, stored.event.ts)
            if found and stored.event.src_ip is not None:
                self._found(stored, stored.event.src_ip, found)

    def prepared(self) -> Callable[[Connection], None]:
        """Return what writes tags and windows; all that needs no transaction is done here."""
        tags = queries.prepared(self._connection, self._tags)
        changed = [
            (one.rule_id, slot, _stored(one.entries, one.owner), one.count.span_ns)
            for (_, slot), one in self._windows.items()
            if one.changed
        ]
        windows = correlation_windows.prepared(self._connection, changed)

        def write(connection: Connection) -> None:
            tags(connection)
            for part, ts in self._swept.items():
                correlation_windows.delete_windows(connection, ts, *slots_of(part))
            windows(connection)

        return write

    @property
    def notices(self) -> list[tuple[str, Notice]]:
        """The notices by their key."""
        return list(self._notices.items())

    @property
    def tags(self) -> int:
        return len(self._tags)

    def _matched(self, event: Event) -> Sequence[Found]:
        payload = event.payload
        bounds = self._satisfied.get(id(payload))
        if bounds is None:
            if payload.occurrences > 1:
                matches = self._library.matching(event)
                return [self._found_of(event, match.bound, match.variants) for match in matches]
            bounds = self._library.satisfied(event)
            if type(payload) not in self._library.of_envelope:
                self._satisfied[id(payload)] = bounds
        if not bounds:
            return ()
        rules = tuple(map(id, bounds))
        if rules not in self._by_rules:
            self._by_rules[rules] = self._grouped(bounds)
        known = self._by_rules[rules]
        if known is None:
            return [self._found_of(event, bound) for bound in bounds]
        group = known.group(event)
        found = known.found.get(group)
        if found is None:
            found = known.found[group] = [self._found_of(event, bound) for bound in bounds]
        return found

    def _grouped(self, bounds: Iterable[Bound]) -> FoundByGroup | None:
        """Return where to note what is found of events that satisfy the rules, None if it is not to be noted."""
        names = set[str]()
        countings = [counting for bound in bounds for counting in bound.countings]
        while countings:
            counting = countings.pop()
            if counting.by is None:
                return None
            names.add(counting.by)
            countings += self._library.outer[counting.number]
        return FoundByGroup(attrgetter(*sorted(names)) if names else _alike)

    def _found_of(self, event: Event, bound: Bound, variants: Variants = ()) -> Found:
        return Found(bound, self._places(event, bound.countings) if bound.countings else (), variants)

    def _places(self, event: Event, countings: Sequence[Counting]) -> tuple[Place, ...]:
        """Return the windows in which a match may count, each noted for `_fetch_windows`."""
        places = [self._place(event, counting) for counting in countings]
        return tuple([place for place in places if place is not None])

    def _place(self, event: Event, counting: Counting) -> Place | None:
        """Return the window in which a match may count, None for an event that is of no group."""
        group = counting.group(event)
        if group is None:
            return None
        digest = group_digest(group)
        key = (counting.number, slot_of(digest))
        window = self._windows.get(key)
        if window is None:
            window = self._windows[key] = Window(counting.rule.about.id, counting.rule.count)
        outer = self._library.outer[counting.number]
        return Place(counting, window, digest, self._places(event, outer) if outer else ())

    def _fetch_windows(self) -> None:
        """Read all windows that the events may count in with one query."""
        wanted = list(self._windows.values())
        keys = [(window.rule_id, slot) for (_, slot), window in self._windows.items()]
        for window, entries in zip(wanted, correlation_windows.windows(self._connection, keys), strict=True):
            if entries:
                window.owner, window.entries = _owned(entries)

    def _found(self, stored: StoredEvent, attacker: str, found: Sequence[Found]) -> None:
        counted: list[tuple[Place, Found]] = []
        of_sequence = False
        for one in found:
            bound = one.bound
            if self._states and self._state(bound.rule.about, stored.event.ts) == "disabled":
                continue
            if not bound.silent:
                self._tag(stored, attacker, bound.rule.about, one.payload(stored.event))
            for place in one.places:
                counted.append((place, one))
                of_sequence = of_sequence or place.counting.position > 0
        if of_sequence:  # the last rule of a sequence first: one event must not be two steps of it
            counted.sort(key=_last_first)
        for place, one in counted:
            self._count(stored, attacker, place, one)

    def _tag(self, stored: StoredEvent, attacker: str, about: About, payload: Payload) -> None:
        if (
            self._states
            and self._state(about, stored.event.ts) != "enabled"
            and not self._permitted(stored, attacker, about)
        ):
            return
        if self._occasion[0] != stored.seq:  # many events have several tags
            self._occasion = stored.seq, occasion_of(stored.event)
        self._tags += tags_of(stored, attacker, about)
        for technique in about.techniques:
            key = notice_key(about, attacker, technique, self._occasion[1])
            if key not in self._notices:
                self._notices[key] = notice_of(stored, attacker, about, technique, payload)

    def _state(self, about: About, ts: int) -> rule_states.State:
        state = self._states.get(about.id) if self._states else None  # a UUID takes long as a key
        return "enabled" if state is None else state.at(ts)

    def _permitted(self, stored: StoredEvent, attacker: str, about: About) -> bool:
        """Return whether a capped rule may tag one more event of this attacker on the event's UTC day."""
        state: RuleState = self._states[about.id]
        assert state.cap is not None  # no other state is asked about, and `set_rule_state` sees to it
        day = stored.event.ts // DAY_NS
        key = (about.id, attacker, day)
        if key not in self._capped:
            since, until = day * DAY_NS, (day + 1) * DAY_NS
            self._capped[key] = queries.tagged_events(self._connection, about.id, attacker, since, until)
        if self._capped[key] >= state.cap:
            return False
        self._capped[key] += 1
        return True

    def _count(self, stored: StoredEvent, attacker: str, place: Place, found: Found | None) -> None:
        """Count an event that a rule or, without one, another correlation found."""
        event, counting = stored.event, place.counting
        about, count = counting.rule.about, counting.rule.count
        if self._states and self._state(about, event.ts) == "disabled":
            return
        ts, window, fired = event.ts, place.window, False
        if window.owner != place.group:
            window.changed = window.changed or bool(window.entries)
            window.owner, window.entries = place.group, ()
        entries = window.entries
        if count.kind == "temporal_ordered":
            entries, fired = chained(entries, ts, counting.position, count)
        else:
            for value in self._values(stored, counting, found):
                entries, full = counted(entries, ts, value, count)
                fired = fired or full
        if entries is not window.entries:
            window.entries, window.changed = entries, True
        if fired:
            if about.id not in self._library.silent:
                self._tag(stored, attacker, about, event.payload if found is None else found.payload(event))
            for outer in sorted(place.outer, key=_position):
                self._count(stored, attacker, outer, None)

    def _values(self, stored: StoredEvent, counting: Counting, found: Found | None) -> list[str]:
        """Return what a correlation counts of an event: the rule, values of its field, or the events it stands for."""
        field = counting.field
        variants = found.variants if found is not None else ()
        if field is not None:
            many = [value for one, _ in variants for value in field.read(one)] if variants else field.read(stored.event)
            return counted_values(many)
        count = counting.rule.count
        if count.kind == "temporal":
            return [str(counting.position)]
        if not variants or (len(variants) == 1 and variants[0][1] == 1):  # nearly always, and for several correlations
            if self._last[0] != stored.seq:
                self._last = stored.seq, counted_events(stored.event, 1, count.least)[0]
            return [self._last[1]]
        return counted_events(stored.event, sum([number for _, number in variants]), count.least)

    def _sweep(self, part: int, ts: int) -> None:
        """Remove the windows of a part that expired before `ts`: here now, in the table with the next write."""
        self._swept[part] = max(ts, self._swept.get(part, 0))
        first, end = slots_of(part)
        for (_, slot), window in self._windows.items():
            if first <= slot < end and window.entries and window.entries[-1][0] + window.count.span_ns < ts:
                window.entries = ()


def slots_of(part: int) -> tuple[str, str]:
    """Return the first slot of a part of them, and the one after its last."""
    size = 2**SLOT_BITS // SWEEP_PARTS
    return f"{part * size:05x}", f"{(part + 1) * size:05x}"


@lru_cache(maxsize=4096)
def slot_of(digest: str) -> str:
    """Return the slot of the window of a group."""
    return f"{int(digest, 16) >> (64 - SLOT_BITS):05x}"


def _stored(entries: correlation_windows.Entries, owner: str | None) -> correlation_windows.Entries:
    """Return entries with the digest of their group before the first value, as the table keeps them."""
    if not entries:
        return entries
    (ts, value), *rest = entries
    return ((ts, f"{owner}|{value}"), *rest)


def _owned(stored: correlation_windows.Entries) -> tuple[str, correlation_windows.Entries]:
    """Return the digest of the group and the entries of a row."""
    (ts, text), *rest = stored
    owner, _, value = text.partition("|")
    return owner, ((ts, value), *rest)


def _alike(_: Event) -> None:
    """Return the one group of events that are not counted."""


def _position(place: Place) -> int:
    return -place.counting.position


def _last_first(counted: tuple[Place, Found]) -> int:
    return _position(counted[0])
