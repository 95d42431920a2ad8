# SPDX-License-Identifier: MIT
"""The operator's decisions, which overrule evidence."""

from typing import Any

from sqlalchemy import Connection, insert, select, update

from decnet_core.text import for_column
from decnet_models.grouping.shape import Grouping
from decnet_models.grouping.values import Decision, S


def decide(connection: Connection, g: Grouping[S], decision: Decision[S]) -> int:
    """Store a decision (its `id` is ignored) and return its number.

    Raises sqlalchemy.exc.IntegrityError when it does not name exactly what its kind needs.
    """
    values = {
        "kind": decision.kind,
        g.subject: decision.subject,
        "other": decision.other,
        g.key: decision.group,
        "change": decision.change,
        "author": for_column(decision.author, 255),
        "reason": for_column(decision.reason),
        "created_at": decision.created_at,
    }
    return int(connection.execute(insert(g.decision).values(**values).returning(g.decision.c.id)).scalar_one())


def withdraw(connection: Connection, g: Grouping[Any], decision_id: int, *, now_ns: int) -> bool:
    """Withdraw a decision; False when there is no such decision in force."""
    c = g.decision.c
    statement = update(g.decision).where(c.id == decision_id, c.withdrawn_at.is_(None))
    return connection.execute(statement.values(withdrawn_at=now_ns)).rowcount > 0


def decisions(
    connection: Connection, g: Grouping[S], limit: int = 1000, *, after: int = 0, withdrawn: bool = False
) -> list[Decision[S]]:
    """Return the decisions in force, oldest first; page on with `after` = the last one's `id`.

    With `withdrawn` those that were withdrawn are among them.
    """
    c = g.decision.c
    named = (c.id, c.kind, c[g.subject], c.other, c[g.key], c.change)
    query = select(*named, c.author, c.reason, c.created_at, c.withdrawn_at)
    query = query.where(c.id > after).order_by(c.id).limit(limit)
    if not withdrawn:
        query = query.where(c.withdrawn_at.is_(None))
    return [Decision(**dict(zip(Decision.__struct_fields__, row, strict=True))) for row in connection.execute(query)]


def all_decisions(connection: Connection, g: Grouping[S], *, withdrawn: bool = False) -> list[Decision[S]]:
    """Return what `decisions` does without a limit: people make them, so there are not many."""
    found: list[Decision[S]] = []
    while page := decisions(connection, g, after=found[-1].id if found else 0, withdrawn=withdrawn):
        found += page
    return found
