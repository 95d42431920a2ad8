# SPDX-License-Identifier: MIT
"""ALTER TABLE."""

from decnet_decoys.mysql.catalogue import Done
from decnet_decoys.mysql.sql.budget import step
from decnet_decoys.mysql.sql.definitions.columns import KEYS_AND_CHECKS, MOST_COLUMNS, column, element
from decnet_decoys.mysql.sql.definitions.tables import rename
from decnet_decoys.mysql.sql.evaluation.scopes import Scope, StatementError
from decnet_decoys.mysql.sql.parsing import Parser
from decnet_decoys.mysql.sql.schemas import INFORMATION, table_of
from decnet_decoys.mysql.sql.tables import (
    BadValueError,
    ColumnDefinition,
    Stored,
    cell_weight,
    column_weight,
    kept,
)
from decnet_decoys.mysql.sql.values import Value


def alter_table(parser: Parser, scope: Scope) -> Done:
    """ALTER TABLE: columns that are added, dropped, changed, and a new name; other changes are taken as made."""
    parser.must("TABLE")
    database, name = parser.path()
    place, table = table_of(scope.visitor, database, name)
    if place in (INFORMATION, "mysql"):
        return Done()
    if table.query:
        raise StatementError(1347, "HY000", f"'{place}.{name}' is not of type 'BASE TABLE'")
    scope.visitor.changing(place, name, table)
    quiet = parser.sees("RENAME", "DISABLE", "ENABLE")
    enables = parser.sees("ENABLE")
    copies = parser.sees("MODIFY", "CHANGE")
    parser.listed(lambda: _alteration(parser, scope, table, place, name))
    if not parser.ends():
        raise parser.fail()
    if quiet:
        return Done(0, 0, int(enables))
    records = len(table.rows) if copies else 0
    return Done(records, 0, 0, f"Records: {records}  Duplicates: 0  Warnings: 0")


def _alteration(parser: Parser, scope: Scope, table: Stored, database: str, name: str) -> None:  # noqa: C901
    if parser.then("ADD"):
        parser.then("COLUMN")
        if parser.sees(*KEYS_AND_CHECKS):
            element(parser, table)
            return
        for one in parser.bracketed(lambda: column(parser)) if parser.sees("(") else [column(parser)]:
            _add(scope, table, one)
    elif parser.then("DROP"):
        parser.then("COLUMN")
        if parser.then("PRIMARY", "KEY"):
            return
        _drop(table, parser.name())
    elif parser.sees("MODIFY", "CHANGE"):
        changes = parser.then("CHANGE")
        if not changes:
            parser.must("MODIFY")
        parser.then("COLUMN")
        old = parser.name() if changes else ""
        new = column(parser)
        index = _place(table, old or new.name)
        if not scope.visitor.catalogue.take(column_weight(new) - column_weight(table.columns[index])):
            raise StatementError(1114, "HY000", f"The table '{name}' is full")
        table.columns[index] = new
    elif parser.then("RENAME"):
        if not parser.then("TO"):
            parser.then("AS")
        rename(scope, database, name, *parser.path())
    else:
        while not parser.ends() and not parser.sees(","):
            parser.at += 1


def _place(table: Stored, name: str) -> int:
    if name.lower() not in table.names:
        raise StatementError(1054, "42S22", f"Unknown column '{name}' in '{table.columns[0].name}'")
    return table.names.index(name.lower())


def _add(scope: Scope, table: Stored, one: ColumnDefinition) -> None:
    if one.name.lower() in table.names:
        raise StatementError(1060, "42S21", f"Duplicate column name '{one.name}'")
    cell = (
        _kept(one, one.default)
        if one.default not in (None, "current_timestamp()")
        else 0
        if one.not_null and "int" in one.kind
        else ""
        if one.not_null
        else None
    )
    size = column_weight(one) + len(table.rows) * cell_weight(cell) + len(one.name)
    if len(table.columns) >= MOST_COLUMNS or not scope.visitor.catalogue.take(size):
        raise StatementError(1117, "HY000", "Too many columns")
    table.columns.append(one)
    step(len(table.rows) * (1 + len(table.columns) // 16))
    table.rows[:] = [(*row, cell) for row in table.rows]


def _kept(one: ColumnDefinition, given: Value) -> str | int | float | bytes | None:
    try:
        return kept(one, given)
    except BadValueError:
        raise StatementError(1067, "42000", f"Invalid default value for '{one.name}'") from None


def _drop(table: Stored, name: str) -> None:
    if name.lower() not in table.names:
        raise StatementError(1091, "42000", f"Can't DROP COLUMN `{name}`; check that it exists")
    if len(table.columns) == 1:
        raise StatementError(1090, "42000", "You can't delete all columns with ALTER TABLE; use DROP TABLE instead")
    index = table.names.index(name.lower())
    del table.columns[index]
    step(len(table.rows) * (1 + len(table.columns) // 16))
    table.rows[:] = [row[:index] + row[index + 1 :] for row in table.rows]
