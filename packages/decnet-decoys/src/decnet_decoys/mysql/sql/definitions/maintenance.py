# SPDX-License-Identifier: MIT
"""CHECK, ANALYZE, OPTIMIZE, REPAIR and CHECKSUM TABLE: tables of InnoDB, and those that do not exist."""

import zlib
from typing import Final

from decnet_decoys.mysql.catalogue import Found, Outcome
from decnet_decoys.mysql.sql.budget import sized
from decnet_decoys.mysql.sql.describing import integer_column, text_column
from decnet_decoys.mysql.sql.evaluation.scopes import Scope
from decnet_decoys.mysql.sql.parsing import Parser
from decnet_decoys.mysql.sql.schemas import find, no_database
from decnet_decoys.mysql.sql.values import raw

_OPTIONS: Final = ("QUICK", "FAST", "MEDIUM", "EXTENDED", "CHANGED", "USE_FRM")
_SAID: Final = {
    "check": (("status", "OK"),),
    "analyze": (("status", "OK"),),
    "optimize": (
        ("note", "Table does not support optimize, doing recreate + analyze instead"),
        ("status", "OK"),
    ),
    "repair": (("note", "The storage engine for the table doesn't support repair"),),
}


def maintain(parser: Parser, scope: Scope) -> Outcome | None:
    """Say what a table's engine says; raises StatementError."""
    verb = parser.take("word").text.lower()
    parser.then("NO_WRITE_TO_BINLOG") or parser.then("LOCAL")
    if not (parser.then("TABLE") or parser.then("TABLES")):
        raise parser.fail()
    rows: list[tuple[str | None, ...]] = []
    for name, missing, view in _tables(parser, scope):
        if missing:
            rows += [(name, verb, "Error", missing), (name, verb, "status", "Operation failed")]
        elif view:
            rows += [(name, verb, "status", "OK")]
        else:
            rows += [(name, verb, *said) for said in _SAID[verb]]
    columns = [text_column(title, size) for title, size in (("Table", 512), ("Op", 40), ("Msg_type", 40))]
    columns.append(text_column("Msg_text", 1572864)._replace(kind=250))
    return Found(columns, rows)


def checksum(parser: Parser, scope: Scope) -> Outcome | None:
    """Say a number for a table's rows; raises StatementError."""
    parser.must("CHECKSUM")
    if not (parser.then("TABLE") or parser.then("TABLES")):
        raise parser.fail()
    rows: list[tuple[str | None, ...]] = []
    warnings = 0
    for name, missing, _ in _tables(parser, scope):
        warnings += bool(missing)
        rows.append((name, None if missing else str(_sum(scope, name))))
    return Found([text_column("Table", 1536), integer_column("Checksum", 21)], rows, warnings)


def _tables(parser: Parser, scope: Scope) -> list[tuple[str, str, bool]]:
    """Return each table's name, why there is none, and whether it is a view."""
    made = []
    for database, name in parser.listed(parser.path):
        if not (database or scope.visitor.database):
            raise no_database()
        found, table = find(scope.visitor, database, name)
        missing = f"Table '{found}.{name}' doesn't exist" if table is None else ""
        made.append((f"{found}.{name}", missing, bool(table is not None and table.query)))
    while parser.sees(*_OPTIONS):
        parser.at += 1
    if parser.then("FOR"):
        parser.must("UPGRADE")
    if not parser.ends():
        raise parser.fail()
    return made


def _sum(scope: Scope, name: str) -> int:
    _, table = find(scope.visitor, *name.split(".", 1))
    total = 0
    for row in table.rows if table is not None else ():
        data = 0
        for one in row:
            sized(one)
            data = zlib.crc32(raw(one) if one is not None else b"", data)
        total += data
    return total & 0xFFFFFFFF
