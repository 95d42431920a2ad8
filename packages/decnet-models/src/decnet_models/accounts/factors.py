# SPDX-License-Identifier: MIT
"""Queries of what accounts log in with besides passwords: passkeys, recovery codes; times are ns since the epoch."""

from collections.abc import Iterable
from uuid import UUID

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from decnet_core.text import for_column
from decnet_models.accounts.tables import passkey, recovery_code


class Passkey(msgspec.Struct, frozen=True):
    """A WebAuthn credential; `credential` and `public_key` are base64url, `digest` is the SHA-256 of the former."""

    digest: str
    account: UUID
    credential: str
    public_key: str
    sign_count: int
    name: str
    transports: tuple[str, ...]
    backed_up: bool
    created_at: int
    used_at: int | None = None


def add_passkey(connection: Connection, added: Passkey) -> None:
    """Add a passkey; IntegrityError when the credential is registered already."""
    values = msgspec.structs.asdict(added)
    values["transports"] = msgspec.json.encode(added.transports).decode()
    values["name"] = for_column(added.name, 255)
    connection.execute(insert(passkey).values(**{**values, "backed_up": int(added.backed_up)}))


def passkeys_of(connection: Connection, account_id: UUID) -> list[Passkey]:
    c = passkey.c
    query = select(passkey).where(c.account == account_id).order_by(c.created_at, c.digest)
    return [_passkey(row._mapping) for row in connection.execute(query)]


def passkey_at(connection: Connection, digest: str) -> Passkey | None:
    row = connection.execute(select(passkey).where(passkey.c.digest == digest)).one_or_none()
    return _passkey(row._mapping) if row else None


def use_passkey(connection: Connection, digest: str, *, before: int, after: int, backed_up: bool, now_ns: int) -> bool:
    """Record a log-in and the counter after it; False when the counter is no longer `before`: a log-in in parallel."""
    statement = update(passkey).where(passkey.c.digest == digest, passkey.c.sign_count == before)
    changed = connection.execute(statement.values(sign_count=after, backed_up=int(backed_up), used_at=now_ns))
    return changed.rowcount > 0


def rename_passkey(connection: Connection, account_id: UUID, digest: str, name: str) -> bool:
    """Rename a passkey of the account; False when it has no such passkey."""
    statement = update(passkey).where(passkey.c.account == account_id, passkey.c.digest == digest)
    return connection.execute(statement.values(name=for_column(name, 255))).rowcount > 0


def remove_passkey(connection: Connection, account_id: UUID, digest: str) -> bool:
    """Delete a passkey of the account; False when it has no such passkey."""
    statement = delete(passkey).where(passkey.c.account == account_id, passkey.c.digest == digest)
    return connection.execute(statement).rowcount > 0


def remove_passkeys(connection: Connection, account_id: UUID) -> int:
    """Delete all passkeys of an account; return how many."""
    return connection.execute(delete(passkey).where(passkey.c.account == account_id)).rowcount


def set_recovery_codes(connection: Connection, account_id: UUID, digests: Iterable[str], *, now_ns: int) -> None:
    """Replace the recovery codes of an account."""
    connection.execute(delete(recovery_code).where(recovery_code.c.account == account_id))
    rows = [{"digest": digest, "account": account_id, "created_at": now_ns} for digest in digests]
    if rows:
        connection.execute(insert(recovery_code), rows)


def use_recovery_code(connection: Connection, account_id: UUID, digest: str, *, now_ns: int) -> bool:
    """Use up a recovery code; False when it is not one of the account's, or was used."""
    c = recovery_code.c
    unused = update(recovery_code).where(c.account == account_id, c.digest == digest, c.used_at.is_(None))
    return connection.execute(unused.values(used_at=now_ns)).rowcount > 0


def _passkey(row: object) -> Passkey:
    values = dict(row)  # type: ignore[call-overload]  # a row's mapping
    values["transports"] = msgspec.json.decode(values["transports"], type=tuple[str, ...])
    return Passkey(**{**values, "backed_up": bool(values["backed_up"])})
