# SPDX-License-Identifier: MIT
"""One batch of events through the rules: what is tagged, what is counted, what the operator's word forbids.

The result depends on the events in their order and on the tables, never on where a batch begins: windows and caps are
read from the database in the same transaction and kept here only until its end.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection

from decnet_core.events.notices import Notice
from decnet_models.events.queries import StoredEvent
from decnet_models.ttp import queries
from decnet_models.ttp.queries import RuleState, Tag
from decnet_workers.ttp.library import Counting, Library
from decnet_workers.ttp.sigma.correlation import counted
from decnet_workers.ttp.sigma.rule import About
from decnet_workers.ttp.tagging import DAY_NS, counted_values, group_digest, notice_of, tags_of

SWEEP_EVENTS = 4096
"""Windows that ran out are removed at every event whose row number is a multiple of this."""


class Findings:
    """Tags, notices and windows of one batch; `write` puts them into the transaction."""

    def __init__(self, connection: Connection, library: Library) -> None:
        self._connection = connection
        self._library = library
        self._states = queries.rule_states(connection)
        self._capped: dict[tuple[UUID, str, int], int] = {}
        self._windows: dict[queries.WindowKey, tuple[queries.Entries, int]] = {}
        self._tags: list[Tag] = []
        self._notices: dict[str, Notice] = {}

    def look_at(self, stored: StoredEvent) -> None:
        """Match one event of the log; without a source address it is nobody's doing."""
        event = stored.event
        if stored.seq % SWEEP_EVENTS == 0:
            self._sweep(event.ts)
        if event.src_ip is None:
            return
        for rule in self._library.matching(event):
            if self._state(rule.about, event.ts) == "disabled":
                continue
            if rule.about.id not in self._library.silent:
                self._tag(stored, event.src_ip, rule.about)
            for counting in self._library.countings.get(rule.about.id, ()):
                self._count(stored, event.src_ip, counting)

    def write(self) -> list[tuple[str, Notice]]:
        """Write tags and windows; return the notices by their key."""
        queries.add_tags(self._connection, self._tags)
        queries.keep_windows(self._connection, self._windows)
        return list(self._notices.items())

    @property
    def tags(self) -> int:
        """How many tags the batch has."""
        return len(self._tags)

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

    def _count(self, stored: StoredEvent, attacker: str, counting: Counting) -> None:
        event, rule = stored.event, counting.rule
        if self._state(rule.about, event.ts) == "disabled":
            return
        key = (rule.about.id, group_digest(rule.count.group(event)))
        window = self._windows[key][0] if key in self._windows else queries.window(self._connection, key)
        values = counting.field.read(event) if counting.field else None
        fired = False
        for value in counted_values(event, values):
            window, full = counted(window, event.ts, value, rule.count)
            fired = fired or full
        self._windows[key] = (window, rule.count.span_ns)
        if fired:
            self._tag(stored, attacker, rule.about)

    def _sweep(self, ts: int) -> None:
        queries.keep_windows(self._connection, self._windows)
        self._windows.clear()
        queries.drop_windows(self._connection, ts)
