# SPDX-License-Identifier: MIT
"""Pages of a listing with conditions that may be asked for or not: each combination of them is composed once.

SQLAlchemy takes a millisecond to compose a statement of a listing, which is several times what SQLite takes for a page
of 100 rows. So the conditions are declared with parameters in place of values, and a statement is kept for each set of
conditions, direction, and whether the page is the first one.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Connection, Select, bindparam, literal_column

from decnet_models.database.rows.keyset import Direction, in_order
from decnet_models.database.rows.row_select import RowSelect

MOST_STATEMENTS = 16
"""Of one listing, about 30 KiB each; those that were asked for last."""

Condition: TypeAlias = ColumnElement[bool] | Callable[[Connection], ColumnElement[bool]]


class PageSelect:
    """A SELECT in the order of some columns, page by page.

    `make` returns it for a connection, without conditions, order and limit. `conditions` are by name; one with a value
    has it as `bindparam(name)`, one that depends on the connection is a function of it. Rows are those of `RowSelect`.
    """

    def __init__(
        self,
        make: Callable[[Connection], Select[Any]],
        order: Sequence[ColumnElement[Any]],
        conditions: Mapping[str, Condition],
    ) -> None:
        self._make = make
        self._order = tuple(order)
        self._conditions = dict(conditions)
        self._after = [f"after_{place}" for place in range(len(self._order))]
        self._select = lru_cache(MOST_STATEMENTS)(self._composed)

    def rows(
        self,
        connection: Connection,
        limit: int,
        *,
        after: Sequence[Any] | None = None,
        direction: Direction = "desc",
        **given: Any,
    ) -> Sequence[Any]:
        """Return up to `limit` rows that fulfil the conditions whose value in `given` is not None.

        `after` has the values of the order's columns of the row before, None: from the beginning. Raises KeyError for a
        condition that there is not.
        """
        values = {name: value for name, value in given.items() if value is not None}
        asked = self._select(frozenset(values), direction, after is not None)
        if after is not None:
            values |= zip(self._after, after, strict=True)
        return asked.rows(connection, limit=limit, **values)

    def _composed(self, names: frozenset[str], direction: Direction, later: bool) -> RowSelect:
        asked = [self._conditions[name] for name in sorted(names)]
        places = zip(self._after, self._order, strict=True)
        after = [bindparam(name, type_=column.type) for name, column in places] if later else None

        def make(connection: Connection) -> Select[Any]:
            conditions = [one(connection) if callable(one) else one for one in asked]
            query = in_order(self._make(connection).where(*conditions), self._order, after, direction)
            return query.limit(bindparam("limit")).offset(literal_column("0"))

        return RowSelect(make)
