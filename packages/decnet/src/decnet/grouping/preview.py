# SPDX-License-Identifier: MIT
"""Decisions about groups as they would be written, or were, with those whom they are about."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from decnet_models.grouping.decisions import all_decisions
from decnet_models.grouping.shape import Grouping
from decnet_models.grouping.values import Decision


class Taken(msgspec.Struct, frozen=True):
    """Decisions, whether they were written, and the subjects that they are about."""

    written: bool
    decisions: tuple[Decision[Any], ...]
    subjects: tuple[str, ...]


def taken(
    connection: Connection, g: Grouping[Any], make: Callable[[Connection], Sequence[int]], *, dry_run: bool
) -> Taken:
    """Take the decisions that `make` writes; with `dry_run` say what they would be, and write nothing."""
    attempt = connection.begin_nested()
    numbers = set(make(connection))
    made = tuple(one for one in all_decisions(connection, g) if one.id in numbers)
    about = {str(one) for decision in made for one in (decision.subject, decision.other) if one is not None}
    moved = g.moved.c
    changes = [one.change for one in made if one.change is not None]
    for change in changes:
        about |= {
            str(one) for one in connection.execute(select(moved[g.subject]).where(moved.change == change)).scalars()
        }
    if dry_run:
        attempt.rollback()
    else:
        attempt.commit()
    return Taken(not dry_run, made, tuple(sorted(about)))
