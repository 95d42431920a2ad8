# SPDX-License-Identifier: MIT
"""What the worker asks and writes: the incidents that a batch of notices touches, and those that are due."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Insert,
    Select,
    bindparam,
    case,
    delete,
    func,
    or_,
    select,
    update,
)

from decnet_models.database.rows.row_insert import RowInsert
from decnet_models.database.rows.row_select import RowSelect, listed
from decnet_models.database.statements import insert_into, parts, unindexed
from decnet_models.incidents.tables import (
    incident,
    incident_action,
    incident_current,
    incident_notice,
    incident_value,
)
from decnet_models.incidents.values import (
    ACKNOWLEDGED,
    CLOSED,
    COLUMNS,
    Action,
    Counted,
    Incident,
    incident_of,
    row_of,
)


def current(connection: Connection, subjects: Collection[str]) -> dict[str, int]:
    """Return the number of the last incident of each attacker or identity that has one."""
    return dict(tuple(row) for part in parts(subjects) for row in _CURRENT_OF.rows(connection, subjects=part))


_CURRENT_OF = RowSelect(
    lambda connection: select(incident_current.c.subject, incident_current.c.incident).where(
        listed(connection, incident_current.c.subject, "subjects")
    )
)


def make_current(connection: Connection, incidents: Mapping[str, int]) -> None:
    """Set the last incidents of attackers and identities."""
    _CURRENT.execute(connection, list(incidents.items()))


def fetch(connection: Connection, numbers: Collection[int]) -> dict[int, Incident]:
    """Return the incidents of these numbers that nobody has closed and that are not merged into others."""
    return {one.id: one for part in parts(numbers) for one in map(incident_of, _FETCH.rows(connection, numbers=part))}


def _fetch(connection: Connection) -> Select[Any]:
    closed = select(incident_action.c.incident).where(
        incident_action.c.incident == incident.c.id, incident_action.c.verb == CLOSED
    )
    whole = unindexed(connection, incident.c.merged_into).is_(None)  # else SQLite walks all that are not merged
    query = select(incident).where(whole, ~closed.exists())
    return query.where(listed(connection, incident.c.id, "numbers"))


_FETCH = RowSelect(_fetch)


def read(connection: Connection, numbers: Collection[int]) -> dict[int, Incident]:
    """Return the incidents of these numbers, whatever became of them."""
    query = select(incident)
    return {one.id: one for part in parts(numbers) for one in _read(connection, query.where(incident.c.id.in_(part)))}


def last_number(connection: Connection) -> int:
    ((number,),) = _LAST.rows(connection)
    return number or 0


_LAST = RowSelect(lambda _: select(func.max(incident.c.id)))


def save(connection: Connection, incidents: Iterable[Incident]) -> None:
    """Write incidents, new ones and old ones."""
    _SAVE.execute(connection, [row_of(one) for one in incidents])


def add_values(connection: Connection, counted: Iterable[tuple[int, Counted]]) -> None:
    """Add to what is counted of incidents, named by their numbers."""
    rows = [(n, one.field, one.value, one.notices, one.first_seen, one.last_seen) for n, one in counted]
    _ADD_VALUE.execute(connection, rows)


def link(connection: Connection, belonging: Sequence[tuple[int, int]]) -> None:
    """Record that notices, the first number of each pair, belong to incidents, the second."""
    _LINK.execute(connection, belonging)


def move(connection: Connection, source: int, target: int) -> None:
    """Give what belongs to one incident to another."""
    n, v, current_ = incident_notice, incident_value, incident_current
    connection.execute(update(current_).where(current_.c.incident == source).values(incident=target))
    connection.execute(update(n).where(n.c.incident == source).values(incident=target))
    moved = list(connection.execute(select(v).where(v.c.incident == source)))
    connection.execute(delete(v).where(v.c.incident == source))
    add_values(connection, [(target, Counted(*row[1:])) for row in moved])


def first_due(connection: Connection) -> int | None:
    """Return when the next incident is due, by itself or in a digest."""
    (firsts,) = _FIRST_DUE.rows(connection)
    return min((at for at in firsts if at is not None), default=None)


def _first_due(_: Connection) -> Select[Any]:
    first = func.min(incident.c.due_at)
    return select(*(select(first).where(incident.c.held == held).scalar_subquery() for held in (0, 1)))


_FIRST_DUE = RowSelect(_first_due)


def due(connection: Connection, now_ns: int, limit: int) -> list[Incident]:
    """Return up to `limit` incidents that are due and not held for a digest, longest due first."""
    return [incident_of(row) for row in _DUE.rows(connection, now=now_ns, limit=limit)]


def _due(_: Connection) -> Select[Any]:
    query = select(incident).where(incident.c.due_at <= bindparam("now"), incident.c.held == 0)
    return query.order_by(incident.c.due_at).limit(bindparam("limit"))


_DUE = RowSelect(_due)


def states(connection: Connection, numbers: Collection[int]) -> dict[int, str]:
    """Return the states of those of the incidents that somebody acknowledged or closed."""
    return dict(_STATES.rows(connection, numbers=list(numbers))) if numbers else {}


def _states(connection: Connection) -> Select[Any]:
    a = incident_action.c
    # of the two words the one that ends more is the later one in the alphabet, too
    decided = or_(a.verb == ACKNOWLEDGED, a.verb == CLOSED)
    return (
        select(a.incident, func.max(a.verb))
        .where(decided, listed(connection, a.incident, "numbers"))
        .group_by(a.incident)
    )


_STATES = RowSelect(_states)


def actions_after(connection: Connection, seq: int, limit: int) -> list[Action]:
    """Return up to `limit` actions after `seq`, oldest first."""
    return [Action(*row) for row in _ACTIONS_AFTER.rows(connection, after=seq, limit=limit)]


def _actions_after(_: Connection) -> Select[Any]:
    query = select(incident_action).where(incident_action.c.seq > bindparam("after"))
    return query.order_by(incident_action.c.seq).limit(bindparam("limit"))


_ACTIONS_AFTER = RowSelect(_actions_after)


class Held(NamedTuple):
    """What a digest tells: incidents that were held for it, by severity, and since when."""

    severities: dict[int, int]
    since: int


def hold(connection: Connection, severity: int, now_ns: int, until_ns: int) -> int:
    """Hold what is due of a severity for the digest at `until_ns`; return the number of incidents."""
    c = incident.c
    statement = update(incident).where(c.due_at <= now_ns, c.held == 0, c.severity == severity)
    return connection.execute(statement.values(held=1, due_at=until_ns)).rowcount


def held(connection: Connection, now_ns: int) -> Held:
    """Return what the digest that is due now has to tell."""
    rows = _HELD.rows(connection, now=now_ns)
    return Held({row[0]: row[1] for row in rows}, min((row[2] for row in rows), default=now_ns))


def _held(_: Connection) -> Select[Any]:
    query = select(incident.c.severity, func.count(), func.min(incident.c.touched_at))
    return query.where(*_of_digest(bindparam("now"))).group_by(incident.c.severity)


def worst_held(connection: Connection, now_ns: int, limit: int) -> list[Incident]:
    """Return the most severe of them."""
    query = select(incident).where(*_of_digest(now_ns))
    return _read(connection, query.order_by(incident.c.severity.desc(), incident.c.score.desc()).limit(limit))


def mark_told(connection: Connection, now_ns: int) -> None:
    """Record that the digest has told of them; each is due again when more of its notices come."""
    c = incident.c
    values = {
        "held": 0,
        "due_at": None,
        "notified_at": now_ns,
        "notified_severity": c.severity,
        "notified_notices": c.notices,
        "notifications": c.notifications + 1,
    }
    connection.execute(update(incident).where(*_of_digest(now_ns)).values(**values))


def values_of(connection: Connection, numbers: Collection[int], fields: Collection[str], limit: int) -> list[Counted]:
    """Return up to `limit` values of a few incidents, those of most notices first."""
    v = incident_value.c
    query = select(v.field, v.value, v.notices, v.first_seen, v.last_seen)
    query = query.where(v.incident.in_(sorted(numbers)), v.field.in_(sorted(fields)))
    return [Counted(*row) for row in connection.execute(query.order_by(v.notices.desc(), v.value).limit(limit))]


def told_between(connection: Connection, since_ns: int, until_ns: int, below: int) -> dict[int, int]:
    """Return the number of incidents less severe than `below` that were told of last in a span of time, by severity."""
    c = incident.c
    query = select(c.severity, func.count()).where(*_told(since_ns, until_ns, below)).group_by(c.severity)
    return {row[0]: row[1] for row in connection.execute(query)}


def worst_told_between(connection: Connection, since_ns: int, until_ns: int, below: int, limit: int) -> list[Incident]:
    """Return the most severe of them."""
    query = select(incident).where(*_told(since_ns, until_ns, below))
    return _read(connection, query.order_by(incident.c.severity.desc(), incident.c.score.desc()).limit(limit))


def correct_future_times(connection: Connection, now_ns: int, longest_ns: int) -> int:
    """Make due what a clock that was ahead has put off for longer than anything may be; return the number."""
    late = update(incident).where(incident.c.held.in_((0, 1)), incident.c.due_at > now_ns + longest_ns)
    return connection.execute(late.values(due_at=now_ns)).rowcount


def _of_digest(now_ns: int | BindParameter[int]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return incident.c.due_at <= now_ns, incident.c.held == 1


def _told(since_ns: int, until_ns: int, below: int) -> tuple[ColumnElement[bool], ...]:
    c = incident.c
    return c.notified_at >= since_ns, c.notified_at < until_ns, c.severity < below, c.merged_into.is_(None)


def _read(connection: Connection, query: Select[Any]) -> list[Incident]:
    return [incident_of(row) for row in connection.execute(query)]


def _saving(connection: Connection) -> Insert:
    statement = insert_into(connection, incident)
    changed = {name: statement.excluded[name] for name in COLUMNS if name != "id"}
    return statement.on_conflict_do_update(index_elements=["id"], set_=changed)


def _adding(connection: Connection) -> Insert:
    statement = insert_into(connection, incident_value)
    new, old = statement.excluded, incident_value.c
    changed = {
        "notices": old.notices + new.notices,
        "first_seen": case((new.first_seen < old.first_seen, new.first_seen), else_=old.first_seen),
        "last_seen": case((new.last_seen > old.last_seen, new.last_seen), else_=old.last_seen),
    }
    return statement.on_conflict_do_update(index_elements=["incident", "field", "value"], set_=changed)


def _setting_current(connection: Connection) -> Insert:
    statement = insert_into(connection, incident_current)
    changed = {"incident": statement.excluded.incident}
    return statement.on_conflict_do_update(index_elements=["subject"], set_=changed)


_HELD = RowSelect(_held)
_SAVE = RowInsert(incident, COLUMNS, _saving)
_ADD_VALUE = RowInsert(incident_value, [column.name for column in incident_value.columns], _adding)
_CURRENT = RowInsert(incident_current, ("subject", "incident"), _setting_current)
_LINK = RowInsert(incident_notice, ("notice", "incident"))
