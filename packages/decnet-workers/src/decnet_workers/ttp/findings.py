# SPDX-License-Identifier: MIT
"""Applies the rules to one batch of events: tags, counts, and the operator's overrides.

The result depends on the events in their order and on the tables, never on batch boundaries: windows and caps are read
from the database in the same transaction and kept here only until its end.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import Connection

from decnet_core.events.envelope import Event
from decnet_core.events.notices import Notice
from decnet_models.events.queries import StoredEvent
from decnet_models.ttp import queries
from decnet_models.ttp.queries import RuleState, Tag
from decnet_workers.ttp.library import Counting, Library, Match
from decnet_workers.ttp.sigma.correlation import counted
from decnet_workers.ttp.sigma.rule import About
from decnet_workers.ttp.tagging import DAY_NS, counted_events, counted_values, group_digest, notice_of, tags_of

SWEEP_EVENTS = 4096
"""Expired windows are removed at every event whose row number is a multiple of this."""


class Findings:
    """Tags, notices and windows of one batch; `write` stores them in the transaction."""

    def __init__(self, connection: Connection, library: Library) -> None:
        self._connection = connection
        self._library = library
        self._states = queries.rule_states(connection)
        self._capped: dict[tuple[UUID, str, int], int] = {}
        self._windows: dict[queries.WindowKey, tuple[queries.Entries, int]] = {}
        self._counted: set[queries.WindowKey] = set()
        self._tags: list[Tag] = []
        self._notices: dict[str, Notice] = {}

    def look_at(self, events: Sequence[StoredEvent]) -> None:
        """Match events in log order; one without a source address is skipped."""
        matched = [(stored, self._library.matching(stored.event)) for stored in events]
        self._fetch_windows(matched)
        for stored, matches in matched:
            if stored.seq % SWEEP_EVENTS == 0:
                self._sweep(stored.event.ts)
            if stored.event.src_ip is not None:
                for match in matches:
                    self._found(stored, stored.event.src_ip, match)

    def write(self) -> list[tuple[str, Notice]]:
        """Write tags and windows; return the notices by their key."""
        queries.add_tags(self._connection, self._tags)
        queries.save_windows(self._connection, {key: self._windows[key] for key in self._counted})
        return list(self._notices.items())

    @property
    def tags(self) -> int:
        return len(self._tags)

    def _fetch_windows(self, matched: Iterable[tuple[StoredEvent, list[Match]]]) -> None:
        """Read all windows that the events may count in with one query per correlation rule."""
        wanted: defaultdict[UUID, set[str]] = defaultdict(set)
        spans: dict[UUID, int] = {}
        for stored, matches in matched:
            for match in matches:
                for counting in self._library.countings.get(match.rule.about.id, ()):
                    key, digest = self._window_key(stored, counting)
                    wanted[key].add(digest)
                    spans[key] = counting.rule.count.span_ns
        for rule_id, digests in wanted.items():
            windows = queries.windows(self._connection, rule_id, digests)
            for digest in digests:
                self._windows[rule_id, digest] = (windows.get(digest, ()), spans[rule_id])

    def _found(self, stored: StoredEvent, attacker: str, match: Match) -> None:
        about = match.rule.about
        if self._state(about, stored.event.ts) == "disabled":
            return
        if about.id not in self._library.silent:
            self._tag(stored, attacker, about)
        for counting in self._library.countings.get(about.id, ()):
            self._count(stored, attacker, counting, match)

    def _tag(self, stored: StoredEvent, attacker: str, about: About) -> None:
        if self._state(about, stored.event.ts) != "enabled" and not self._permitted(stored, attacker, about):
            return
        for tag in tags_of(stored, attacker, about):
            self._tags.append(tag)
            self._notices.setdefault(*notice_of(tag))

    def _state(self, about: About, ts: int) -> queries.State:
        state = self._states.get(about.id)
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

    def _count(self, stored: StoredEvent, attacker: str, counting: Counting, match: Match) -> None:
        event, rule = stored.event, counting.rule
        if self._state(rule.about, event.ts) == "disabled":
            return
        key = self._window_key(stored, counting)
        window = self._windows[key][0]
        fired = False
        for value in _counted(event, counting, match):
            window, full = counted(window, event.ts, value, rule.count)
            fired = fired or full
        self._windows[key] = (window, rule.count.span_ns)
        self._counted.add(key)
        if fired:
            self._tag(stored, attacker, rule.about)

    def _sweep(self, ts: int) -> None:
        """Remove the windows that expired before `ts`, in the table and here."""
        queries.delete_windows(self._connection, ts)
        for key, (entries, span_ns) in self._windows.items():
            if entries and entries[-1][0] + span_ns < ts:
                self._windows[key] = ((), span_ns)

    @staticmethod
    def _window_key(stored: StoredEvent, counting: Counting) -> queries.WindowKey:
        return counting.rule.about.id, group_digest(counting.rule.count.group(stored.event))


def _counted(event: Event, counting: Counting, match: Match) -> list[str]:
    """Return what a correlation counts of an event: values of its field, or the events that it stands for."""
    if counting.field is None:
        return counted_events(event, sum(count for _, count in match.variants), counting.rule.count.least)
    return counted_values(value for one, _ in match.variants for value in counting.field.read(one))
