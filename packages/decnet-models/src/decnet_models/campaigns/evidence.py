# SPDX-License-Identifier: MIT
"""Reads and writes the evidence of identities: what one showed may go to another when attackers change identity.

Only campaign-clusterer writes it, and knows what was there. So nothing is looked up again when it is written.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from sys import intern
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from decnet_models.campaigns.tables import CAMPAIGNS
from decnet_models.database.rows.keyed_rows import rows_at
from decnet_models.database.rows.row_select import RowSelect, as_uuid, listed
from decnet_models.database.statements import parts
from decnet_models.grouping.evidence import count_features
from decnet_models.grouping.values import Evidence, Feature, digest

_evidence, _feature = CAMPAIGNS.evidence, CAMPAIGNS.feature
_THIS = (
    _evidence.c.kind == bindparam("of_kind"),
    _evidence.c.digest == bindparam("of_digest"),
    _evidence.c.identity == bindparam("of_identity"),
)
_REMOVE = delete(_evidence).where(*_THIS)
_CHANGE = update(_evidence).where(*_THIS).values(first_seen=bindparam("first"), last_seen=bindparam("last"))
_LESS = (
    update(_feature)
    .where(_feature.c.kind == bindparam("of_kind"), _feature.c.digest == bindparam("of_digest"))
    .values(subjects=_feature.c.subjects - bindparam("gone"))
)
ROWS_AT_ONCE = 1_000
"""Rows that are written at once: their parameters take more memory than all else."""

_SHOWN = RowSelect(
    lambda connection: (
        select(_evidence.c.identity, _evidence.c.kind, _feature.c.value, _evidence.c.first_seen, _evidence.c.last_seen)
        .join(_feature, (_feature.c.kind == _evidence.c.kind) & (_feature.c.digest == _evidence.c.digest))
        .where(listed(connection, _evidence.c.identity, "identities"))
    )
)


def evidence_by_identity(connection: Connection, identities: Iterable[UUID]) -> dict[UUID, list[Evidence[UUID]]]:
    """Return the evidence of the identities that have any."""
    found: dict[UUID | str, list[Evidence[UUID]]] = {}
    subjects: dict[UUID | str, UUID] = {}
    for part in parts(identities):
        for identity, kind, *rest in _SHOWN.rows(connection, identities=part):
            if identity not in found:
                found[identity], subjects[identity] = [], as_uuid(identity)
            found[identity].append(Evidence(subjects[identity], intern(kind), *rest))
    return {subjects[identity]: evidence for identity, evidence in found.items()}


def holders(connection: Connection, features: Iterable[Feature]) -> dict[Feature, list[UUID | str]]:
    """Return the identities that show each of the features, on SQLite as their 32 digits."""
    asked = {(kind, digest(value)): (kind, value) for kind, value in features}
    found: dict[Feature, list[UUID | str]] = {}
    for kind, key, identity in rows_at(connection, _evidence, ("kind", "digest"), ["identity"], asked):
        found.setdefault(asked[kind, key], []).append(identity)
    return found


def remove_evidence(connection: Connection, gone: Iterable[Evidence[UUID]]) -> None:
    """Remove evidence that identities had, and count them no more among those that show it."""
    rows = [_key(one) for one in gone]
    if not rows:
        return
    connection.execute(_REMOVE, rows)
    fewer = Counter((row["of_kind"], row["of_digest"]) for row in rows)
    connection.execute(
        _LESS,
        [{"of_kind": kind, "of_digest": key, "gone": number} for (kind, key), number in sorted(fewer.items())],
    )


def add_new_evidence(connection: Connection, new: Iterable[Evidence[UUID]]) -> None:
    """Store evidence that identities had not, and count them among those that show it."""
    for part in _some(new):
        rows = [_row(one) for one in part]
        keys = [(row["kind"], row["digest"]) for row in rows]
        values = {key: one.value for key, one in zip(keys, part, strict=True)}
        count_features(connection, CAMPAIGNS, values, Counter(keys))
        connection.execute(insert(_evidence), rows)


def change_evidence(connection: Connection, changed: Iterable[Evidence[UUID]]) -> None:
    """Set the times of evidence that identities had."""
    for part in _some(changed):
        connection.execute(_CHANGE, [_key(one) | {"first": one.first_seen, "last": one.last_seen} for one in part])


def _some(evidence: Iterable[Evidence[UUID]]) -> Iterator[list[Evidence[UUID]]]:
    rest = iter(evidence)
    while part := [*islice(rest, ROWS_AT_ONCE)]:
        yield part


def _key(one: Evidence[UUID]) -> dict[str, Any]:
    return {"of_kind": one.kind, "of_digest": digest(one.value), "of_identity": one.subject}


def _row(one: Evidence[UUID]) -> dict[str, Any]:
    return {
        "identity": one.subject,
        "kind": one.kind,
        "digest": digest(one.value),
        "first_seen": one.first_seen,
        "last_seen": one.last_seen,
    }
