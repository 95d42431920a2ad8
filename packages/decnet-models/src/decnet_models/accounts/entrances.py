# SPDX-License-Identifier: MIT
"""Queries of one-time links, users of OIDC providers and finished steps of log-ins; times are ns since the epoch."""

from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import BindParameter, Connection, Select, bindparam, delete, func, insert, or_, select, update

from decnet_core.text import for_column
from decnet_models.accounts.tables import account, login_link, oidc_subject, passkey, recovery_code, used_ticket
from decnet_models.database.rows.row_select import RowSelect
from decnet_models.database.statements import insert_into


class Link(msgspec.Struct, frozen=True):
    """A link that logs in once; `digest` is the SHA-256 of its secret."""

    digest: str
    account: UUID
    made_by: str
    created_at: int
    expires_at: int


class WaysIn(msgspec.Struct, frozen=True):
    """What an account of that name can log in with."""

    name: str
    password: bool
    totp: bool
    passkeys: int
    subjects: int
    """Users of OIDC providers."""
    recovery_codes: int
    """Those that are left."""


def _ways_in(_: Connection) -> Select[Any]:
    c = account.c
    given: BindParameter[UUID] = bindparam("account")
    counts = (
        select(func.count()).where(passkey.c.account == given),
        select(func.count()).where(oidc_subject.c.account == given),
        select(func.count()).where(recovery_code.c.account == given, recovery_code.c.used_at.is_(None)),
    )
    numbers = (one.scalar_subquery() for one in counts)
    return select(c.name, c.password.is_not(None), c.totp.is_not(None), *numbers).where(c.id == given)


_WAYS_IN = RowSelect(_ways_in)


def ways_in(connection: Connection, account_id: UUID) -> WaysIn | None:
    """Return how an account can log in, None when it is not there."""
    for name, password, totp, passkeys, subjects, codes in _WAYS_IN.rows(connection, account=account_id):
        return WaysIn(name, bool(password), bool(totp), passkeys, subjects, codes)
    return None


def add_link(connection: Connection, link: Link) -> None:
    values = {**msgspec.structs.asdict(link), "made_by": for_column(link.made_by, 255)}
    connection.execute(insert(login_link).values(**values))


def use_link(connection: Connection, digest: str, *, now_ns: int) -> UUID | None:
    """Use up a link and return the enabled account that it logs in; None for one that is unknown, used or expired."""
    c = login_link.c
    row = connection.execute(select(c.account, c.expires_at).where(c.digest == digest)).one_or_none()
    if row is None or connection.execute(delete(login_link).where(c.digest == digest)).rowcount == 0:
        return None
    enabled = select(account.c.id).where(account.c.id == row.account, account.c.disabled_at.is_(None))
    return row.account if row.expires_at > now_ns and connection.execute(enabled).one_or_none() else None


def remove_links(connection: Connection, account_id: UUID) -> int:
    """Delete all links of an account; return how many."""
    return connection.execute(delete(login_link).where(login_link.c.account == account_id)).rowcount


def admin_can_log_in(connection: Connection) -> bool:
    """Return whether an enabled administrator has a password, a passkey or an account of an OIDC provider."""
    c = account.c
    by_passkey = select(passkey.c.account).where(passkey.c.account == c.id).exists()
    by_oidc = select(oidc_subject.c.account).where(oidc_subject.c.account == c.id).exists()
    able = or_(c.password.is_not(None), by_passkey, by_oidc)
    query = select(func.count()).select_from(account).where(c.role == "admin", c.disabled_at.is_(None), able)
    return bool(connection.execute(query).scalar_one())


def account_of_subject(connection: Connection, issuer: str, subject: str) -> UUID | None:
    c = oidc_subject.c
    found: UUID | None = connection.execute(
        select(c.account).where(c.issuer == issuer, c.subject == subject)
    ).scalar_one_or_none()
    return found


def add_subject(connection: Connection, issuer: str, subject: str, account_id: UUID, *, now_ns: int) -> None:
    """Let a provider's user log in to an account."""
    values = {"issuer": issuer, "subject": subject, "account": account_id, "created_at": now_ns, "used_at": now_ns}
    connection.execute(insert(oidc_subject).values(**values))


def touch_subject(connection: Connection, issuer: str, subject: str, *, now_ns: int) -> None:
    """Record when a provider's user last logged in."""
    c = oidc_subject.c
    statement = update(oidc_subject).where(c.issuer == issuer, c.subject == subject)
    connection.execute(statement.values(used_at=now_ns))


def remove_subjects(connection: Connection, account_id: UUID) -> int:
    """Separate an account from all users of providers; return how many there were."""
    return connection.execute(delete(oidc_subject).where(oidc_subject.c.account == account_id)).rowcount


def use_ticket(connection: Connection, digest: str, *, expires_at: int) -> bool:
    """Record that the step of a ticket was completed; False when it was before."""
    statement = insert_into(connection, used_ticket).values(digest=digest, expires_at=expires_at)
    new = statement.on_conflict_do_nothing(index_elements=["digest"]).returning(used_ticket.c.digest)
    return connection.execute(new).one_or_none() is not None


def forget_entrances(connection: Connection, expired_before: int) -> int:
    """Delete links and tickets that expired before a time; return how many."""
    return sum(
        connection.execute(delete(table).where(table.c.expires_at < expired_before)).rowcount
        for table in (login_link, used_ticket)
    )
