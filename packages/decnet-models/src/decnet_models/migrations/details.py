# SPDX-License-Identifier: MIT
"""Compares what neither Alembic nor `keys` does: defaults, sequences, partial indexes, and triggers.

None of these fails loudly: without AUTOINCREMENT a row number may be reused, and a cursor that has passed it never sees
the new row; a foreign trigger or default changes what workers write.
"""

import re
from collections.abc import Iterator

from sqlalchemy import Connection, MetaData, Table, inspect, text

_DEFINITIONS = {
    "sqlite": "SELECT type, tbl_name, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type, name",
    "postgresql": """
        SELECT 'index', tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()
        UNION ALL
        SELECT 'trigger', c.relname, t.tgname, '' FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace
        ORDER BY 1, 3
    """,
}
_OTHERWISE = re.compile(r"\b(?:WHERE|DESC|INCLUDE|COLLATE)\b.*", re.IGNORECASE | re.DOTALL)
"""Clauses that none of our indexes has."""


def detail_differences(connection: Connection, declared: MetaData) -> Iterator[str]:
    """Yield how the database differs in these from the declared tables."""
    present = set(inspect(connection).get_table_names())
    tables = {table.name: table for table in declared.sorted_tables if table.name in present}
    for table in tables.values():
        yield from _defaults(connection, table)
    for kind, table, name, definition in connection.execute(text(_DEFINITIONS[connection.dialect.name])):
        if table not in tables:
            continue
        if kind == "trigger":
            yield f"remove trigger {table}.{name}"
        elif kind == "index" and (odd := _OTHERWISE.search(definition)):
            yield f"index {table}.{name} is another one: {odd[0]}"
        elif kind == "table":
            yield from _sqlite_table(tables[table], definition.upper())


def _defaults(connection: Connection, table: Table) -> Iterator[str]:
    numbered = connection.dialect.name == "postgresql"
    for column in inspect(connection).get_columns(table.name):
        declared = table.columns.get(column["name"])
        if declared is None:
            continue
        has = _plain(column["default"])
        wants = _plain(getattr(declared.server_default, "arg", None))
        if numbered and declared.autoincrement is True:
            wants = f"nextval({table.name}_{declared.name}_seq)"
        if has != wants:
            yield f"default of {table.name}.{declared.name} is {has}, the class says {wants}"


def _plain(default: object) -> str | None:
    """Return a default without quotes and without the type that PostgreSQL adds: `'0'::bigint` is 0, `true` is 1."""
    if default is None:
        return None
    plain = re.sub(r"::[\w ]+|['\"]", "", str(default))
    return {"true": "1", "false": "0"}.get(plain, plain)


def _sqlite_table(table: Table, definition: str) -> Iterator[str]:
    options = table.dialect_options["sqlite"]
    wanted = {"AUTOINCREMENT": options["autoincrement"], "WITHOUT ROWID": not options["with_rowid"]}
    for words, wants in wanted.items():
        if (words in definition) != wants:
            yield f"table {table.name} is{'' if wants else ' not'} to be made {words}"
