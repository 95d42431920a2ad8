# SPDX-License-Identifier: MIT
"""The windows of correlation rules: what each has counted of a group, and until when that may still matter (ns)."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Insert, bindparam, delete

from decnet_models.database.rows.row_insert import RowInsert
from decnet_models.database.statements import as_json, insert_into
from decnet_models.ttp.tables import ttp_window

WindowKey: TypeAlias = tuple[UUID, str]
"""A correlation rule's id and the digest of one group."""
Entries: TypeAlias = tuple[tuple[int, str], ...]
"""Time and digest of what was counted."""

_NEVER = 2**63 - 1
_entries_decoder = msgspec.json.Decoder(Entries)


def windows(connection: Connection, keys: Iterable[WindowKey]) -> list[Entries]:
    """Return the counts of windows in the order of `keys`, none where there is no window: one query for all.

    A rule has few groups in a batch of events, and there are hundreds of rules. Each key is one text, which SQLite
    takes apart in half the time that `rows_at` needs for a pair.
    """
    asked = [rule_id.hex + digest for rule_id, digest in keys]
    found: list[Entries] = [()] * len(asked)
    if not asked:
        return found
    statement = _SQLITE_WINDOWS if connection.dialect.name == "sqlite" else _POSTGRESQL_WINDOWS
    for place, entries in connection.exec_driver_sql(statement, (as_json(asked),)):
        found[place] = _entries_decoder.decode(entries)
    return found


_SQLITE_WINDOWS = (
    "SELECT asked.key, ttp_window.entries FROM json_each(?) AS asked CROSS JOIN ttp_window"
    " ON ttp_window.rule_id = substr(asked.value, 1, 32) AND ttp_window.group_digest = substr(asked.value, 33)"
)
_POSTGRESQL_WINDOWS = (
    "SELECT asked.place - 1, ttp_window.entries"
    " FROM json_array_elements_text(%s::json) WITH ORDINALITY AS asked(key, place) JOIN ttp_window"
    " ON ttp_window.rule_id = substr(asked.key, 1, 32)::uuid AND ttp_window.group_digest = substr(asked.key, 33)"
)


def save_windows(connection: Connection, windows: Mapping[WindowKey, tuple[Entries, int]]) -> None:
    """Write windows with the time span of their rule (ns); an empty one is removed."""
    prepared(connection, [(*key, *window) for key, window in windows.items()])(connection)


def prepared(connection: Connection, windows: Iterable[tuple[UUID, str, Entries, int]]) -> Callable[[Connection], None]:
    """Return what does what `save_windows` does; all that needs no transaction is done here."""
    kept, empty = [], []
    for rule_id, digest, entries, span_ns in windows:
        if entries:
            expires_at = min(_NEVER, entries[-1][0] + span_ns)
            kept.append((digest, rule_id, msgspec.json.encode(entries).decode(), expires_at))
        else:
            empty.append({"rule": rule_id, "group": digest})
    rows = _WINDOWS.prepared(connection, kept)

    def write(writer: Connection) -> None:
        if empty:
            writer.execute(_FORGET, empty)
        _WINDOWS.execute_prepared(writer, rows)

    return write


_FORGET = delete(ttp_window).where(
    ttp_window.c.rule_id == bindparam("rule"), ttp_window.c.group_digest == bindparam("group")
)


def _replacing(connection: Connection) -> Insert:
    statement = insert_into(connection, ttp_window)
    changed = {name: statement.excluded[name] for name in ("entries", "expires_at")}
    return statement.on_conflict_do_update(index_elements=["group_digest", "rule_id"], set_=changed)


_WINDOWS = RowInsert(ttp_window, [column.name for column in ttp_window.columns], _replacing)


def delete_windows(connection: Connection, ts: int, first: str, end: str) -> int:
    """Remove windows that an event at `ts` or later cannot fill any more; return how many.

    Of those only whose groups are at least `first` and less than `end`, for it looks at each of them.
    """
    group = ttp_window.c.group_digest
    expired = delete(ttp_window).where(group >= first, group < end, ttp_window.c.expires_at < ts)
    return connection.execute(expired).rowcount
