# SPDX-License-Identifier: MIT
"""What attackers show and what is known of it, as the computation of identities reads it: by the thousand.

SQLite puts an attacker's features into one text: as rows, each of which is a text for each column, they take three
times as long. Features of all kinds are looked up by one statement: a computation asks for those of a few attackers
some hundred times, and a statement for each of a dozen kinds took longer than the rows.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec
from sqlalchemy import Connection, func, select

from decnet_models.database.rows.driver_rows import driver_rows
from decnet_models.database.statements import among, as_json, parts
from decnet_models.identities.evidence_rows import Key
from decnet_models.identities.tables import IDENTITIES, identity_core

_evidence, _feature = IDENTITIES.evidence, IDENTITIES.feature

Core: TypeAlias = tuple[str, float, bool, int, str]
"""The core, the weight, whether it is proven, the magnitude and the owner, as in `identity_core`."""


class SharedRow(NamedTuple):
    """How many attackers show a feature, when it was first and last seen, and what was computed of it before."""

    attackers: int
    first_seen: int
    last_seen: int
    core: Core | None


_SHOWN: Final = (
    "SELECT asked.value, (SELECT group_concat(kind || ' ' || digest) FROM identity_evidence"
    " WHERE attacker = asked.value) FROM json_each(?) AS asked"
)
_SHARED: Final = (
    "SELECT of.key, asked.value, coalesce(f.subjects, 0), coalesce(f.first_seen, 0), coalesce(f.last_seen, 0),"
    " c.core, c.weight, c.proven, c.magnitude, c.owner"
    " FROM json_each(?) AS of CROSS JOIN json_each(of.value) AS asked"
    " LEFT JOIN identity_feature AS f ON f.kind = of.key AND f.digest = asked.value"
    " LEFT JOIN identity_core AS c ON c.kind = of.key AND c.digest = asked.value"
    " WHERE f.subjects > 1 OR c.core IS NOT NULL"
)
_OF_KINDS: Final = (
    "SELECT t.attacker, t.kind, t.digest, t.first_seen, t.last_seen"
    " FROM json_each(?) AS asked CROSS JOIN json_each(?) AS of"
    " CROSS JOIN identity_evidence AS t ON t.attacker = asked.value AND t.kind = of.value"
)


def shown_by(connection: Connection, attackers: Collection[str]) -> dict[str, list[str]]:
    """Return the features that attackers show, each as its kind, a space and its digest."""
    asked = sorted(attackers)
    if connection.dialect.name == "sqlite":
        rows = driver_rows(connection, _SHOWN, (as_json(asked),))
        return {attacker: text.split(",") for attacker, text in rows if text}
    c = _evidence.c
    names = func.string_agg(c.kind + " " + c.digest, ",")
    query = select(c.attacker, names).where(c.attacker.in_(asked)).group_by(c.attacker)
    return {attacker: text.split(",") for attacker, text in connection.execute(query)}


def evidence_of_kinds(
    connection: Connection, attackers: Collection[str], kinds: Collection[str]
) -> list[tuple[Any, ...]]:
    """Return what each attacker shows of some kinds, and when: the attacker, kind, digest, and its times."""
    asked = sorted(set(attackers))
    if connection.dialect.name == "sqlite":
        return driver_rows(connection, _OF_KINDS, (as_json(asked), as_json(sorted(set(kinds)))))
    c = _evidence.c
    query = select(c.attacker, c.kind, c.digest, c.first_seen, c.last_seen).where(c.kind.in_(kinds))
    return [tuple(row) for row in connection.execute(query.where(among(connection, c.attacker, asked)))]


def shared_of(connection: Connection, keys: Collection[Key]) -> dict[Key, SharedRow]:
    """Return those of some features that several attackers show or that have a core."""
    by_kind: dict[str, list[str]] = {}
    for kind, digest in keys:
        by_kind.setdefault(kind, []).append(digest)
    if connection.dialect.name == "sqlite":
        return {
            (kind, digest): SharedRow(attackers, first, last, None if core[0] is None else _core(core))
            for kind, digest, attackers, first, last, *core in driver_rows(connection, _SHARED, (_object(by_kind),))
        }
    return {
        (kind, digest): row
        for kind, digests in by_kind.items()
        for digest, row in _shared_of_kind(connection, kind, digests).items()
    }


def _object(by_kind: Mapping[str, list[str]]) -> str:
    """Return the digests, sorted as in the index, as the JSON object that the statement has as one parameter."""
    return msgspec.json.encode({kind: sorted(digests) for kind, digests in by_kind.items()}).decode()


def _shared_of_kind(connection: Connection, kind: str, digests: Collection[str]) -> dict[str, SharedRow]:
    cores = _cores(connection, kind, digests)
    f = _feature.c
    query = select(f.digest, f.subjects, f.first_seen, f.last_seen).where(f.kind == kind)
    found = {digest: SharedRow(0, 0, 0, core) for digest, core in cores.items()}
    for part in parts(digests):
        for digest, attackers, first, last in connection.execute(query.where(f.digest.in_(part))):
            if attackers > 1 or digest in cores:
                found[digest] = SharedRow(attackers, first, last, cores.get(digest))
    return found


def _cores(connection: Connection, kind: str, digests: Collection[str]) -> Mapping[str, Core]:
    c = identity_core.c
    query = select(c.digest, c.core, c.weight, c.proven, c.magnitude, c.owner).where(c.kind == kind)
    rows = (row for part in parts(digests) for row in connection.execute(query.where(c.digest.in_(part))))
    return {row[0]: _core(row[1:]) for row in rows}


def _core(row: Sequence[Any]) -> Core:
    """Return a core's columns; SQLite's driver has 0 and 1 for whether it is proven."""
    core, weight, proven, magnitude, owner = row
    return core, weight, bool(proven), magnitude, owner
