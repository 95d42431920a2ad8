# SPDX-License-Identifier: MIT
"""Pages of a list by the values of the row before (keyset pagination): a late page costs what the first one does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

from sqlalchemy import ColumnElement, Select, tuple_

Direction: TypeAlias = Literal["desc", "asc"]
"""Highest values first, or lowest."""


def in_order(
    query: Select[Any],
    columns: Sequence[ColumnElement[Any]],
    after: Sequence[Any] | None,
    direction: Direction = "desc",
) -> Select[Any]:
    """Return the query in the order of `columns`, beginning after the row that has the values `after`, or parameters.

    The first column is compared by itself, too: SQLite looks up no more of a row value than that in an index.
    """
    ordered = query.order_by(*(columns if direction == "asc" else (column.desc() for column in columns)))
    if after is None:
        return ordered
    place: Any = tuple_(*after) if isinstance(after[0], ColumnElement) else tuple(after)
    if direction == "asc":
        return ordered.where(columns[0] >= after[0], tuple_(*columns) > place)
    return ordered.where(columns[0] <= after[0], tuple_(*columns) < place)
