# SPDX-License-Identifier: MIT
"""Applies the rules to one batch of events: tags, counts, and the operator's overrides.

The result depends on the events in their order and on the tables, never on batch boundaries. Windows and caps are read
before the transaction that writes (nobody else writes these tables), and kept here only until its end.
"""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

import msgspec
from sqlalchemy import Connection

from decnet_core.events.envelope import Event
from decnet_core.events.notices import Notice
from decnet_models.events.queries import StoredEvent
from decnet_models.ttp import queries
from decnet_models.ttp.queries import RuleState, Tag
from decnet_workers.ttp.library import Counting, Library, Match
from decnet_workers.ttp.sigma.correlation import Count, counted
from decnet_workers.ttp.sigma.rule import About
from decnet_workers.ttp.tagging import (
    DAY_NS,
    counted_events,
    counted_values,
    group_digest,
    notice_key,
    notice_of,
    occasion_of,
    tags_of,
)

SWEEP_EVENTS = 4096
"""Expired windows are removed at every event whose row number is a multiple of this."""

Key = tuple[int, str]
"""The number of a correlation, and the digest of one group."""


class Found(msgspec.Struct, frozen=True):
    """A match of an event, and the windows in which it counts."""

    match: Match
    windows: tuple[tuple[Counting, Key], ...]


class Findings:
    """Tags, notices and windows of one batch; `look_at` reads from the connection, `write` stores them in another."""

    def __init__(self, connection: Connection, library: Library) -> None:
        self._connection = connection
        self._library = library
        self._states: dict[UUID, RuleState] = {}
        self._capped: dict[tuple[UUID, str, int], int] = {}
        self._windows: dict[Key, queries.Entries] = {}
        self._counts: dict[int, tuple[UUID, Count]] = {}
        self._counted: set[Key] = set()
        self._swept = 0
        self._tags: list[Tag] = []
        self._notices: dict[str, Notice] = {}

    def look_at(self, events: Sequence[StoredEvent]) -> None:
        """Match events in log order; one without a source address is skipped."""
        matched = [(stored, self._matched(stored.event)) for stored in events]
        self._states = queries.rule_states(self._connection)
        self._fetch_windows()
        for stored, found in matched:
            if stored.seq % SWEEP_EVENTS == 0:
                self._sweep(stored.event.ts)
            if stored.event.src_ip is not None:
                for one in found:
                    self._found(stored, stored.event.src_ip, one)

    def write(self, connection: Connection) -> list[tuple[str, Notice]]:
        """Write tags and windows; return the notices by their key."""
        queries.add_tags(connection, self._tags)
        if self._swept:
            queries.delete_windows(connection, self._swept)
        windows = {}
        for key in self._counted:
            rule_id, count = self._counts[key[0]]
            windows[rule_id, key[1]] = self._windows[key], count.span_ns
        queries.save_windows(connection, windows)
        return list(self._notices.items())

    @property
    def tags(self) -> int:
        return len(self._tags)

    def _matched(self, event: Event) -> list[Found]:
        return [Found(match, self._windows_of(event, match)) for match in self._library.matching(event)]

    def _windows_of(self, event: Event, match: Match) -> tuple[tuple[Counting, Key], ...]:
        """Return the windows in which a match counts, each noted for `_fetch_windows`."""
        windows = []
        for counting in match.bound.countings:
            rule = counting.rule
            key = (counting.number, group_digest(rule.count.group(event)))
            self._windows[key] = ()
            self._counts[counting.number] = rule.about.id, rule.count
            windows.append((counting, key))
        return tuple(windows)

    def _fetch_windows(self) -> None:
        """Read all windows that the events may count in with one query per correlation rule."""
        wanted: defaultdict[int, list[str]] = defaultdict(list)
        for number, digest in self._windows:
            wanted[number].append(digest)
        for number, digests in wanted.items():
            windows = queries.windows(self._connection, self._counts[number][0], digests)
            for digest, entries in windows.items():
                self._windows[number, digest] = entries

    def _found(self, stored: StoredEvent, attacker: str, found: Found) -> None:
        bound = found.match.bound
        about = bound.rule.about
        if self._state(about, stored.event.ts) == "disabled":
            return
        if not bound.silent:
            self._tag(stored, attacker, about)
        for counting, key in found.windows:
            self._count(stored, attacker, counting, key, found.match)

    def _tag(self, stored: StoredEvent, attacker: str, about: About) -> None:
        if self._state(about, stored.event.ts) != "enabled" and not self._permitted(stored, attacker, about):
            return
        occasion = occasion_of(stored.event)
        for tag in tags_of(stored, attacker, about):
            self._tags.append(tag)
            key = notice_key(about, attacker, tag.technique, occasion)
            if key not in self._notices:
                self._notices[key] = notice_of(tag)

    def _state(self, about: About, ts: int) -> queries.State:
        state = self._states.get(about.id) if self._states else None
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

    def _count(self, stored: StoredEvent, attacker: str, counting: Counting, key: Key, match: Match) -> None:
        event, rule = stored.event, counting.rule
        if self._state(rule.about, event.ts) == "disabled":
            return
        window = self._windows[key]
        fired = False
        for value in _counted(event, counting, match):
            window, full = counted(window, event.ts, value, rule.count)
            fired = fired or full
        self._windows[key] = window
        self._counted.add(key)
        if fired:
            self._tag(stored, attacker, rule.about)

    def _sweep(self, ts: int) -> None:
        """Remove the windows that expired before `ts`: here now, in the table with the next write."""
        self._swept = max(ts, self._swept)
        for key, entries in self._windows.items():
            if entries and entries[-1][0] + self._counts[key[0]][1].span_ns < ts:
                self._windows[key] = ()


def _counted(event: Event, counting: Counting, match: Match) -> list[str]:
    """Return what a correlation counts of an event: values of its field, or the events that it stands for."""
    field, variants = counting.field, match.variants
    if field is None:
        return counted_events(event, sum([count for _, count in variants]), counting.rule.count.least)
    return counted_values([value for one, _ in variants for value in field.read(one)])
