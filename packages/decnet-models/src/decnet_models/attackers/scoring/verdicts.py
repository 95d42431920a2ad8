# SPDX-License-Identifier: MIT
"""The verdict of others on an attacker, as a part of its score.

Events and verdicts come in any order, and neither must undo the other. So the row keeps the two parts apart, and each
statement that changes one of them adds both up by what the row then holds: the two commute.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, case, literal_column, update

from decnet_models.attackers.scoring.score import MAX_SCORE, VERDICT_POINTS
from decnet_models.attackers.tables import attacker

_POINTS = tuple(VERDICT_POINTS.items())


def total(behaviour: ColumnElement[Any], verdict: ColumnElement[Any]) -> ColumnElement[int]:
    """Return the whole score in SQL; `score.total` is the same in Python.

    Our own words and numbers are written into it: the merging statement has no other parameters than the row's.
    """
    points = case(
        *((verdict == _constant(f"'{name}'"), _constant(f"{n}")) for name, n in _POINTS), else_=_constant("0")
    )
    whole = behaviour + points
    most = _constant(f"{MAX_SCORE}")
    return case((whole > most, most), (whole < _constant("0"), _constant("0")), else_=whole)


def apply(connection: Connection, verdicts: Mapping[str, str]) -> None:
    """Set the verdict on each of the attackers, and their scores; those that are not attackers are passed over."""
    if not verdicts:
        return
    given = bindparam("given", type_=attacker.c.verdict.type)
    statement = update(attacker).where(attacker.c.ip == bindparam("who"))
    connection.execute(
        statement.values(verdict=given, score=total(attacker.c.behaviour_score, given)),
        [{"who": who, "given": verdict} for who, verdict in sorted(verdicts.items())],
    )


def _constant(sql: str) -> ColumnElement[Any]:
    return literal_column(sql)
