# SPDX-License-Identifier: MIT
"""Writes the operator's decisions about groups; the worker follows them when it next looks."""

import time
from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from decnet.cli.errors import NotFoundError, WrongUsageError
from decnet.cli.operator_name import operator
from decnet.grouping.naming import group_named, member_named, subject_named
from decnet_models.grouping import changes, decisions
from decnet_models.grouping.membership import groups_of, members
from decnet_models.grouping.shape import Grouping
from decnet_models.grouping.values import Decision

_MOST = 100_000


def join(connection: Connection, g: Grouping[Any], names: Sequence[str], reason: str, *, author: str = "") -> list[int]:
    """Decide that subjects, or those of groups, are together; return the numbers of the decisions."""
    first, *others = [member_named(connection, g, each) for each in names]
    if not others:
        raise WrongUsageError("name two or more")
    return [_pair(connection, g, "together", (each, first), (reason, author)) for each in others]


def separate(
    connection: Connection, g: Grouping[Any], names: tuple[str, str], reason: str, *, author: str = ""
) -> list[int]:
    """Decide that two subjects are not together."""
    one, other = (subject_named(g, each) for each in names)
    return [_pair(connection, g, "apart", (one, other), (reason, author))]


def take_out(
    connection: Connection, g: Grouping[Any], names: Sequence[str], reason: str, *, author: str = ""
) -> list[int]:
    """Decide that subjects of one group are another's, together."""
    leaving = [subject_named(g, each) for each in names]
    group = group_named(connection, g, names[0])
    inside = groups_of(connection, g, leaving)
    staying = [one for one in members(connection, g, group, _MOST) if one.subject not in leaving]
    strangers = [each for each in leaving if inside.get(each) != group]
    if strangers or not staying:
        problem = f"{strangers[0]} is not in it" if strangers else "nobody would be left"
        raise WrongUsageError(f"this cannot be split from {g.key} {group}: {problem}")
    first = min(staying, key=lambda one: (one.first_seen, one.subject)).subject
    made = [_pair(connection, g, "apart", (each, first), (reason, author)) for each in leaving]
    return made + [_pair(connection, g, "together", (each, leaving[0]), (reason, author)) for each in leaving[1:]]


def pin(connection: Connection, g: Grouping[Any], name: str, to: str, reason: str, *, author: str = "") -> list[int]:
    """Decide that a subject is in a group: without a name of one in that in which it is now."""
    subject, group = subject_named(g, name), group_named(connection, g, to or name)
    return [_decide(connection, g, "pinned", (reason, author), subject=subject, group=group)]


def undo(connection: Connection, g: Grouping[Any], change: int, reason: str, *, author: str = "") -> list[int]:
    """Decide that a merge or a split is to be undone."""
    if changes.change(connection, g, change) is None:
        raise NotFoundError(f"there is no change {change}; decnet {g.key} ID lists them")
    return [_decide(connection, g, "undone", (reason, author), change=change)]


def withdraw(connection: Connection, g: Grouping[Any], number: int) -> None:
    """Withdraw a decision; NotFoundError when it is not in force."""
    if not decisions.withdraw(connection, g, number, now_ns=time.time_ns()):
        raise NotFoundError(f"no decision {number} is in force")


def _pair(
    connection: Connection,
    g: Grouping[Any],
    kind: Literal["together", "apart"],
    named: tuple[Any, Any],
    why: tuple[str, str],
) -> int:
    if named[0] == named[1]:
        raise WrongUsageError("name two different ones")
    return _decide(connection, g, kind, why, subject=named[0], other=named[1])


def _decide(
    connection: Connection,
    g: Grouping[Any],
    kind: Literal["together", "apart", "pinned", "undone"],
    why: tuple[str, str],
    *,
    subject: Any = None,
    other: Any = None,
    group: UUID | None = None,
    change: int | None = None,
) -> int:
    """Write a decision; `why` is the reason, and who decides (empty: who runs the command)."""
    reason, author = why
    decision = Decision[Any](0, kind, subject, other, group, change, author or operator(), reason, time.time_ns())
    try:
        return decisions.decide(connection, g, decision)
    except IntegrityError as error:
        raise NotFoundError(f"that names no {g.subject} or {g.key} that there is") from error
