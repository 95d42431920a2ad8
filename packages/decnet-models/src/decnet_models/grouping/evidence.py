# SPDX-License-Identifier: MIT
"""The inverted index: the subjects with a feature, and their number, from which its rarity is computed."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, case, func, select, tuple_

from decnet_core.text import for_column
from decnet_models.database.rows.keyed_rows import rows_at
from decnet_models.database.statements import insert_into, parts
from decnet_models.grouping.shape import Grouping
from decnet_models.grouping.values import Common, Evidence, Feature, S, Shared, digest

MAX_VALUE = 4096
"""Characters of a feature's value that are kept; longer ones are distinguished by their digest."""


def add_evidence(connection: Connection, g: Grouping[S], evidence: Iterable[Evidence[S]]) -> dict[Feature, int]:
    """Store features of subjects; return how many subjects have each of them. Repeating it changes nothing."""
    rows: dict[tuple[str, str, Any], Evidence[Any]] = {}
    values: dict[tuple[str, str], str] = {}
    for one in evidence:
        key = (one.kind, digest(one.value), one.subject)
        old = rows.get(key)
        rows[key] = _joined(old, one) if old else one
        values[key[:2]] = one.value
    if not rows:
        return {}
    new = Counter(key[:2] for key in rows.keys() - _known(connection, g, rows.keys()))
    count_features(connection, g, values, new)
    _write_evidence(connection, g, rows)
    counted = _counted(connection, g, values.keys())
    return {(kind, value): counted[kind, key] for (kind, key), value in values.items()}


def count_features(
    connection: Connection, g: Grouping[Any], values: Mapping[tuple[str, str], str], new: Mapping[tuple[str, str], int]
) -> None:
    """Store features, given by kind and digest, and how many more subjects have each of them (0 where omitted)."""
    statement = insert_into(connection, g.feature)
    added = {"subjects": g.feature.c.subjects + statement.excluded.subjects}
    connection.execute(
        statement.on_conflict_do_update(index_elements=["kind", "digest"], set_=added),
        [
            {"kind": kind, "digest": key, "value": for_column(value, MAX_VALUE), "subjects": new.get((kind, key), 0)}
            for (kind, key), value in sorted(values.items())
        ],
    )


def frequencies(connection: Connection, g: Grouping[Any], features: Iterable[Feature]) -> dict[Feature, int]:
    """Return how many subjects have each feature; features without any are omitted."""
    asked = {(kind, digest(value)): (kind, value) for kind, value in features}
    return {asked[key]: number for key, number in _counted(connection, g, asked.keys()).items()}


def evidence_of(connection: Connection, g: Grouping[S], subject: S, limit: int = 1000) -> list[Evidence[S]]:
    """Return the subject's features, by kind and value."""
    c, feature = g.evidence.c, g.feature.c
    same = (feature.kind == c.kind) & (feature.digest == c.digest)
    query = (
        select(c[g.subject], c.kind, feature.value, c.first_seen, c.last_seen)
        .join(g.feature, same)
        .where(c[g.subject] == subject)
        .order_by(c.kind, feature.value)
        .limit(limit)
    )
    return [Evidence(*row) for row in connection.execute(query)]


def shared(connection: Connection, g: Grouping[Any], kind: str, limit: int = 100) -> list[Shared]:
    """Return the features of a kind that most subjects have, among those in several groups: reused credentials."""
    c, feature, member = g.evidence.c, g.feature.c, g.member.c
    common = (
        select(feature.kind, feature.digest, feature.value, feature.subjects)
        .where(feature.kind == kind, feature.subjects > 1)
        .order_by(feature.subjects.desc(), feature.digest)
        .limit(limit)
        .subquery()
    )
    groups = func.count(member[g.key].distinct())
    query = (
        select(common.c.value, common.c.subjects, groups)
        .join(g.evidence, (c.kind == common.c.kind) & (c.digest == common.c.digest))
        .join(g.member, member[g.subject] == c[g.subject])
        .group_by(common.c.digest, common.c.value, common.c.subjects)
        .having(groups > 1)
        .order_by(common.c.subjects.desc(), common.c.digest)
    )
    return [Shared(*row) for row in connection.execute(query)]


def common(connection: Connection, g: Grouping[Any], group: UUID, limit: int = 100) -> list[Common]:
    """Return what at least two members of a group show, first what the fewest others do."""
    e, m, f = g.evidence.c, g.member.c, g.feature.c
    counted = (
        select(e.kind, e.digest, func.count().label("members"))
        .join(g.evidence, e[g.subject] == m[g.subject])
        .where(m[g.key] == group)
        .group_by(e.kind, e.digest)
        .having(func.count() > 1)
        .subquery()
    )
    same = (f.kind == counted.c.kind) & (f.digest == counted.c.digest)
    share = counted.c.members * 1.0 / func.nullif(f.subjects, 0)
    query = select(f.kind, f.value, counted.c.members, f.subjects).select_from(counted.join(g.feature, same))
    ordered = query.order_by(share.desc(), counted.c.members.desc(), f.kind, f.digest).limit(limit)
    return [Common(*row) for row in connection.execute(ordered)]


def _joined(one: Evidence[S], other: Evidence[S]) -> Evidence[S]:
    first, last = min(one.first_seen, other.first_seen), max(one.last_seen, other.last_seen)
    return msgspec.structs.replace(one, first_seen=first, last_seen=last)


def _known(connection: Connection, g: Grouping[Any], keys: Iterable[Any]) -> set[Any]:
    c = g.evidence.c
    key = (c.kind, c.digest, c[g.subject])
    return {
        tuple(row) for part in parts(keys) for row in connection.execute(select(*key).where(tuple_(*key).in_(part)))
    }


def _counted(connection: Connection, g: Grouping[Any], keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    rows = rows_at(connection, g.feature, ("kind", "digest"), ["subjects"], keys)
    return {(kind, key): number for kind, key, number in rows}


def _write_evidence(connection: Connection, g: Grouping[S], rows: Mapping[tuple[str, str, Any], Evidence[S]]) -> None:
    statement = insert_into(connection, g.evidence)
    new, old = statement.excluded, g.evidence.c
    widened = {
        "first_seen": case((new.first_seen < old.first_seen, new.first_seen), else_=old.first_seen),
        "last_seen": case((new.last_seen > old.last_seen, new.last_seen), else_=old.last_seen),
    }
    connection.execute(
        statement.on_conflict_do_update(index_elements=["kind", "digest", g.subject], set_=widened),
        [
            {
                "kind": key[0],
                "digest": key[1],
                g.subject: key[2],
                "first_seen": one.first_seen,
                "last_seen": one.last_seen,
            }
            for key, one in sorted(rows.items(), key=lambda item: item[0])
        ],
    )
