# SPDX-License-Identifier: MIT
"""Credentials that were tried, most often tried first, page by page; who tried one; what several actors share."""

from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, func, select

from decnet.cli.errors import NotFoundError
from decnet.findings.texts import containing
from decnet_models.attackers.profile import Credential, CredentialUse
from decnet_models.attackers.tables import UNKNOWN, credential, credential_use
from decnet_models.database.rows.keyset import Direction, in_order
from decnet_models.database.statements import among

Order = Literal["uses", "last_seen"]
Position = tuple[int, str]
"""Value of the order, and digest, of the credential before."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What credentials must be like."""

    text: str = ""
    """Part of the user name, password or key."""
    accepted: bool | None = None
    least_attackers: int = 0


_COLUMNS = ("digest", "username", "password", "public_key", "uses", "accepted", "first_seen", "last_seen")


def credentials(
    connection: Connection,
    limit: int,
    wanted: Wanted | None = None,
    *,
    order: Order = "uses",
    direction: Direction = "desc",
    after: Position | None = None,
) -> list[Credential]:
    """Return credentials over all attackers and services, in the order of `order`."""
    wanted, c = wanted or Wanted(), credential.c
    query = select(*(c[name] for name in _COLUMNS)).limit(limit)
    if wanted.text:
        query = query.where(containing(wanted.text, c.username, c.password, c.public_key))
    if wanted.accepted is not None:
        query = query.where(c.accepted > 0 if wanted.accepted else c.accepted == 0)
    if wanted.least_attackers > 1:
        use = credential_use.c
        number = select(func.count(use.attacker.distinct())).where(use.credential == c.digest).scalar_subquery()
        query = query.where(c.uses >= wanted.least_attackers, number >= wanted.least_attackers)
    rows = connection.execute(in_order(query, (c[order], c.digest), after, direction)).all()
    attackers = _attackers(connection, [row.digest for row in rows])
    return [Credential(attackers=attackers.get(row.digest, 0), **row._mapping) for row in rows]


def one_credential(connection: Connection, digest: str) -> Credential:
    """Return a credential; raises NotFoundError."""
    c = credential.c
    row = connection.execute(select(*(c[name] for name in _COLUMNS)).where(c.digest == digest)).one_or_none()
    if row is None:
        raise NotFoundError("there is no such credential; decnet credentials lists them")
    return Credential(attackers=_attackers(connection, [digest]).get(digest, 0), **row._mapping)


def uses_of(
    connection: Connection,
    digest: str,
    limit: int,
    *,
    after: tuple[str, str, str] | None = None,
    direction: Direction = "asc",
) -> list[CredentialUse]:
    """Return where a credential was tried, by attacker, service and decky; page on with those of the last one."""
    use, c = credential_use.c, credential.c
    key = (use.attacker, use.service, use.decky)
    columns: tuple[Any, ...] = (use.attacker, use.credential, c.username, c.password, c.public_key, use.service)
    query = (
        select(*columns, func.nullif(use.decky, UNKNOWN), use.uses, use.accepted, use.first_seen, use.last_seen)
        .join(credential, c.digest == use.credential)
        .where(use.credential == digest)
    )
    return [CredentialUse(*row) for row in connection.execute(in_order(query, key, after, direction).limit(limit))]


def _attackers(connection: Connection, digests: list[str]) -> dict[str, int]:
    use = credential_use.c
    query = select(use.credential, func.count(use.attacker.distinct())).group_by(use.credential)
    rows = connection.execute(query.where(among(connection, use.credential, digests)))
    return {row[0]: row[1] for row in rows}
