# SPDX-License-Identifier: MIT
"""Rows for every table, as many as are asked for, to see what a query costs when the database has grown.

They fit the arguments of `query_smoke`. Each name, digest and UUID of a sample is that of FEW rows in the middle of a
table, as one attacker has few of all commands; and the sample's moment (1) is near its end: FEW rows are after it. So a
query that an index serves costs the same at any size; one that sorts, counts, or walks over what it does not want, not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Connection, String, Table, Uuid, text
from sqlalchemy.types import Float, Integer, LargeBinary

from decnet_core.events.catalogue import CommandRun
from decnet_core.events.codec import encode_payload
from decnet_models.database.columns import JSON_TEXT, SEQUENCE
from decnet_models.database.statements import copy_into

FEW = 20
"""Rows that have one sample value, and rows after the sample's moment."""

STAND = {
    "account": "people",
    "api_token": "what people gave to programs",
    "decky": "the fleet's own hosts",
    "decky_lease": "the fleet's own hosts",
    "decky_policy": "the fleet's own hosts",
    "decky_service": "the fleet's own hosts",
    "decky_state": "the fleet's own hosts",
    "event_forgotten": "a row for each kind",
    "event_volume": "a row for each hour and kind",
    "ingest_position": "a row for each spool",
    "intel_request": "bounded by a setting",
    "lease": "a row for each worker and shard",
    "persona": "written by people",
    "provider_quota": "a row for each provider",
    "sensor": "the fleet's own hosts",
    "trouble": "a row for each trouble of the fleet that has not ended",
    "ttp_rule_state": "a row for each rule that is not simply on",
    "webhook": "written by people",
    "webhook_state": "a row for each webhook",
    "worker_cursor": "a row for each worker",
}
"""Tables that do not grow with what attackers do."""

Maker = Callable[[int, bool], Any]
"""Takes a row's number, and whether the row may have names in common with others; returns a column's value."""

_BATCH = 2000
_SHARED = 10
"""Rows that have a name in common, where a column need not tell rows apart."""
_FIXED: dict[str, Sequence[object]] = {
    "artifact.stored_at": (1,),
    "canary_token.kind": ("url",),
    "event.payload": (encode_payload(CommandRun("ssh", "id")).decode(),),
    "notice.body": ('{"kind":"attacker.observed","ts":1,"attacker":"192.0.2.1"}',),
    "synthetic_action.state": ("done",),
    "ttp_rule_state.state": ("disabled",),
    "webhook_delivery.state": ("delivered",),
}
"""What most rows hold in columns in which the code reads more than a text."""
_LISTS = {"reasons", "because", "drift", "kinds", "services", "personas"}
"""Columns whose JSON is a list; that of others is an object."""


def fill(connection: Connection, table: Table, rows: int) -> None:
    """Write about `rows` rows into the empty table; references and checks must be off, since nothing refers to them."""
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    made = populate(table, rows)
    if connection.dialect.name == "postgresql":
        copy_into(connection, f'COPY "{table.name}" ({names}) FROM STDIN', made)
        _number_after(connection, table)
        return
    marks = ", ".join("?" * len(table.columns))
    uuids = [place for place, column in enumerate(table.columns) if isinstance(column.type, Uuid)]
    while batch := [_plain(row, uuids) for row in islice(made, _BATCH)]:
        connection.exec_driver_sql(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', batch)


def populate(table: Table, rows: int) -> Iterator[list[Any]]:
    """Yield the rows of one table: half of the others, FEW for each column that a sample can name, the other half."""
    columns = list(table.columns)
    named = [place for place, column in enumerate(columns) if _is_name(column)]
    total = rows + FEW * len(named)
    makers = [_maker(column, total) for column in columns]
    for number in range(total):
        sample, nth = divmod(number - rows // 2, FEW)
        is_sample = 0 <= sample < len(named)
        row = [make(number, not is_sample) for make in makers]
        if is_sample and (nth == 0 or not _is_alone(columns[named[sample]])):
            column = columns[named[sample]]
            row[named[sample]] = UUID(int=1) if isinstance(column.type, Uuid) else "sample"
        yield row


def choices(column: Column[Any]) -> Sequence[object]:
    """Return what a column may hold if a CHECK or the code says so, else nothing."""
    fixed = _FIXED.get(f"{column.table.name}.{column.name}")
    if fixed:
        return fixed
    checks = [one for one in (*column.constraints, *column.table.constraints) if isinstance(one, CheckConstraint)]
    listed = (re.fullmatch(rf"{column.name} IN \((.*)\)", str(one.sqltext)) for one in checks)
    return [value.strip(" '") for found in listed if found for value in found[1].split(",")]


def _maker(column: Column[Any], total: int) -> Maker:
    kind = column.type
    if values := choices(column):
        return lambda number, _: values[number % len(values)]
    if isinstance(kind, BigInteger) or kind is SEQUENCE:
        return lambda number, _: None if column.nullable and number % 2 else number - total + FEW + 2
    if isinstance(kind, Boolean):
        return lambda number, _: number % 2 == 0
    if isinstance(kind, Uuid) or type(kind) is String:
        return _name_maker(column)
    if isinstance(kind, Integer):
        return lambda number, _: 100 + number % FEW
    constant = {Float: 1.0, LargeBinary: b""}.get(type(kind), "text")
    if kind is JSON_TEXT:
        constant = "[]" if column.name in _LISTS else "{}"
    return lambda *_: constant


def _name_maker(column: Column[Any]) -> Maker:
    keys = [key.name for key in column.table.primary_key]
    tells_apart = _is_alone(column) or column.name in keys[1:]
    made = _uuid if isinstance(column.type, Uuid) else lambda word: f"{column.name}{word}"
    return lambda number, shared: made(number // _SHARED if shared and not tells_apart else number)


def _uuid(word: int) -> UUID:
    return UUID(int=1000 + word)


def _is_alone(column: Column[Any]) -> bool:
    """Return whether no two rows may have the same value."""
    keys = [list(column.table.primary_key), *(list(one.columns) for one in column.table.indexes if one.unique)]
    return [column.name] in [[part.name for part in key] for key in keys]


def _is_name(column: Column[Any]) -> bool:
    return (isinstance(column.type, Uuid) or type(column.type) is String) and not choices(column)


def _plain(row: list[Any], uuids: Sequence[int]) -> tuple[Any, ...]:
    """Return a row as SQLite stores it; `uuids` are the places of UUIDs."""
    for place in uuids:
        row[place] = row[place].hex
    return tuple(row)


def _number_after(connection: Connection, table: Table) -> None:
    """Let PostgreSQL number what is inserted next after what is there; SQLite does that by itself."""
    for column in table.primary_key:
        if column.autoincrement is True:
            place = {"table": table.name, "column": column.name}
            connection.execute(text("SELECT setval(pg_get_serial_sequence(:table, :column), 1000000)"), place)
