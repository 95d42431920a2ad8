# SPDX-License-Identifier: MIT
"""Which identities have changed since a position: in their own tables, in findings of techniques, or by decisions.

There are three cursors: the revision of the identities, the event up to which findings of techniques were looked at,
and the version of the operator's decisions. Findings are read only as far as ttp has handled all events.
"""

import time
from uuid import UUID

import msgspec
from sqlalchemy import Connection, func, select

from decnet_models.errors import CursorMovedError
from decnet_models.events.queries import last_seq
from decnet_models.grouping.membership import changed, groups_of
from decnet_models.identities.tables import IDENTITIES
from decnet_models.progress.queries import advance_cursor, begin_cursor, cursor_of
from decnet_models.ttp.tables import ttp_tag
from decnet_workers.campaign_clusterer import decided

IDENTITIES_AT_ONCE = 4_000
"""The more, the less often those are looked at again who share a feature of which several parts change the number."""
TAGS_AT_ONCE = 80_000
"""The more, the less often an identity is read again that has findings in several shares."""
MOST_HANDLED = 30_000
"""Identities that are remembered, 3 MiB."""


class Position(msgspec.Struct, frozen=True):
    """Where the three cursors are."""

    revision: int
    tags: int
    decisions: int


class Pending(msgspec.Struct, frozen=True):
    """Identities to look at, those to look at in any case, and the position after them."""

    start: Position
    end: Position
    touched: frozenset[UUID]
    again: frozenset[UUID]
    full: bool
    """Whether there may be more."""
    behind: bool
    """Whether clusterer or ttp have events before them, whose results will come."""
    state: tuple[int, ...]
    """Grows when clusterer or ttp have written anything."""

    @property
    def found(self) -> int:
        return len(self.touched)


class Handled:
    """The identities that were looked at since clusterer and ttp have written last: nothing of theirs is new.

    Of a backlog, most are touched many times, in their own tables and in several shares of the findings.
    """

    def __init__(self) -> None:
        self._state: tuple[Position, tuple[int, ...]] | None = None
        self._identities: set[UUID] = set()

    def rest(self, work: Pending) -> frozenset[UUID]:
        """Return the touched identities that are to be looked at."""
        if (work.start, work.state) != self._state:
            self._identities.clear()
        return (work.touched - self._identities) | work.again

    def note(self, work: Pending) -> None:
        """Note that the cursors have passed these."""
        self._state = (work.end, work.state)
        if len(self._identities) > MOST_HANDLED:
            self._identities.clear()
        self._identities |= work.touched


def begin(connection: Connection, worker: str) -> None:
    for name in _names(worker):
        begin_cursor(connection, name, now_ns=time.time_ns())


def pending(connection: Connection, worker: str, at_once: int = IDENTITIES_AT_ONCE) -> Pending:
    """Return what has changed: up to so many identities, or those and the ones of a share of the findings.

    While there are more identities, findings wait: most are of these, and are read with them (`Handled`).
    """
    start = Position(*(cursor_of(connection, name) for name in _names(worker)))
    groups = changed(connection, IDENTITIES, start.revision, at_once)
    if len(groups) == at_once:
        attackers, tags, full = set[str](), start.tags, True
    else:
        attackers, tags, full = _tagged(connection, start.tags, TAGS_AT_ONCE * at_once // IDENTITIES_AT_ONCE)
    touched = {group.id for group in groups} | set(groups_of(connection, IDENTITIES, attackers).values())
    version = decided.version(connection)
    again = decided.ever_named(connection) if version != start.decisions else set()
    end = Position(groups[-1].revision if groups else start.revision, tags, version)
    return Pending(start, end, frozenset(touched | again), frozenset(again), full, *_progress(connection))


def advance(connection: Connection, worker: str, work: Pending) -> None:
    """Move the cursors; CursorMovedError when another instance has."""
    for name, start, end in zip(
        _names(worker), msgspec.structs.astuple(work.start), msgspec.structs.astuple(work.end), strict=True
    ):
        if not advance_cursor(connection, name, start, end, now_ns=time.time_ns()):
            raise CursorMovedError(f"the cursor of {name} is no longer at {start}")


def _names(worker: str) -> tuple[str, str, str]:
    return worker, f"{worker}.tags", f"{worker}.decisions"


def _tagged(connection: Connection, after: int, limit: int) -> tuple[set[str], int, bool]:
    """Return attackers with findings after an event, the event up to which these are, and whether there may be more."""
    c, through = ttp_tag.c, cursor_of(connection, "ttp")
    new = (c.seq > after, c.seq <= through)
    end = connection.execute(select(c.seq).where(*new).order_by(c.seq).offset(limit - 1).limit(1)).scalar()
    if end is None:
        return _with_findings(connection, after, through), max(after, through), False
    # of the last event there may be more
    whole = connection.execute(select(func.max(c.seq)).where(c.seq > after, c.seq < end)).scalar() or end
    return _with_findings(connection, after, whole), whole, True


def _with_findings(connection: Connection, after: int, through: int) -> set[str]:
    """Return the attackers with findings after an event, up to another."""
    c = ttp_tag.c
    query = select(c.attacker).where(c.seq > after, c.seq <= through).distinct()
    return set(connection.execute(query).scalars())


def _progress(connection: Connection) -> tuple[bool, tuple[int, ...]]:
    """Return whether clusterer or ttp have events before them, and how far they and the identities are."""
    cursors = [cursor_of(connection, name) for name in ("clusterer", "ttp")]
    revision = connection.execute(select(func.max(IDENTITIES.group.c.revision))).scalar_one() or 0
    return min(cursors) < last_seq(connection), (*cursors, revision)
