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
_NEWEST = _WALKED.limit(bindparam("rows")).offset(literal_column("0")).subquery()
_N = _NEWEST.c
_SHOWN = select(_N.seq, _N.id, _N.ts).order_by(_N.seq.desc()).limit(bindparam("limit")).offset(literal_column("0"))
_ROWS = {True: RowSelect(lambda _: _SHOWN), False: RowSelect(lambda _: _SHOWN.where(_N.synthetic.is_(False)))}


def newest_of(
    connection: Connection,
    limit: int,
    after: Position | None,
    *,
    synthetic: bool,
    known: Callable[[int, Any], T | None],
    make: Callable[[Sequence[Any]], T],
) -> tuple[list[T], Position | None] | None:
    """Return what `walk.page_of` does of a query without conditions; None: it must be asked, which looks further.

    `known(seq, id)` returns what `make` makes of the row of an event if that is known, else None.
    """
    high = ABOVE if after is None else after[1]
    found = _ROWS[synthetic].rows(connection, high=high, rows=2 * limit + _ROOM, limit=limit)
    if len(found) < limit:
        return None
    taken = {seq: known(seq, id_) for seq, id_, _ in found}
    missing = [seq for seq, one in taken.items() if one is None]
    try:
        made = {seq: make(row) for seq, row in rows_of(connection, missing).items()}
    except BadEventError:
        return None
    return [made[seq] if one is None else one for seq, one in taken.items()], (found[-1][2], found[-1][0])
