# SPDX-License-Identifier: MIT
"""The worst verdict on each indicator, and the order in which these change; enrich writes, profiler follows.

A verdict outlives the findings that it rests on: one that no longer holds is asked again when its attacker returns,
and until then what was last known counts. So verdicts depend on the findings alone, not on when somebody looks.
"""

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, bindparam, delete, func, select

from decnet_models.database.rows.row_select import RowSelect, listed
from decnet_models.database.statements import insert_into
from decnet_models.intel.queries import Summary, Verdict, summaries
from decnet_models.intel.tables import intel_verdict

_NOTHING = Summary("unknown", ())


class VerdictChange(msgspec.Struct, frozen=True):
    """A verdict that became another one, and why."""

    indicator: str
    before: Verdict
    now: Summary


def judge(connection: Connection, indicators: Iterable[str], *, now_ns: int) -> list[VerdictChange]:
    """Make the verdicts what the findings say; return those that changed. The caller is the only writer."""
    asked = sorted(set(indicators))
    before, now = verdicts(connection, asked), summaries(connection, asked, now_ns=None)
    changes = [
        VerdictChange(one, before.get(one, "unknown"), summary)
        for one in asked
        if (summary := now.get(one, _NOTHING)).verdict != before.get(one, "unknown")
    ]
    if changes:
        _record(connection, changes, now_ns)
    return changes


def verdicts(connection: Connection, indicators: Iterable[str]) -> dict[str, Verdict]:
    """Return the verdict on those of `indicators` that ever had one."""
    asked = list(indicators)
    return dict(map(tuple, _VERDICTS_ON.rows(connection, indicators=asked))) if asked else {}


def _verdicts_on(connection: Connection) -> Select[tuple[str, str]]:
    c = intel_verdict.c
    return select(c.indicator, c.verdict).where(listed(connection, c.indicator, "indicators"))


_VERDICTS_ON = RowSelect(_verdicts_on)


def judged_of(connection: Connection, indicator: str) -> tuple[Verdict, int] | None:
    """Return the verdict on an indicator and since when it is that (ns), None for one that never had any."""
    c = intel_verdict.c
    row = connection.execute(select(c.verdict, c.since).where(c.indicator == indicator)).one_or_none()
    return None if row is None else (row.verdict, row.since)


def changes_after(connection: Connection, change: int, limit: int) -> list[tuple[int, str, Verdict]]:
    """Return number, indicator and verdict of up to `limit` changes after `change`; of each indicator the last one."""
    return [(row[0], row[1], row[2]) for row in _CHANGES_AFTER.rows(connection, after=change, limit=limit)]


def _changes_after(_: Connection) -> Select[Any]:
    c = intel_verdict.c
    query = select(c.change, c.indicator, c.verdict).where(c.change > bindparam("after"))
    return query.order_by(c.change).limit(bindparam("limit"))


_CHANGES_AFTER = RowSelect(_changes_after)


def forget_unjudged(connection: Connection, before: int, limit: int) -> int:
    """Delete up to `limit` verdicts that are unknown since before a time, which says as much; return how many."""
    c = intel_verdict.c
    old = select(c.indicator).where(c.verdict == "unknown", c.since < before).order_by(c.since).limit(limit)
    return connection.execute(delete(intel_verdict).where(c.indicator.in_(old))).rowcount


def _record(connection: Connection, changes: list[VerdictChange], now_ns: int) -> None:
    last = connection.execute(select(func.max(intel_verdict.c.change))).scalar() or 0
    insert = insert_into(connection, intel_verdict)
    names = ("verdict", "since", "change")
    statement = insert.on_conflict_do_update(
        index_elements=["indicator"], set_={name: insert.excluded[name] for name in names}
    )
    rows = [
        {"indicator": one.indicator, "verdict": one.now.verdict, "since": now_ns, "change": last + place}
        for place, one in enumerate(changes, 1)
    ]
    connection.execute(statement, rows)
