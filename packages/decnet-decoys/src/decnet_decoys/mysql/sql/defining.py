# SPDX-License-Identifier: MIT
"""CREATE, DROP, ALTER and RENAME of tables and views, and what DESCRIBE and SHOW CREATE say of them."""

from msgspec.structs import replace

from decnet_decoys.mysql.catalogue import MOST_NAMES, Done, Visitor
from decnet_decoys.mysql.sql.budget import step
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
from decnet_decoys.mysql.sql.selecting import Result, parse_select, selected
from decnet_decoys.mysql.sql.tables import (
    KINDS,
    BadValueError,
    ColumnDefinition,
    Stored,
    cell_weight,
    column_weight,
    kept,
    same_kind,
    table_weight,
)
from decnet_decoys.mysql.sql.values import Value

MOST_COLUMNS = 64
_END = ("PRIMARY", "KEY", "INDEX", "UNIQUE", "CONSTRAINT", "FOREIGN", "FULLTEXT", "CHECK", "SPATIAL")


def column(parser: Parser) -> ColumnDefinition:
    """Return a column as CREATE TABLE and ALTER TABLE define it."""
    made = ColumnDefinition(parser.name(), "")
    start = parser.at
    kind = same_kind(parser.take("word").text.lower())
    if kind == "double":
        parser.then("PRECISION")
    if kind not in KINDS:
        parser.at = start
        raise parser.fail()
    made.kind = kind
    if parser.then("("):
        if kind in ("enum", "set"):
            made.choices = tuple(plain(one.text[:64]) for one in parser.listed(lambda: parser.take("string")))
        else:
            made.sizes = tuple(min(65535, one) for one in parser.listed(parser.whole))
        parser.must(")")
    elif kind in {"varchar", "varbinary"}:
        raise parser.fail()
    while _attribute(parser, made):
        pass
    made.not_null = made.not_null or made.primary
    if kind == "timestamp" and not made.has_default and not made.not_null:
        made.has_default = True
    return made


def _attribute(parser: Parser, made: ColumnDefinition) -> bool:  # noqa: C901, PLR0912
    if parser.then("NOT", "NULL"):
        made.not_null = True
    elif parser.then("NULL") or parser.then("ZEROFILL") or parser.then("SIGNED") or parser.then("BINARY"):
        pass
    elif parser.then("UNSIGNED"):
        made.unsigned = True
    elif parser.then("AUTO_INCREMENT"):
        made.auto = True
    elif parser.then("PRIMARY", "KEY") or parser.then("KEY"):
        made.primary = True
    elif parser.then("UNIQUE"):
        parser.then("KEY")
        made.unique = True
    elif parser.then("DEFAULT"):
        _default(parser, made)
    elif parser.then("COMMENT"):
        parser.take("string")
    elif parser.then("COLLATE") or parser.then("CHARSET") or parser.then("CHARACTER", "SET"):
        parser.then("=")
        parser.take("word", "string")
    elif parser.then("ON", "UPDATE"):
        parser.take("word")
        if parser.then("("):
            parser.must(")")
    elif parser.then("FIRST"):
        pass
    elif parser.then("AFTER"):
        parser.name()
    else:
        return False
    return True


def _default(parser: Parser, made: ColumnDefinition) -> None:
    made.has_default = True
    if parser.then("NULL"):
        return
    if parser.sees("CURRENT_TIMESTAMP", "NOW"):
        parser.at += 1
        if parser.then("("):
            parser.must(")")
        made.default = "current_timestamp()"
        return
    negative = parser.then("-")
    token = parser.take("string", "number")
    made.default = ("-" if negative else "") + plain(token.text[:1024])


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
            parser.listed(lambda: _element(parser, made))
            parser.must(")")
        elif not parser.sees("AS", "SELECT"):
            raise parser.fail()
        while not parser.ends() and not parser.sees("AS", "SELECT"):
            parser.at += 1
        parser.then("AS")
        if not parser.ends():
            query = parse_select(parser)
    tables = _tables(scope.visitor, database)
    if name in tables:
        if exists:
            return Done(0, 0, 1)
        raise StatementError(1050, "42S01", f"Table '{name}' already exists")
    if query is not None:
        _fill(made, selected(query, scope))
    _check(made)
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


def _element(parser: Parser, made: Stored) -> None:
    if not parser.sees(*_END):
        made.columns.append(column(parser))
        return
    if parser.then("CONSTRAINT") and not parser.sees("PRIMARY", "UNIQUE", "FOREIGN", "CHECK"):
        parser.name()
    primary, unique = parser.then("PRIMARY", "KEY"), parser.then("UNIQUE")
    while not parser.sees("(") and not parser.ends():
        parser.at += 1
    names = [one.lower() for one in parser.bracketed(lambda: _key_part(parser))]
    while not parser.sees(",", ")") and not parser.ends():
        if parser.then("("):
            while not parser.then(")"):
                parser.take("word", "name", "operator", "number", "string")
        else:
            parser.at += 1
    if primary or unique:
        for one in made.columns:
            if one.name.lower() in names:
                one.primary = one.primary or primary
                one.not_null = one.not_null or primary
                one.unique = one.unique or (unique and len(names) == 1)


def _key_part(parser: Parser) -> str:
    name = parser.name()
    if parser.then("("):
        parser.take("number")
        parser.must(")")
    if not parser.then("ASC"):
        parser.then("DESC")
    return name


def _check(made: Stored) -> None:
    if not made.columns:
        raise StatementError(1113, "42000", "A table must have at least 1 column")
    seen: set[str] = set()
    for one in made.columns:
        if one.name.lower() in seen:
            raise StatementError(1060, "42S21", f"Duplicate column name '{one.name}'")
        seen.add(one.name.lower())
    if len(made.columns) > MOST_COLUMNS:
        raise StatementError(1117, "HY000", "Too many columns")
    auto = [one for one in made.columns if one.auto]
    if len(auto) > 1 or any(not (one.primary or one.unique) for one in auto):
        raise StatementError(
            1075,
            "42000",
            "Incorrect table definition; there can be only one auto column and it must be defined as a key",
        )


def _tables(visitor: Visitor, database: str) -> dict[str, Stored]:
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
        _forget(scope.visitor, tables, name)
    if missing and not exists:
        raise StatementError(1051, "42S02", f"Unknown table '{','.join(missing)}'")
    return Done(0, 0, len(missing))


def _forget(visitor: Visitor, tables: dict[str, Stored], name: str) -> None:
    table = tables.pop(name)
    visitor.catalogue.changed = True
    visitor.catalogue.give_back(name, *(one.name for one in table.columns))
    visitor.catalogue.take(-table_weight(table))


def forget_database(visitor: Visitor, name: str) -> int:
    """Drop a database that is there; return how many tables it had."""
    tables = visitor.catalogue.databases[name]
    count = len(tables)
    for title in list(tables):
        _forget(visitor, tables, title)
    del visitor.catalogue.databases[name]
    visitor.catalogue.changed = True
    visitor.catalogue.give_back(name)
    if visitor.database == name:
        visitor.database = ""
    return count


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
    tables = _tables(scope.visitor, database)
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
        _renamed(scope, database, name, other, new)
    return Done()


def _renamed(scope: Scope, database: str, name: str, other: str, new: str) -> None:
    place, _ = table_of(scope.visitor, database, name)
    tables = _tables(scope.visitor, other or place)
    if new in tables:
        raise StatementError(1050, "42S01", f"Table '{new}' already exists")
    moved = scope.visitor.catalogue.databases.get(place, {}).pop(name, None)
    if moved is not None:
        tables[new] = moved


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
    parser.listed(lambda: _alteration(parser, scope, table, place, name))
    if not parser.ends():
        raise parser.fail()
    return Done(0, 0, 0, "Records: 0  Duplicates: 0  Warnings: 0")


def _alteration(parser: Parser, scope: Scope, table: Stored, database: str, name: str) -> None:  # noqa: C901
    if parser.then("ADD"):
        parser.then("COLUMN")
        if parser.sees(*_END):
            _element(parser, table)
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
        _renamed(scope, database, name, *parser.path())
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


def definition(name: str, table: Stored) -> str:
    """Return what SHOW CREATE TABLE says."""
    lines = []
    for one in table.columns:
        line = f"  `{one.name}` {one.type_text}" + (
            " NOT NULL" if one.not_null else " NULL" if one.kind == "timestamp" else ""
        )
        if one.auto:
            line += " AUTO_INCREMENT"
        elif one.default is not None:
            number = str(one.default).removeprefix("-").replace(".", "", 1).isdecimal() and one.kind not in (
                "varchar",
                "char",
                "text",
            )
            line += (
                f" DEFAULT {one.default if number or one.default == 'current_timestamp()' else repr(str(one.default))}"
            )
        elif not one.not_null and one.kind != "blob":
            line += " DEFAULT NULL"
        lines.append(line)
    if keys := [f"`{one.name}`" for one in table.columns if one.primary]:
        lines.append(f"  PRIMARY KEY ({','.join(keys)})")
    lines += [f"  UNIQUE KEY `{one.name}` (`{one.name}`)" for one in table.columns if one.unique and not one.primary]
    counted = (
        f" AUTO_INCREMENT={table.next_number}"
        if table.next_number > 1 and any(one.auto for one in table.columns)
        else ""
    )
    inside = ",\n".join(lines)
    return f"CREATE TABLE `{name}` (\n{inside}\n) ENGINE=InnoDB{counted} DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci"  # noqa: E501
