# SPDX-License-Identifier: MIT
"""The evidence as rows: what a batch adds to it, and how it is read.

Everything is merged by rules whose result does not depend on order: the least and greatest of times, the minima of
sketches, and of the features of a kind that an attacker shows, those with the least digests. So an attacker that
shows a million different ones has as many rows as one that shows eight, and two that show the same keep the same.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias
from uuid import NAMESPACE_OID, UUID, uuid5

from sqlalchemy import Column, Connection, Table, bindparam, case, delete, func, select, update
from sqlalchemy.dialects.sqlite import Insert

from decnet_models.database.rows.keyed_rows import rows_among, rows_at
from decnet_models.database.rows.row_insert import RowInsert
from decnet_models.database.statements import among, existing, insert_into, parts
from decnet_models.grouping.values import Times
from decnet_models.identities.tables import IDENTITIES, identity_attacker, identity_pending, identity_sketch

Key = tuple[str, str]
"""Kind and digest of a feature."""

ATTACKER, TIMES = "", "times"
"""What is pending besides features: an attacker whose evidence changed, and one whose times did."""

_NAMESPACE = uuid5(NAMESPACE_OID, "decnet.identity")

_evidence, _feature = IDENTITIES.evidence, IDENTITIES.feature


class EvidenceRow(NamedTuple):
    """An attacker shows a feature."""

    kind: str
    digest: str
    attacker: str
    first_seen: int
    last_seen: int


EvidenceValues: TypeAlias = tuple[str, str, str, int, int]
"""Those of an `EvidenceRow`, which takes four times as long to make."""


class FeatureRow(NamedTuple):
    """A feature, or what a batch adds to it: `attackers` more (or less) that show it."""

    kind: str
    digest: str
    value: str
    attackers: int
    first_seen: int
    last_seen: int


class SketchRow(NamedTuple):
    """The sketch of a set that an attacker showed, with the times of the events."""

    attacker: str
    kind: str
    minima: bytes
    first_seen: int
    last_seen: int


class AttackerRow(NamedTuple):
    """An attacker with the times of its events."""

    attacker: str
    first_seen: int
    last_seen: int


def own_id(attacker: str) -> UUID:
    """Return the id of the identity whose first member is the attacker."""
    return uuid5(_NAMESPACE, attacker)


def evidence_of(connection: Connection, attackers: Collection[str]) -> dict[str, dict[Key, Times]]:
    """Return what attackers show, and when."""
    found: dict[str, dict[Key, Times]] = {}
    names = ["kind", "digest", "first_seen", "last_seen"]
    for attacker, kind, name, first, last in rows_among(connection, _evidence, "attacker", names, attackers):
        found.setdefault(attacker, {})[kind, name] = (first, last)
    return found


def holders_of(connection: Connection, key: Key, limit: int) -> list[str]:
    """Return the first attackers, in the order of their names, that show a feature."""
    c = _evidence.c
    query = select(c.attacker).where(c.kind == key[0], c.digest == key[1]).order_by(c.attacker).limit(limit)
    return list(connection.execute(query).scalars())


def holders_of_all(connection: Connection, keys: Iterable[Key]) -> dict[Key, list[str]]:
    """Return all attackers that show each of some features, in the order of their names."""
    found: dict[Key, list[str]] = {}
    for kind, name, attacker in rows_at(connection, _evidence, ("kind", "digest"), ["attacker"], keys):
        found.setdefault((kind, name), []).append(attacker)
    return {key: sorted(attackers) for key, attackers in found.items()}


def times_of(connection: Connection, attackers: Collection[str]) -> dict[str, Times]:
    """Return the times of those of the attackers that are known."""
    found = rows_among(connection, identity_attacker, "attacker", ["first_seen", "last_seen"], attackers)
    return {attacker: (first, last) for attacker, first, last in found}


def sketches_of(connection: Connection, attackers: Collection[str]) -> dict[tuple[str, str], SketchRow]:
    """Return the sketches of attackers' sets, by attacker and kind."""
    found = rows_among(connection, identity_sketch, "attacker", SketchRow._fields[1:], attackers)
    return {(row[0], row[1]): SketchRow(*row) for row in found}


def features_at(connection: Connection, keys: Iterable[Key]) -> list[FeatureRow]:
    """Return those of the features that there are."""
    names = ["value", "subjects", "first_seen", "last_seen"]
    return [FeatureRow(*row) for row in rows_at(connection, _feature, ("kind", "digest"), names, keys)]


def correct_spans(connection: Connection, keys: Iterable[Key]) -> None:
    """Set when features that somebody shows were first and last seen from the evidence that there is of them."""
    values = [{"of": kind, "name": name} for kind, name in keys]
    if not values:
        return
    c, shown = _feature.c, _evidence.c
    of = (shown.kind == bindparam("of")) & (shown.digest == bindparam("name"))
    times = {
        "first_seen": select(func.min(shown.first_seen)).where(of).scalar_subquery(),
        "last_seen": select(func.max(shown.last_seen)).where(of).scalar_subquery(),
    }
    one = (c.kind == bindparam("of")) & (c.digest == bindparam("name"))
    connection.execute(update(_feature).where(one).values(**times), values)


def write_evidence(connection: Connection, rows: Sequence[EvidenceValues]) -> None:
    """Write evidence, or widen its times."""
    _WRITE_EVIDENCE.execute(connection, rows)


def drop_evidence(connection: Connection, rows: Iterable[EvidenceRow]) -> None:
    c = _evidence.c
    gone = [{"of": row.kind, "name": row.digest, "who": row.attacker} for row in rows]
    if gone:
        one = (c.kind == bindparam("of")) & (c.digest == bindparam("name")) & (c.attacker == bindparam("who"))
        connection.execute(delete(_evidence).where(one), gone)


def forget(connection: Connection, attackers: Collection[str]) -> None:
    """Take all evidence from attackers: what they showed joins nobody any more, and each is an identity alone."""
    shown = evidence_of(connection, attackers)
    gone = [EvidenceRow(*key, one, *times) for one, found in shown.items() for key, times in found.items()]
    fewer: dict[Key, FeatureRow] = {}
    for row in gone:
        key = (row.kind, row.digest)
        before = fewer[key].attackers if key in fewer else 0
        fewer[key] = FeatureRow(*key, "", before - 1, row.first_seen, row.last_seen)
    drop_evidence(connection, gone)
    add_to_features(connection, [fewer[key] for key in sorted(fewer)])
    correct_spans(connection, [(row.kind, row.digest) for row in features_at(connection, fewer)])
    connection.execute(delete(identity_sketch).where(among(connection, identity_sketch.c.attacker, sorted(attackers))))
    add_pending(connection, {(ATTACKER, one) for one in attackers} | set(fewer))


def add_to_features(connection: Connection, rows: Sequence[FeatureRow]) -> None:
    """Add to features, and forget those that nobody shows any more."""
    fewer = [row for row in rows if row.attackers < 0]
    _WRITE_FEATURE.execute(connection, [row._replace(attackers=0) if row.attackers < 0 else row for row in rows])
    if not fewer:
        return
    c = _feature.c
    one = (c.kind == bindparam("of")) & (c.digest == bindparam("name"))
    values = [{"of": row.kind, "name": row.digest, "less": row.attackers} for row in fewer]
    connection.execute(update(_feature).where(one).values(subjects=c.subjects + bindparam("less")), values)
    gone = [{"of": row.kind, "name": row.digest} for row in fewer]
    connection.execute(delete(_feature).where(one, c.subjects == 0), gone)


def write_attackers(connection: Connection, rows: Sequence[AttackerRow]) -> None:
    """Write attackers, new ones as alone, or widen their times."""
    values = [(row.attacker, own_id(row.attacker), row.first_seen, row.last_seen, f"@{row.attacker}") for row in rows]
    _WRITE_ATTACKER.execute(connection, values)


def write_sketches(connection: Connection, rows: Sequence[SketchRow]) -> None:
    _WRITE_SKETCH.execute(connection, rows)


def add_pending(connection: Connection, rows: Collection[tuple[str, str]]) -> None:
    """Note what has changed, by kind and name."""
    _WRITE_PENDING.execute(connection, sorted(rows))


def add_features_pending(connection: Connection, kind: str, attackers: tuple[int, int]) -> None:
    """Note that features of a kind, which between so many attackers show, are to be weighed again."""
    c = _feature.c
    some = select(c.kind, c.digest).where(c.kind == kind, c.subjects.between(*attackers))
    insert = insert_into(connection, identity_pending).from_select(["kind", "name"], some)
    connection.execute(insert.on_conflict_do_nothing())


def pending(connection: Connection, limit: int, share: float = 0.0) -> list[tuple[str, str]]:
    """Return what has changed, up to `limit`: features, and then attackers in their order.

    Of more attackers a `share` is passed over, and comes last.
    """
    c = identity_pending.c
    query = select(c.kind, c.name).order_by(c.kind.desc(), c.name)
    found = [(row.kind, row.name) for row in connection.execute(query.where(c.kind > ATTACKER).limit(limit))]
    if (room := limit - len(found)) > 0:
        attackers = query.where(c.kind == ATTACKER)
        rows = [*connection.execute(attackers.limit(room))]
        if share and len(rows) == room:  # else these are all
            number = connection.execute(select(func.count()).where(c.kind == ATTACKER)).scalar_one()
            passed = int(share * number) if number > room else 0
            later = [*connection.execute(attackers.offset(passed).limit(room))]
            rows = later + rows[: min(passed, room - len(later))]
        found += [(row.kind, row.name) for row in rows]
    return found


def pending_of(connection: Connection, some: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return those of some attackers and features, by kind and name, that have changed."""
    return existing(connection, (identity_pending.c.kind, identity_pending.c.name), some)


def count_pending(connection: Connection, limit: int) -> int:
    """Return how much has changed, at most `limit`."""
    some = select(identity_pending.c.name).limit(limit).subquery()
    return connection.execute(select(func.count()).select_from(some)).scalar_one()


def remove_pending(connection: Connection, rows: Collection[tuple[str, str]]) -> None:
    c = identity_pending.c
    for kind in {kind for kind, _ in rows}:
        for part in parts(name for of, name in rows if of == kind):
            connection.execute(delete(identity_pending).where(c.kind == kind, c.name.in_(part)))


def _earlier(statement: Insert, column: Column[int]) -> Any:
    new = statement.excluded[column.name]
    return case((new < column, new), else_=column)


def _later(statement: Insert, column: Column[int]) -> Any:
    new = statement.excluded[column.name]
    return case((new > column, new), else_=column)


def _widening(table: Table, keys: Sequence[str], *also: str) -> Any:
    """Return what makes the INSERT that adds the columns `also` and widens the times of a row that is there."""

    def make(connection: Connection) -> Any:
        statement: Any = insert_into(connection, table)
        values = {
            "first_seen": _earlier(statement, table.c.first_seen),
            "last_seen": _later(statement, table.c.last_seen),
        }
        values |= {name: table.c[name] + statement.excluded[name] for name in also}
        return statement.on_conflict_do_update(index_elements=list(keys), set_=values)

    return make


def _replacing(table: Table, keys: Sequence[str], *names: str) -> Any:
    def make(connection: Connection) -> Any:
        statement = insert_into(connection, table)
        values = {name: statement.excluded[name] for name in names}
        if not values:
            return statement.on_conflict_do_nothing(index_elements=list(keys))
        return statement.on_conflict_do_update(index_elements=list(keys), set_=values)

    return make


_WRITE_EVIDENCE = RowInsert(_evidence, EvidenceRow._fields, _widening(_evidence, ("kind", "digest", "attacker")))
_WRITE_FEATURE = RowInsert(
    _feature,
    ("kind", "digest", "value", "subjects", "first_seen", "last_seen"),
    _widening(_feature, ("kind", "digest"), "subjects"),
)
_WRITE_ATTACKER = RowInsert(
    identity_attacker,
    ("attacker", "own", "first_seen", "last_seen", "bond"),
    _widening(identity_attacker, ("attacker",)),
)
_WRITE_SKETCH = RowInsert(
    identity_sketch,
    SketchRow._fields,
    _replacing(identity_sketch, ("attacker", "kind"), "minima", "first_seen", "last_seen"),
)
_WRITE_PENDING = RowInsert(identity_pending, ("kind", "name"), _replacing(identity_pending, ("kind", "name")))
