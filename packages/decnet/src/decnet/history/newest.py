# SPDX-License-Identifier: MIT
"""The newest events of the whole log, of which most are known already: the page that is asked for most.

A row has 13 columns, and to read one of them takes a third of what the step to the row does. So only those are read
first that say which rows the page has, and the rows whole only of events that the caller does not have.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, bindparam, literal_column, select

from decnet.history.stretches import ABOVE, Position
from decnet_core.events.codec import BadEventError
from decnet_models.database.rows.row_select import RowSelect
from decnet_models.events.tables import event
from decnet_models.events.walking import rows_of

T = TypeVar("T")

_ROOM = 10
_C = event.c
_WALKED = select(_C.seq, _C.id, _C.ts, _C.synthetic).where(bindparam("high") > _C.seq).order_by(_C.seq.desc())
_ALL = RowSelect(lambda _: _WALKED.limit(bindparam("limit")).offset(literal_column("0")))
_NEWEST = _WALKED.limit(bindparam("rows")).offset(literal_column("0")).subquery()
_OTHERS = select(_NEWEST).where(_NEWEST.c.synthetic.is_(False)).order_by(_NEWEST.c.seq.desc())
_NOT_SYNTHETIC = RowSelect(lambda _: _OTHERS.limit(bindparam("limit")).offset(literal_column("0")))


def newest_of(
    connection: Connection,
    limit: int,
    after: Position | None,
    *,
    synthetic: bool,
    known: Callable[[Sequence[tuple[int, Any]]], Sequence[T | None]],
    make: Callable[[Sequence[Any]], T],
) -> tuple[list[T], Position | None] | None:
    """Return what `walk.page_of` does of a query without conditions; None: it must be asked, which looks further.

    `known([(seq, id), ...])` returns what `make` makes of the row of each event, None where that is not known.
    """
    high = ABOVE if after is None else after[1]
    found = _ALL.rows(connection, high=high, limit=limit)
    if not synthetic and any(row[3] for row in found):
        found = _NOT_SYNTHETIC.rows(connection, high=high, rows=2 * limit + _ROOM, limit=limit)
    if len(found) < limit:
        return None
    taken = dict(zip((row[0] for row in found), known([row[:2] for row in found]), strict=True))
    missing = [seq for seq, one in taken.items() if one is None]
    try:
        made = {seq: make(row) for seq, row in rows_of(connection, missing).items()} if missing else {}
    except BadEventError:
        return None
    return [made[seq] if one is None else one for seq, one in taken.items()], (found[-1][2], found[-1][0])
