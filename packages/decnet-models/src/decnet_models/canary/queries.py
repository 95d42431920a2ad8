# SPDX-License-Identifier: MIT
"""Queries of the canary tokens; times are nanoseconds since the Unix epoch."""

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from decnet_core.canary import Slug
from decnet_core.text import for_column
from decnet_models.canary.tables import canary_planting, canary_token
from decnet_models.database.rows.keyset import Direction, in_order
from decnet_models.database.statements import insert_into


class CanaryToken(msgspec.Struct, frozen=True):
    """A planted token."""

    token: str
    kind: str
    """What it looks like: url, dns, docx, ..."""
    label: str
    created_at: int
    disabled_at: int | None = None
    """Since when its uses are not announced any more."""
    recognised_by: str | None = None
    """The fingerprint of the SSH key by which decoys see its use."""


class Planting(msgspec.Struct, frozen=True):
    """A file on a decky that contains a token."""

    token: str
    decky: str
    path: str
    planted_at: int


def add_token(
    connection: Connection,
    slug: Slug,
    label: str,
    *,
    now_ns: int,
    kind: str | None = None,
    recognised_by: str | None = None,
) -> CanaryToken:
    """Record that `slug` was planted where `label` says; without a `kind` it is named as its slug's is."""
    token = CanaryToken(slug.text, kind or slug.kind.value, for_column(label, 255), now_ns, None, recognised_by)
    insert_token(connection, token)
    return token


def insert_token(connection: Connection, token: CanaryToken) -> None:
    """Write a token as it is; IntegrityError when it is there already."""
    connection.execute(insert(canary_token).values(**msgspec.structs.asdict(token)))


def tokens(
    connection: Connection,
    limit: int = 1000,
    *,
    after: tuple[int, str] | None = None,
    kind: str | None = None,
    direction: Direction = "desc",
) -> list[CanaryToken]:
    """Return up to `limit` tokens, newest first; page on with `after` = (`created_at`, `token`) of the last one."""
    c = canary_token.c
    query = in_order(select(canary_token), (c.created_at, c.token), after, direction).limit(limit)
    if kind is not None:
        query = query.where(c.kind == kind)
    return [CanaryToken(**row._mapping) for row in connection.execute(query)]


def token_named(connection: Connection, token: str) -> CanaryToken | None:
    """Return a token (any case), None for one unknown to this database."""
    row = connection.execute(select(canary_token).where(canary_token.c.token == token.lower())).one_or_none()
    return None if row is None else CanaryToken(**row._mapping)


def token_recognised_by(connection: Connection, fingerprint: str) -> CanaryToken | None:
    """Return the token whose SSH key has a fingerprint (SHA256:...); it may be anything that attackers send."""
    query = select(canary_token).where(canary_token.c.recognised_by == for_column(fingerprint, 128)).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else CanaryToken(**row._mapping)


def label_of(connection: Connection, token: str) -> str | None:
    """Return where `token` (any case) was planted, None for one unknown to this database."""
    found = token_named(connection, token)
    return None if found is None else found.label


def set_disabled(connection: Connection, token: str, disabled_at: int | None) -> bool:
    """Say since when a token's uses are not announced, None: they are; False for an unknown one."""
    statement = update(canary_token).where(canary_token.c.token == token.lower())
    return connection.execute(statement.values(disabled_at=disabled_at)).rowcount > 0


def remove_token(connection: Connection, token: str) -> bool:
    """Delete a token and its document; False for an unknown one. IntegrityError while an action of a persona has it."""
    return connection.execute(delete(canary_token).where(canary_token.c.token == token.lower())).rowcount > 0


def record_planting(connection: Connection, planting: Planting) -> None:
    """Record where a token's bait is; once more for the same place is no error."""
    values = msgspec.structs.asdict(planting)
    statement = insert_into(connection, canary_planting).values(**values)
    keys = ["token", "decky", "path"]
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_={"planted_at": planting.planted_at}))


def plantings(connection: Connection, token: str) -> list[Planting]:
    """Return the files on deckies that contain a token."""
    query = select(canary_planting).where(canary_planting.c.token == token.lower())
    return [Planting(**row._mapping) for row in connection.execute(query.order_by("decky", "path"))]
