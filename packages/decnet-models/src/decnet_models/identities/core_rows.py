# SPDX-License-Identifier: MIT
"""The cores as rows: which features belong together, and to which core, by what bond, an attacker belongs."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    or_,
    select,
    tuple_,
    update,
)

from decnet_models.database.rows.row_insert import RowInsert
from decnet_models.database.rows.row_select import RowSelect
from decnet_models.database.statements import PART, among, insert_into, parts
from decnet_models.grouping.membership import next_revision
from decnet_models.grouping.values import ChangeKind
from decnet_models.identities.evidence_rows import Key
from decnet_models.identities.tables import IDENTITIES, identity_attacker, identity_core


class CoreRow(NamedTuple):
    """A feature that can join attackers."""

    kind: str
    digest: str
    core: str
    weight: float
    proven: bool = False
    magnitude: int = 0
    owner: str = ""


class Bound(NamedTuple):
    """An attacker, its core, by what it is bound, and the identity that it is in, None before its first."""

    attacker: str
    core: str | None
    bond: str
    first_seen: int
    last_seen: int
    identity: UUID | None


def of_cores(connection: Connection, cores: Iterable[str]) -> set[Key]:
    c = identity_core.c
    query = select(c.kind, c.digest).where(among(connection, c.core, sorted(set(cores))))
    return {(row.kind, row.digest) for row in connection.execute(query)}


def write_cores(connection: Connection, rows: Sequence[CoreRow], gone: Sequence[Key]) -> None:
    """Write the cores of features, and forget those of features that join nobody any more."""
    for start in range(0, len(gone), PART):
        key = tuple_(identity_core.c.kind, identity_core.c.digest).in_(gone[start : start + PART])
        connection.execute(delete(identity_core).where(key))
    _WRITE_CORE.execute(connection, rows)


def bound(connection: Connection, attackers: Collection[str]) -> dict[str, Bound]:
    """Return the attackers with what binds them."""
    a = identity_attacker.c
    return _bound(connection, among(connection, a.attacker, sorted(attackers)))


def bound_by(connection: Connection, bond: str, *, outside: UUID) -> dict[str, Bound]:
    """Return those whom a bond holds together and who are not in the identity."""
    found = _BOUND_BY.rows(connection, bond=bond, outside=outside)
    return {row[0]: Bound(*row)._replace(identity=_as_uuid(row[5])) for row in found}


def moved_by(connection: Connection, change: int) -> list[str]:
    """Return the attackers that a change moved."""
    c = IDENTITIES.moved.c
    return list(connection.execute(select(c.attacker).where(c.change == change)).scalars())


def strays(connection: Connection, core: str, bond: str) -> dict[str, Bound]:
    """Return those of a core whom another bond holds."""
    c = identity_attacker.c
    return _bound(connection, (c.core == core) & (c.bond != bond))


def founder(connection: Connection, bond: str) -> str | None:
    """Return the attacker seen first of those that a bond holds together."""
    for row in _FOUNDER.rows(connection, bond=bond):
        name: str = row[0]
        return name
    return None


def founder_of(connection: Connection, identity: UUID) -> str | None:
    """Return the attacker after which an identity is numbered."""
    c = identity_attacker.c
    return connection.execute(select(c.attacker).where(c.own == identity)).scalar()


def homes_of_founders(connection: Connection, identities: Collection[UUID]) -> dict[UUID, UUID]:
    """Return the identities in which the founders of identities are now."""
    a, m = identity_attacker.c, IDENTITIES.member.c
    query = select(a.own, m.identity).join(IDENTITIES.member, m.attacker == a.attacker)
    return {
        own: identity
        for part in parts(identities)
        for own, identity in connection.execute(query.where(a.own.in_(part)))
        if own != identity
    }


def bind(connection: Connection, rows: Sequence[tuple[str, str | None, str]]) -> None:
    """Set the core and the bond of attackers."""
    statement = update(identity_attacker).where(identity_attacker.c.attacker == bindparam("who"))
    values = [{"who": attacker, "new_core": core, "new_bond": bond} for attacker, core, bond in rows]
    if values:
        connection.execute(statement.values(core=bindparam("new_core"), bond=bindparam("new_bond")), values)


class Placed(NamedTuple):
    """An attacker in its identity, with the reasons."""

    attacker: str
    identity: UUID
    weight: float
    because: str
    first_seen: int
    last_seen: int
    joined_at: int


def place(connection: Connection, rows: Sequence[Placed]) -> None:
    """Put attackers into identities; one that is there as it was is not written."""
    _PLACE.execute(connection, rows)


def create(connection: Connection, identities: Iterable[UUID], *, now_ns: int) -> None:
    """Create identities, without members, that are not there yet."""
    _CREATE.execute(connection, [(each, 0, 0, 0, now_ns) for each in sorted(set(identities))])


def see(connection: Connection, rows: Iterable[Bound]) -> None:
    """Write the times of members where they are others."""
    c = IDENTITIES.member.c
    values = [{"who": row.attacker, "new_first": row.first_seen, "new_last": row.last_seen} for row in rows]
    if values:
        other = or_(c.first_seen != bindparam("new_first"), c.last_seen != bindparam("new_last"))
        statement = update(IDENTITIES.member).where(c.attacker == bindparam("who"), other)
        new: dict[str, Any] = {"first_seen": bindparam("new_first"), "last_seen": bindparam("new_last")}
        connection.execute(statement.values(**new), values)


def move(connection: Connection, attackers: Collection[str], identity: UUID) -> None:
    """Move attackers to another identity, for the reasons that they are members."""
    c = IDENTITIES.member.c
    for part in parts(attackers):
        connection.execute(update(IDENTITIES.member).where(c.attacker.in_(part)).values(identity=identity))


class Size(NamedTuple):
    """The members of an identity: their number and times."""

    members: int
    first_seen: int
    last_seen: int


def recounted(connection: Connection, identity: UUID) -> Size:
    """Return the size of an identity by its members; without any its times are 0."""
    c = IDENTITIES.member.c
    query = select(func.count(), func.coalesce(func.min(c.first_seen), 0), func.coalesce(func.max(c.last_seen), 0))
    return Size(*connection.execute(query.where(c.identity == identity)).one())


class NewGroupChange(NamedTuple):
    """A change to be recorded."""

    kind: ChangeKind
    source: UUID
    target: UUID
    weight: float
    because: str
    ts: int


def record(connection: Connection, change: NewGroupChange, moved: Collection[str]) -> None:
    """Record a change and the attackers that it moved."""
    query = insert(IDENTITIES.change).values(**change._asdict()).returning(IDENTITIES.change.c.id)
    number = connection.execute(query).scalar_one()
    connection.execute(insert(IDENTITIES.moved), [{"change": number, "attacker": each} for each in sorted(moved)])


def sizes(connection: Connection, identities: Collection[UUID]) -> dict[UUID, Size]:
    """Return the stored sizes of those of the identities that are there."""
    c = IDENTITIES.group.c
    query = select(c.id, c.members, c.first_seen, c.last_seen)
    asked = sorted(identities)
    return {
        row.id: Size(row.members, row.first_seen, row.last_seen)
        for start in range(0, len(asked), PART)
        for row in connection.execute(query.where(c.id.in_(asked[start : start + PART])))
    }


def resize(connection: Connection, rows: Sequence[tuple[UUID, Size, UUID | None]]) -> None:
    """Write the size of identities, and into which each was merged; every one gets a revision of its own."""
    if not rows:
        return
    c = IDENTITIES.group.c
    revision = int(connection.execute(select(next_revision(IDENTITIES, connection))).scalar_one())
    statement = update(IDENTITIES.group).where(c.id == bindparam("which"))
    names = ("members", "first_seen", "last_seen", "merged_into", "revision")
    statement = statement.values({name: bindparam(f"new_{name}") for name in names})
    connection.execute(
        statement,
        [
            {
                "which": identity,
                "new_members": size.members,
                "new_first_seen": size.first_seen,
                "new_last_seen": size.last_seen,
                "new_merged_into": into,
                "new_revision": revision + place,
            }
            for place, (identity, size, into) in enumerate(rows)
        ],
    )


def _bound(connection: Connection, condition: ColumnElement[bool]) -> dict[str, Bound]:
    return {row.attacker: Bound(*row) for row in connection.execute(_bounds().where(condition))}


def _bounds() -> Select[Any]:
    a, m = identity_attacker.c, IDENTITIES.member.c
    return (
        select(a.attacker, a.core, a.bond, a.first_seen, a.last_seen, m.identity)
        .select_from(identity_attacker.outerjoin(IDENTITIES.member, m.attacker == a.attacker))
        .order_by(a.attacker)
    )


def _bound_by(_: Connection) -> Select[Any]:
    identity = IDENTITIES.member.c.identity
    elsewhere = identity.is_(None) | (identity != bindparam("outside"))
    return _bounds().where(identity_attacker.c.bond == bindparam("bond"), elsewhere)


def _founder(_: Connection) -> Select[Any]:
    c = identity_attacker.c
    ordered = select(c.attacker).where(c.bond == bindparam("bond")).order_by(c.first_seen, c.attacker)
    return ordered.limit(literal_column("1")).offset(literal_column("0"))


def _as_uuid(value: UUID | str | None) -> UUID | None:
    """Return an id as `RowSelect` has it of either database."""
    return UUID(value) if isinstance(value, str) else value


_BOUND_BY, _FOUNDER = RowSelect(_bound_by), RowSelect(_founder)


def _core(connection: Connection) -> object:
    statement = insert_into(connection, identity_core)
    values = {name: statement.excluded[name] for name in CoreRow._fields[2:]}
    return statement.on_conflict_do_update(index_elements=["kind", "digest"], set_=values)


def _placed(connection: Connection) -> object:
    statement = insert_into(connection, IDENTITIES.member)
    new = statement.excluded
    names = ("identity", "weight", "because", "first_seen", "last_seen")
    values = {name: new[name] for name in names}
    other = or_(*(IDENTITIES.member.c[name] != new[name] for name in names))
    return statement.on_conflict_do_update(index_elements=["attacker"], set_=values, where=other)


def _created(connection: Connection) -> object:
    return insert_into(connection, IDENTITIES.group).on_conflict_do_nothing(index_elements=["id"])


_WRITE_CORE = RowInsert(identity_core, CoreRow._fields, _core)  # type: ignore[arg-type]  # an Insert of either dialect
_PLACE = RowInsert(IDENTITIES.member, Placed._fields, _placed)  # type: ignore[arg-type]  # as above
_CREATE = RowInsert(
    IDENTITIES.group,
    ("id", "members", "first_seen", "last_seen", "created_at"),
    _created,  # type: ignore[arg-type]  # as above
)
