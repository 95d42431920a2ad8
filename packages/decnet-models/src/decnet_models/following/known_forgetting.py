# SPDX-License-Identifier: MIT
"""Removes what a worker found out about addresses before the operator said that they are his own.

The entries that ask for it (`decnet known add --forget`) are followed by a cursor of their own, in order. Events of
such an address that come later are passed over before, so nothing brings its rows back.
"""

import time
from collections.abc import Callable, Sequence

from sqlalchemy import Column, Connection, Engine

from decnet_models.database.addresses_in import addresses_in
from decnet_models.database.engine import reading, writing
from decnet_models.known.queries import to_forget
from decnet_models.progress.queries import advance_cursor, begin_cursor, cursor_of

Forget = Callable[[Connection, Sequence[str]], None]

_AT_ONCE = 100
"""Addresses in one transaction."""


class KnownForgetting:
    """Follows the entries for `worker`; `column` names the attackers of its rows, `forget` deletes those of some."""

    def __init__(self, engine: Engine, worker: str, column: Column[str], forget: Forget) -> None:
        self._engine = engine
        self._cursor = cursor_name(worker)
        self._column = column
        self._forget = forget

    def step(self) -> bool:
        """Forget some addresses; return whether there may be more to do."""
        with reading(self._engine) as connection:
            start = cursor_of(connection, self._cursor)
            source = to_forget(connection, start)
            if source is None:
                return False
            addresses = addresses_in(connection, self._column, source.network, _AT_ONCE)
        with writing(self._engine) as connection:
            end = start if addresses else source.id
            if advance_cursor(connection, self._cursor, start, end, now_ns=time.time_ns()) and addresses:
                self._forget(connection, addresses)
        return True


def begin(connection: Connection, worker: str) -> None:
    """Create the cursor of a new worker."""
    begin_cursor(connection, cursor_name(worker), now_ns=time.time_ns())


def cursor_name(worker: str) -> str:
    return f"{worker}.known"
