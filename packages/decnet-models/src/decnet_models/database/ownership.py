# SPDX-License-Identifier: MIT
"""One writer per table (law 4), enforced by each worker's engine: a write to another's table is never sent.

It costs one look at the first word of a statement, below a microsecond, so it is always on: a defect shows in the first
test or warm-up, not as a row that two workers disagree about. On PostgreSQL, roles enforce the same (`grants`).
"""

import re
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, Table, event

from decnet_models.database.domains import loaded_metadata
from decnet_models.errors import DatabaseError

OWNER = "owner"
"""Key of `Table.info`: the writer of the table, several names separated by commas."""
READERS = "readers"
"""Key of `Table.info`: other readers of the table."""
REPLAY = "replay"
"""Key of `Table.info`: what a replay does with the rows (`decnet_models.following.replay`)."""
SUMS = "sums"
STATE = "state"
ANY = frozenset({"any worker", "each worker its own row"})
"""Owners of the two kinds of tables that all workers write."""

_WRITES = re.compile(
    r"\s*(?:WITH\b.*?)?\b(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|REPLACE\s+INTO|MERGE\s+INTO|UPDATE(?:\s+ONLY)?"
    r'|DELETE\s+FROM(?:\s+ONLY)?|TRUNCATE(?:\s+TABLE)?|COPY)\s+(?:"?\w+"?\.)?"?(\w+)"?',
    re.IGNORECASE | re.DOTALL,
)
_VERBS = frozenset({"INSE", "UPDA", "DELE", "REPL", "MERG", "TRUN", "COPY", "WITH"})


class NotOwnerError(DatabaseError):
    """A worker attempted to write another's table: a defect of ours."""


def target(statement: str) -> str | None:
    """Return the table that a statement writes, None for one that writes none."""
    if statement.lstrip()[:4].upper() not in _VERBS:
        return None
    write = _WRITES.match(statement)
    return write.group(1) if write else None


def owners(table: Table) -> frozenset[str]:
    """Return the names of the writers of `table`; one of ANY if all workers write it."""
    return frozenset(name.strip() for name in str(table.info[OWNER]).split(","))


def may_write(table: Table, worker: str) -> bool:
    """Return whether `worker` is one of those who write `table`."""
    writers = owners(table)
    return worker in writers or bool(writers & ANY)


def is_emptied(table: Table) -> bool:
    """Return whether a replay empties the table."""
    return table.info.get(REPLAY) in (SUMS, STATE)


def guard(engine: Engine, worker: str) -> None:
    """Make `engine` reject, with NotOwnerError, writes to tables of other workers."""
    event.listen(engine, "before_cursor_execute", _checking(worker))


def _checking(worker: str) -> Callable[..., None]:
    allowed: dict[str, bool] = {}

    def check(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        del connection, cursor
        name = target(statement)
        if name is None:
            return
        if name not in allowed:
            allowed[name] = all(
                may_write(metadata.tables[name], worker) for metadata in loaded_metadata() if name in metadata.tables
            )
        if not allowed[name]:
            raise NotOwnerError(f"{worker} may not write the table {name}: it is another worker's")

    return check
