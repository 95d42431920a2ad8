# SPDX-License-Identifier: MIT
"""Queries of the artifacts; times are ns since the Unix epoch, names and URLs the attacker's own."""

from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import Any, Literal, TypeAlias
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Select, bindparam, case, delete, func, or_, select, update

from decnet_core.text import for_column
from decnet_models.artifacts.tables import artifact, artifact_sighting
from decnet_models.database.rows.keyset import Direction
from decnet_models.database.rows.page_select import PageSelect
from decnet_models.database.rows.row_select import RowSelect, as_uuid, listed
from decnet_models.database.statements import insert_into, parts
from decnet_models.database.window import Window

Kind: TypeAlias = Literal["file", "recording"]


class Artifact(msgspec.Struct, frozen=True):
    """Content by its SHA-256. It is in the store if it has a `stored_at` and no `removed_at`."""

    sha256: str
    kind: Kind
    size: int | None
    first_seen: int
    last_seen: int
    stored_at: int | None = None
    removed_at: int | None = None

    @property
    def kept(self) -> bool:
        return self.stored_at is not None and self.removed_at is None


class Sighting(msgspec.Struct, frozen=True):
    """An event that mentions an artifact."""

    event_id: UUID
    sha256: str
    ts: int
    service: str
    attacker: str | None = None
    session: str | None = None
    decky: str | None = None
    name: str | None = None
    url: str | None = None


class Holding(msgspec.Struct, frozen=True):
    """How much of one kind is in the store."""

    kind: Kind
    artifacts: int
    size: int


def register(connection: Connection, artifacts_seen: Iterable[tuple[Artifact, Sighting]]) -> None:
    """Register the artifacts of events; repeating it changes nothing.

    Known ones are merged: the earliest and latest sighting, the first known size and time of storing. An artifact that
    is seen again after its removal is stored again.
    """
    pairs = list(artifacts_seen)
    if not pairs:
        return
    insert = insert_into(connection, artifact)
    new, old = insert.excluded, artifact.c
    again = new.stored_at > old.removed_at
    merged = {
        "size": func.coalesce(old.size, new.size),
        "first_seen": case((new.first_seen < old.first_seen, new.first_seen), else_=old.first_seen),
        "last_seen": case((new.last_seen > old.last_seen, new.last_seen), else_=old.last_seen),
        "stored_at": case((again, new.stored_at), else_=func.coalesce(old.stored_at, new.stored_at)),
        "removed_at": case((again, None), else_=old.removed_at),
    }
    known = sorted((msgspec.structs.asdict(one) for one, _ in pairs), key=lambda row: str(row["sha256"]))
    connection.execute(insert.on_conflict_do_update(index_elements=["sha256"], set_=merged), known)
    sightings = insert_into(connection, artifact_sighting).on_conflict_do_nothing(index_elements=["event_id"])
    connection.execute(sightings, [_fit(sighting) for _, sighting in pairs])


def artifact_of(connection: Connection, sha256: str) -> Artifact | None:
    row = connection.execute(select(artifact).where(artifact.c.sha256 == sha256)).one_or_none()
    return Artifact(*row) if row else None


def artifacts(
    connection: Connection,
    limit: int = 100,
    *,
    kind: Kind | None = None,
    before: Artifact | None = None,
    window: Window | None = None,
    direction: Direction = "desc",
) -> list[Artifact]:
    """Return artifacts, by default last seen first; page on with `before` = the last one.

    With a window those first seen before its end and last seen after its beginning.
    """
    after = None if before is None else (before.last_seen, before.sha256)
    rows = artifact_rows(connection, limit, kind=kind, after=after, window=window, direction=direction)
    return [Artifact(*row) for row in rows]


def artifact_rows(
    connection: Connection,
    limit: int = 100,
    *,
    kind: Kind | None = None,
    after: tuple[int, str] | None = None,
    window: Window | None = None,
    direction: Direction = "desc",
) -> Sequence[Any]:
    """Return what `artifacts` does as rows: the values of Artifact. `after` has the last one's time and digest."""
    times = {} if window is None else {"since": window.since, "until": window.until}
    return _PAGE.rows(connection, limit, after=after, direction=direction, kind=kind, **times)


def known(connection: Connection, digests: Iterable[str]) -> set[str]:
    column = artifact.c.sha256
    return {
        digest
        for part in parts(digests)
        for digest in connection.execute(select(column).where(column.in_(part))).scalars()
    }


def sightings(
    connection: Connection,
    limit: int = 100,
    *,
    sha256: str | None = None,
    attacker: str | None = None,
    session: str | None = None,
    kind: Kind | None = None,
) -> list[Sighting]:
    """Return the sightings of one artifact, attacker or session, newest first; ValueError without any of them.

    With a kind only those of artifacts of that kind: recordings are artifacts, but no files that somebody left.
    """
    asked = {"sha256": sha256, "attacker": attacker, "session": session}
    values = {name: value for name, value in asked.items() if value is not None}
    if not values:
        raise ValueError("name an artifact, an attacker or a session")
    statement = _sightings_with(tuple(values), kind)
    return [sighting_of(row) for row in statement.rows(connection, limit=limit, **values)]


@cache
def _sightings_with(names: tuple[str, ...], kind: Kind | None) -> RowSelect:
    c = artifact_sighting.c
    query = select(*(c[name] for name in Sighting.__struct_fields__)).order_by(c.ts.desc(), c.event_id)
    if kind is not None:
        query = query.join(artifact, artifact.c.sha256 == c.sha256).where(artifact.c.kind == kind)
    return RowSelect(lambda _: query.where(*(c[name] == bindparam(name) for name in names)).limit(bindparam("limit")))


def newest_sightings(connection: Connection, digests: Collection[str]) -> dict[str, Sighting]:
    """Return the newest sighting of each of these artifacts that has one."""
    return {digest: sighting_of(row) for digest, row in newest_rows(connection, digests).items()}


def newest_rows(connection: Connection, digests: Collection[str]) -> dict[str, tuple[Any, ...]]:
    """Return what `newest_sightings` does as rows, which `sighting_of` reads."""
    rows = _NEWEST.rows(connection, digests=list(digests)) if digests else ()
    return {row[_DIGEST]: tuple(row) for row in rows}


def sighting_of(row: Sequence[Any]) -> Sighting:
    """Return the sighting of a row, whose id may be a text (`RowSelect`)."""
    return Sighting(as_uuid(row[0]), *row[1:])


def _newest(connection: Connection) -> Select[Any]:
    c, a = artifact_sighting.c, artifact.c
    newest = select(c.event_id).where(c.sha256 == a.sha256).order_by(c.ts.desc(), c.event_id).limit(1).scalar_subquery()
    ids = select(newest).where(listed(connection, a.sha256, "digests"))
    s = artifact_sighting.alias().c
    return select(*(s[name] for name in Sighting.__struct_fields__)).where(s.event_id.in_(ids))


_A = artifact.c
_PAGE = PageSelect(
    lambda _: select(artifact),
    (_A.last_seen, _A.sha256),
    {
        "kind": _A.kind == bindparam("kind"),
        "since": _A.last_seen >= bindparam("since"),
        "until": _A.first_seen < bindparam("until"),
    },
)
_NEWEST = RowSelect(_newest)
_DIGEST = Sighting.__struct_fields__.index("sha256")


def files_of(connection: Connection, attackers: Iterable[str]) -> set[tuple[str, str]]:
    """Return the (attacker, digest) of the files that these attackers dropped: payload evidence for the clusterer."""
    c = artifact_sighting.c
    query = select(c.attacker, c.sha256).join(artifact, artifact.c.sha256 == c.sha256).where(artifact.c.kind == "file")
    return {
        (address, digest)
        for part in parts(attackers)
        for address, digest in connection.execute(query.where(c.attacker.in_(part)).distinct())
    }


def holdings(connection: Connection) -> list[Holding]:
    c = artifact.c
    query = select(c.kind, func.count(), func.coalesce(func.sum(c.size), 0)).where(
        c.stored_at.is_not(None), c.removed_at.is_(None)
    )
    return [Holding(kind, number, int(size)) for kind, number, size in connection.execute(query.group_by(c.kind))]


def oldest_kept(connection: Connection, kind: Kind, seen_before: int, limit: int) -> list[Artifact]:
    """Return up to `limit` artifacts in the store that were last seen before a time, oldest first."""
    c = artifact.c
    query = select(artifact).where(
        c.kind == kind, c.last_seen < seen_before, c.stored_at.is_not(None), c.removed_at.is_(None)
    )
    return [Artifact(*row) for row in connection.execute(query.order_by(c.last_seen).limit(limit))]


def mark_removed(connection: Connection, digests: Sequence[str], *, now_ns: int) -> int:
    """Record that these are no longer in the store; return how many were. Their sightings stay."""
    c = artifact.c
    return sum(
        connection.execute(
            update(artifact).where(c.sha256.in_(part), c.removed_at.is_(None)).values(removed_at=now_ns)
        ).rowcount
        for part in parts(digests)
    )


def forget(connection: Connection, seen_before: int, limit: int) -> int:
    """Delete up to `limit` artifacts that are not in the store and were last seen before a time; return how many."""
    c = artifact.c
    gone = or_(c.stored_at.is_(None), c.removed_at.is_not(None))
    old = select(c.sha256).where(c.last_seen < seen_before, gone).order_by(c.last_seen).limit(limit)
    return connection.execute(delete(artifact).where(c.sha256.in_(old))).rowcount


def _fit(sighting: Sighting) -> dict[str, object]:
    values = msgspec.structs.asdict(sighting)
    limits = {"service": 255, "session": 255, "decky": 255, "name": 4096, "url": 4096}
    return values | {name: for_column(values[name], limit) for name, limit in limits.items() if values[name]}
