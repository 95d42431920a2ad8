# SPDX-License-Identifier: MIT
"""What operators ask about incidents, and what they do with them."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, insert, or_, select

from decnet_core.text import for_column
from decnet_models.database.rows.keyset import Direction
from decnet_models.database.rows.page_select import PageSelect
from decnet_models.database.rows.row_select import as_uuid, listed
from decnet_models.database.statements import commit_in_order, unindexed
from decnet_models.database.window import Window
from decnet_models.incidents.keeping import states, values_of
from decnet_models.incidents.tables import incident, incident_action, incident_notice, incident_value
from decnet_models.incidents.values import (
    ACKNOWLEDGED,
    CLOSED,
    COLUMNS,
    FIELDS,
    NEW,
    NOTE,
    Action,
    Counted,
    Incident,
    incident_of,
)

MAX_NOTE = 4096
"""Characters."""

_STATE = func.coalesce(
    select(func.max(incident_action.c.verb))
    .where(
        incident_action.c.incident == incident.c.id,
        or_(incident_action.c.verb == ACKNOWLEDGED, incident_action.c.verb == CLOSED),
    )
    .correlate(incident)
    .scalar_subquery(),
    NEW,
)
_NAMED = ("attacker", "decky", "technique", "token")
_NUMBER, _IDENTITY = COLUMNS.index("id"), COLUMNS.index("identity")


def _concerning(field: str) -> ColumnElement[bool]:
    v = incident_value.c
    return incident.c.id.in_(select(v.incident).where(v.field == field, v.value == bindparam(field)))


_I = incident.c
_PAGE = PageSelect(
    lambda connection: select(incident).where(unindexed(connection, _I.merged_into).is_(None)),  # which most are
    (_I.last_seen, _I.id),
    {
        "severity": _I.severity >= bindparam("severity"),
        "score": _I.score >= bindparam("score"),
        "since": _I.last_seen >= bindparam("since"),
        "until": _I.first_seen < bindparam("until"),
        "states": lambda connection: listed(connection, _STATE, "states"),
        **{field: _concerning(field) for field in _NAMED},
    },
)


class Listed(msgspec.Struct, frozen=True):
    """An incident with its state."""

    incident: Incident
    state: str


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which incidents; None and empty: any."""

    states: tuple[str, ...] = ()
    least_severity: int = 1
    least_score: int = 0
    window: Window | None = None
    """Those of which an event was in that time, by the times of the first and the last one."""
    attacker: str | None = None
    decky: str | None = None
    technique: str | None = None
    token: str | None = None


def incidents(
    connection: Connection,
    limit: int = 100,
    selection: Selection | None = None,
    *,
    before: tuple[int, int] | None = None,
    direction: Direction = "desc",
) -> list[Listed]:
    """Return up to `limit` incidents, by default those with the latest events first; merged ones are in their targets.

    Page on with `before` = when the last one was last seen, and its number.
    """
    return [listed_of(row) for row in incident_rows(connection, limit, selection, before=before, direction=direction)]


def incident_rows(
    connection: Connection,
    limit: int = 100,
    selection: Selection | None = None,
    *,
    before: tuple[int, int] | None = None,
    direction: Direction = "desc",
) -> list[tuple[Any, ...]]:
    """Return what `incidents` does as rows, which `listed_of` reads."""
    asked = selection or Selection()
    times = {} if asked.window is None else {"since": asked.window.since, "until": asked.window.until}
    rows = _PAGE.rows(
        connection,
        limit,
        after=before,
        direction=direction,
        severity=asked.least_severity if asked.least_severity > 1 else None,
        score=asked.least_score or None,
        states=list(asked.states) or None,
        **{field: getattr(asked, field) for field in _NAMED},
        **times,
    )
    decided = states(connection, [row[_NUMBER] for row in rows])
    return [(*row, decided.get(row[_NUMBER], NEW)) for row in rows]


def listed_of(row: Sequence[Any]) -> Listed:
    """Return the incident of a row, whose identity may be a text (`RowSelect`)."""
    *values, state = row
    values[_IDENTITY] = None if values[_IDENTITY] is None else as_uuid(values[_IDENTITY])
    return Listed(incident_of(values), state)


def count_open(connection: Connection) -> dict[int, int]:
    """Return the number of incidents that nobody has closed, by severity: all without those that somebody has."""
    i, a = incident.c, incident_action.c
    query = select(i.severity, func.count(i.id.distinct())).where(i.merged_into.is_(None))
    closed = query.join(incident_action, and_(a.incident == i.id, a.verb == CLOSED))
    found = Counter[int]()
    for sign, one in ((1, query), (-1, closed)):
        for severity, number in connection.execute(one.group_by(i.severity)).all():
            found[severity] += sign * number
    return dict(+found)


def find(connection: Connection, number: int) -> Listed | None:
    """Return an incident; of one that was merged, the incident that has its notices now."""
    seen = set()
    while number not in seen:
        seen.add(number)
        row = connection.execute(select(incident).where(incident.c.id == number)).one_or_none()
        if row is None:
            return None
        if row.merged_into is None:
            return Listed(incident_of(row), states(connection, [number]).get(number, NEW))
        number = row.merged_into
    return None


def merged(connection: Connection, number: int) -> list[int]:
    """Return the numbers of the incidents that were merged into one."""
    query = select(incident.c.id).where(incident.c.merged_into == number).order_by(incident.c.id)
    return list(connection.execute(query).scalars())


def values(connection: Connection, number: int, limit: int = 100) -> list[Counted]:
    """Return what an incident is about: its addresses, deckies, services, techniques and tokens."""
    return values_of(connection, [number], FIELDS, limit)


def notice_numbers(connection: Connection, number: int, limit: int = 1000) -> list[int]:
    """Return up to `limit` numbers of the notices of an incident, oldest first."""
    n = incident_notice.c
    query = select(n.notice).where(n.incident == number).order_by(n.notice).limit(limit)
    return list(connection.execute(query).scalars())


def actions(connection: Connection, numbers: Collection[int]) -> list[Action]:
    """Return what operators did with a few incidents, oldest first."""
    a = incident_action
    query = select(a).where(a.c.incident.in_(sorted(numbers))).order_by(a.c.seq)
    return [Action(*row) for row in connection.execute(query)]


def act(connection: Connection, number: int, verb: str, who: str, note: str = "", *, now_ns: int) -> Action | None:
    """Acknowledge or close an incident, or add a note; return the earlier action that makes this one needless.

    That is of the same verb, or a closing where one acknowledges. Of two operators at once one waits for the other.
    """
    commit_in_order(connection, incident_action)  # the worker follows these with a cursor
    a = incident_action
    if verb != NOTE:
        ends = (CLOSED,) if verb == CLOSED else (ACKNOWLEDGED, CLOSED)
        earlier = select(a).where(a.c.incident == number, a.c.verb.in_(ends)).order_by(a.c.seq.desc()).limit(1)
        if (row := connection.execute(earlier).one_or_none()) is not None:
            return Action(*row)
    values = {"incident": number, "verb": verb, "who": for_column(who, 255), "note": for_column(note, MAX_NOTE)}
    connection.execute(insert(a).values(**values, created_at=now_ns))
    return None
