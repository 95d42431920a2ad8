# SPDX-License-Identifier: MIT
"""CREATE, DROP and RENAME of tables and views."""

from msgspec.structs import replace

from decnet_decoys.mysql.catalogue import MOST_NAMES, Done, Visitor
from decnet_decoys.mysql.sql.budget import step
from decnet_decoys.mysql.sql.definitions.columns import MOST_COLUMNS, check_columns, element
from decnet_decoys.mysql.sql.evaluation.scopes import Scope, StatementError
from decnet_decoys.mysql.sql.parsing import Parser
from decnet_decoys.mysql.sql.reading import plain
from decnet_decoys.mysql.sql.schemas import (
    INFORMATION,
    find,
    no_database,
    of_the_server,
    table_of,
    unknown_database,
)
from decnet_decoys.mysql.sql.selects.selecting import Result, selected
from decnet_decoys.mysql.sql.selects.syntax import parse_select
from decnet_decoys.mysql.sql.tables import BadValueError, ColumnDefinition, Stored, kept, table_weight


def create_table(parser: Parser, scope: Scope) -> Done:  # noqa: C901
    """CREATE TABLE, with its columns, LIKE another or AS a SELECT."""
    parser.then("TEMPORARY")
    parser.must("TABLE")
    exists = parser.then("IF", "NOT", "EXISTS")
    database, name = parser.path()
    made = Stored([])
    query = None
    if parser.then("LIKE") or parser.then("(", "LIKE"):
        other = parser.path()
        parser.then(")")
        made.columns = [replace(one) for one in table_of(scope.visitor, *other)[1].columns]
    else:
        if parser.then("("):
            parser.listed(lambda: element(parser, made))
            parser.must(")")
        elif not parser.sees("AS", "SELECT"):
            raise parser.fail()
        while not parser.ends() and not parser.sees("AS", "SELECT"):
            parser.at += 1
        parser.then("AS")
        if not parser.ends():
            query = parse_select(parser)
    tables = tables_of(scope.visitor, database)
    if name in tables:
        if exists:
            return Done(0, 0, 1)
        raise StatementError(1050, "42S01", f"Table '{name}' already exists")
    if query is not None:
        _fill(made, selected(query, scope))
    check_columns(made)
    size = table_weight(made)
    catalogue = scope.visitor.catalogue
    if len(tables) >= MOST_NAMES or not catalogue.take(size):
        return Done()
    if not catalogue.has_room(name, *(one.name for one in made.columns)):
        catalogue.take(-size)
        return Done()
    tables[name] = made
    catalogue.changed = True
    info = f"Records: {len(made.rows)}  Duplicates: 0  Warnings: 0" if query is not None else ""
    return Done(len(made.rows), 0, 0, info)


def _fill(made: Stored, result: Result) -> None:
    for one in result.columns[:MOST_COLUMNS]:
        kind, sizes = (
            ("int", (one.size,))
            if one.kind in (3, 8)
            else ("decimal", (20, one.decimals))
            if one.kind == 246
            else ("double", ())
            if one.kind == 5
            else ("longblob", ())
            if not one.text
            else ("varchar", (max(1, one.size // 4),))
        )
        made.columns.append(ColumnDefinition(one.name[:64], kind, sizes, not_null=bool(one.flags & 1)))
    for row in result.rows:
        step(1 + len(row))
        try:
            made.rows.append(tuple(kept(column_, one) for column_, one in zip(made.columns, row, strict=False)))
        except BadValueError:
            continue


def tables_of(visitor: Visitor, database: str) -> dict[str, Stored]:
    """Return the tables of the database in which a table is to be made."""
    database = database or visitor.database
    if not database:
        raise no_database()
    if database.lower() == INFORMATION:
        raise of_the_server(visitor)
    tables: dict[str, Stored] | None = visitor.catalogue.databases.get(database)
    if tables is None:
        raise unknown_database(database)
    return tables


def drop_table(parser: Parser, scope: Scope) -> Done:
    """DROP TABLE."""
    parser.then("TEMPORARY")
    parser.must("TABLE")
    exists = parser.then("IF", "EXISTS")
    names = parser.listed(parser.path)
    if not (parser.then("CASCADE") or parser.then("RESTRICT") or parser.ends()):
        raise parser.fail()
    missing = []
    for database, name in names:
        place, table = find(scope.visitor, database, name)
        tables = scope.visitor.catalogue.databases.get(place, {})
        if table is None or name not in tables or table.query:
            missing.append(f"{place}.{name}")
            continue
        forget(scope.visitor, tables, name)
    if missing and not exists:
        raise StatementError(1051, "42S02", f"Unknown table '{','.join(missing)}'")
    return Done(0, 0, len(missing))


def forget(visitor: Visitor, tables: dict[str, Stored], name: str) -> None:
    """Drop a table that is there; its memory and its names are given back to the catalogue."""
    table = tables.pop(name)
    visitor.catalogue.changed = True
    visitor.catalogue.give_back(name, *(one.name for one in table.columns))
    visitor.catalogue.take(-table_weight(table))


def create_view(parser: Parser, scope: Scope) -> Done:
    """CREATE VIEW."""
    replaces = parser.then("OR", "REPLACE")
    parser.must("VIEW")
    database, name = parser.path()
    parser.must("AS")
    start = parser.token.at
    query = parse_select(parser)
    if not parser.ends():
        raise parser.fail()
    selected(query, scope)
    tables = tables_of(scope.visitor, database)
    if name in tables and not replaces:
        raise StatementError(1050, "42S01", f"Table '{name}' already exists")
    words = plain(parser.sql[start : parser.token.at])
    if len(tables) < MOST_NAMES and scope.visitor.catalogue.has_room(name, words):
        tables[name] = Stored([], query=words)
    return Done()


def drop_view(parser: Parser, scope: Scope) -> Done:
    """DROP VIEW."""
    parser.must("VIEW")
    exists = parser.then("IF", "EXISTS")
    database, name = parser.path()
    place, table = find(scope.visitor, database, name)
    tables = scope.visitor.catalogue.databases.get(place, {})
    if table is None or not table.query:
        if exists:
            return Done(0, 0, 1)
        raise StatementError(4092, "42S02", f"Unknown VIEW: '{place}.{name}'")
    scope.visitor.catalogue.give_back(name, tables.pop(name).query)
    return Done()


def _two_paths(parser: Parser) -> tuple[tuple[str, str], tuple[str, str]]:
    first = parser.path()
    parser.must("TO")
    return first, parser.path()


def rename_table(parser: Parser, scope: Scope) -> Done:
    """RENAME TABLE."""
    parser.must("TABLE")
    for (database, name), (other, new) in parser.listed(lambda: _two_paths(parser)):
        rename(scope, database, name, other, new)
    return Done()


def rename(scope: Scope, database: str, name: str, other: str, new: str) -> None:
    """Move a table to another name, or database; raises StatementError if there is one of that name."""
    place, _ = table_of(scope.visitor, database, name)
    tables = tables_of(scope.visitor, other or place)
    if new in tables:
        raise StatementError(1050, "42S01", f"Table '{new}' already exists")
    moved = scope.visitor.catalogue.databases.get(place, {}).pop(name, None)
    if moved is not None:
        tables[new] = moved
