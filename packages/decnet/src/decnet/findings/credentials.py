# SPDX-License-Identifier: MIT
"""Credentials that were tried, most often tried first, page by page; who tried one; what several actors share."""

from collections.abc import Sequence
from operator import itemgetter
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, String, and_, bindparam, func, select

from decnet.cli.errors import NotFoundError
from decnet.findings.texts import containing, escaped
from decnet_models.attackers.profile import Credential, CredentialUse
from decnet_models.attackers.tables import UNKNOWN, credential, credential_use
from decnet_models.database.rows.keyset import Direction
from decnet_models.database.rows.page_select import PageSelect
from decnet_models.database.rows.row_select import RowSelect, listed

Order = Literal["uses", "last_seen"]
Position = tuple[int, str]
"""Value of the order, and digest, of the credential before."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What credentials must be like."""

    text: str = ""
    """Part of the user name, password or key."""
    accepted: bool | None = None
    least_attackers: int = 0


_NAMES = ("digest", "username", "password", "public_key", "uses", "accepted", "first_seen", "last_seen")
_C, _U = credential.c, credential_use.c
_COLUMNS = tuple(_C[name] for name in _NAMES)
_TRIED_BY = select(_U.attacker).distinct().where(_U.credential == _C.digest).correlate(credential).subquery()
_NUMBER = select(func.count()).select_from(_TRIED_BY).scalar_subquery()
"""How many attackers tried a credential. SQLite walks over them in the order of an index; a count(DISTINCT) of theirs
would have it sort them."""
_NUMBERS = RowSelect(lambda connection: select(_C.digest, _NUMBER).where(listed(connection, _C.digest, "digests")))
_CONDITIONS = {
    "text": containing(bindparam("text", type_=String()), _C.username, _C.password, _C.public_key),
    "accepted": _C.accepted > 0,
    "refused": _C.accepted == 0,
    "least": and_(_C.uses >= bindparam("least"), bindparam("least") <= _NUMBER),
}
_ORDERS: tuple[Order, ...] = ("uses", "last_seen")
_PAGES = {order: PageSelect(lambda _: select(*_COLUMNS), (_C[order], _C.digest), _CONDITIONS) for order in _ORDERS}
POSITIONS = {order: itemgetter(_NAMES.index(order), _NAMES.index("digest")) for order in _ORDERS}
"""What returns the position after a row, by the order."""
_USES = PageSelect(
    lambda _: select(
        *(_U.attacker, _U.credential, _C.username, _C.password, _C.public_key, _U.service),
        *(func.nullif(_U.decky, UNKNOWN), _U.uses, _U.accepted, _U.first_seen, _U.last_seen),
    ).join(credential, _C.digest == _U.credential),
    (_U.attacker, _U.service, _U.decky),
    {"digest": _U.credential == bindparam("digest")},
)


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
    rows = credential_rows(connection, limit, wanted, order=order, direction=direction, after=after)
    return [credential_of(row) for row in with_attackers(connection, rows)]


def credential_rows(
    connection: Connection,
    limit: int,
    wanted: Wanted | None = None,
    *,
    order: Order = "uses",
    direction: Direction = "desc",
    after: Position | None = None,
) -> Sequence[Any]:
    """Return what `credentials` does as rows, whose attackers are not counted."""
    wanted = wanted or Wanted()
    return _PAGES[order].rows(
        connection,
        limit,
        after=after,
        direction=direction,
        text=escaped(wanted.text) or None,
        accepted=wanted.accepted or None,
        refused=wanted.accepted is False or None,
        least=wanted.least_attackers if wanted.least_attackers > 1 else None,
    )


def with_attackers(connection: Connection, rows: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return rows with one value more: how many attackers tried each of these credentials."""
    found = dict(_NUMBERS.rows(connection, digests=[row[0] for row in rows])) if rows else {}
    return [(*row, found.get(row[0], 0)) for row in rows]


def credential_of(row: Sequence[Any]) -> Credential:
    """Return the credential of a row of `with_attackers`."""
    values = [*row[:6], row[8], *row[6:8]]
    return Credential(*values)


def one_credential(connection: Connection, digest: str) -> Credential:
    """Return a credential; raises NotFoundError."""
    row = connection.execute(select(*_COLUMNS).where(_C.digest == digest)).one_or_none()
    if row is None:
        raise NotFoundError("there is no such credential; decnet credentials lists them")
    return credential_of(with_attackers(connection, [row])[0])


def uses_of(
    connection: Connection,
    digest: str,
    limit: int,
    *,
    after: tuple[str, str, str] | None = None,
    direction: Direction = "asc",
) -> list[CredentialUse]:
    """Return where a credential was tried, by attacker, service and decky; page on with those of the last one."""
    return [CredentialUse(*row) for row in use_rows(connection, digest, limit, after=after, direction=direction)]


def use_rows(
    connection: Connection,
    digest: str,
    limit: int,
    *,
    after: tuple[str, str, str] | None = None,
    direction: Direction = "asc",
) -> Sequence[Any]:
    """Return what `uses_of` does as rows: the values of CredentialUse."""
    return _USES.rows(connection, limit, after=after, direction=direction, digest=digest)
