# SPDX-License-Identifier: MIT
"""The answers to writes that have an Idempotency-Key, so that one who sends it again gets the same answer."""

from __future__ import annotations

from uuid import UUID

import msgspec
from sqlalchemy import Connection, delete, func, select, update

from decnet_models.accounts.tables import kept_answer
from decnet_models.database.statements import insert_into


class KeptAnswer(msgspec.Struct, frozen=True):
    """What is known of a request that came before; `status` None: it has not been answered."""

    digest: str
    account: UUID
    request: str
    status: int | None
    answer: bytes | None
    expires_at: int


def claim(connection: Connection, wanted: KeptAnswer, *, now_ns: int, most: int) -> KeptAnswer | None:
    """Keep a place for the answer and return None; if there is one already return that.

    Forgets what has expired, and of an account's others so many that at most `most` are left.
    """
    c = kept_answer.c
    connection.execute(delete(kept_answer).where(c.expires_at <= now_ns))
    insert = insert_into(connection, kept_answer).values(**msgspec.structs.asdict(wanted))
    new = connection.execute(insert.on_conflict_do_nothing(index_elements=["digest"]).returning(c.digest)).first()
    if new is None:
        return KeptAnswer(*connection.execute(select(kept_answer).where(c.digest == wanted.digest)).one())
    _limit(connection, wanted.account, most)
    return None


def keep(connection: Connection, digest: str, status: int, answer: bytes | None) -> None:
    """Keep the answer in the place that was claimed."""
    connection.execute(update(kept_answer).where(kept_answer.c.digest == digest).values(status=status, answer=answer))


def release(connection: Connection, digest: str) -> None:
    """Give the place back: nothing was done."""
    connection.execute(delete(kept_answer).where(kept_answer.c.digest == digest))


def _limit(connection: Connection, account: UUID, most: int) -> None:
    c = kept_answer.c
    count = connection.execute(select(func.count()).where(c.account == account)).scalar_one()
    if count > most:
        oldest = select(c.digest).where(c.account == account).order_by(c.expires_at, c.digest).limit(count - most)
        connection.execute(delete(kept_answer).where(c.digest.in_(oldest)))
