# SPDX-License-Identifier: MIT
"""The rows of the information schema's tables: what the catalogue holds, as MariaDB 10.11 tells it."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from decnet_decoys.mysql.catalogue import Visitor
from decnet_decoys.mysql.sql.budget import step
from decnet_decoys.mysql.sql.schemas import INFORMATION, find, names_of
from decnet_decoys.mysql.sql.tables import ColumnDefinition, Stored
from decnet_decoys.mysql.state.server_state import shown_variables
from decnet_decoys.mysql.state.shown_lists import shown_lists

_Row = dict[str, str | int | None]
_CHARACTERS, _COLLATION = "utf8mb4", "utf8mb4_general_ci"
_LONGEST: Final = {"tinytext": 255, "text": 65535, "mediumtext": 16777215, "longtext": 4294967295,
                   "tinyblob": 255, "blob": 65535, "mediumblob": 16777215, "longblob": 4294967295}  # fmt: skip
_DIGITS: Final = {"tinyint": 3, "smallint": 5, "mediumint": 7, "int": 10, "bigint": 19, "float": 12, "double": 22}
_PAGE: Final = 16384
"""Bytes that an index of InnoDB takes at least."""


def rows_of(visitor: Visitor, name: str) -> Sequence[_Row]:
    """Return the rows of a table; columns that a row does not have are empty."""
    made = _ROWS.get(name)
    return () if made is None else list(made(visitor))


def _schemata(visitor: Visitor) -> Iterator[_Row]:
    for name in sorted(visitor.catalogue.databases):
        yield {
            "CATALOG_NAME": "def", "SCHEMA_NAME": name, "DEFAULT_CHARACTER_SET_NAME": _CHARACTERS,
            "DEFAULT_COLLATION_NAME": _COLLATION,
        }  # fmt: skip


def _own(visitor: Visitor) -> Iterator[tuple[str, str, Stored | None]]:
    """Return all tables, with their databases."""
    for database in sorted(visitor.catalogue.databases):
        for name in names_of(visitor, database):
            step()
            yield database, name, visitor.catalogue.databases[database].get(name)


def _tables(visitor: Visitor) -> Iterator[_Row]:
    catalogue = visitor.catalogue
    made = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(catalogue.started - catalogue.up))
    for database, name, table in _own(visitor):
        row: _Row = {"TABLE_CATALOG": "def", "TABLE_SCHEMA": database, "TABLE_NAME": name}
        if database == INFORMATION:
            yield row | {"TABLE_TYPE": "SYSTEM VIEW"}
            continue
        if table is not None and table.query:
            yield row | {"TABLE_TYPE": "VIEW", "TABLE_COMMENT": "VIEW"}
            continue
        count = len(table.rows) if table is not None else 0
        keys = sum(one.unique and not one.primary for one in table.columns) if table is not None else 0
        counts = table is not None and any(one.auto for one in table.columns)
        yield row | {
            "TABLE_TYPE": "BASE TABLE", "ENGINE": "InnoDB", "VERSION": 10, "ROW_FORMAT": "Dynamic",
            "TABLE_ROWS": count, "AVG_ROW_LENGTH": _PAGE // count if count else 0, "DATA_LENGTH": _PAGE,
            "MAX_DATA_LENGTH": 0, "INDEX_LENGTH": keys * _PAGE, "DATA_FREE": 0,
            "AUTO_INCREMENT": table.next_number if counts and table is not None else None, "CREATE_TIME": made,
            "TABLE_COLLATION": _COLLATION, "CREATE_OPTIONS": "", "MAX_INDEX_LENGTH": 0, "TEMPORARY": "N",
        }  # fmt: skip


def _columns(visitor: Visitor) -> Iterator[_Row]:
    for database, name, own in _own(visitor):
        if database == INFORMATION:
            continue
        table = own if own is not None else find(visitor, database, name)[1]
        for place, one in enumerate(table.columns if table is not None else (), 1):
            step(2 + len(one.choices))
            yield {
                "TABLE_CATALOG": "def", "TABLE_SCHEMA": database, "TABLE_NAME": name, "COLUMN_NAME": one.name,
                "ORDINAL_POSITION": place, "COLUMN_DEFAULT": _default(one),
                "IS_NULLABLE": "NO" if one.not_null else "YES",
                "DATA_TYPE": one.kind, "COLUMN_TYPE": one.type_text, "COLUMN_KEY": _key(one),
                "EXTRA": "auto_increment" if one.auto else "", "PRIVILEGES": "select,insert,update,references",
                "IS_GENERATED": "NEVER", **_measures(one),
            }  # fmt: skip


def _default(one: ColumnDefinition) -> str | None:
    if one.default is None:
        return None if one.not_null else "NULL"
    words = str(one.default)
    return words if isinstance(one.default, int) or words.endswith("()") else f"'{words}'"


def _key(one: ColumnDefinition) -> str:
    return "PRI" if one.primary else "UNI" if one.unique else ""


def _measures(one: ColumnDefinition) -> _Row:
    """Return how long or how precise a column's values are."""
    if one.kind in ("char", "varchar", "enum", "set") or one.kind.endswith("text"):
        texts: _Row = {"CHARACTER_SET_NAME": _CHARACTERS, "COLLATION_NAME": _COLLATION}
        if one.kind.endswith("text"):
            return texts | {
                "CHARACTER_MAXIMUM_LENGTH": _LONGEST[one.kind],
                "CHARACTER_OCTET_LENGTH": _LONGEST[one.kind],
            }
        size = max(map(len, one.choices), default=0) if one.choices else (*one.sizes, 1)[0]
        return texts | {"CHARACTER_MAXIMUM_LENGTH": size, "CHARACTER_OCTET_LENGTH": 4 * size}
    if one.kind.endswith(("binary", "blob")):
        size = _LONGEST.get(one.kind, (*one.sizes, 1)[0])
        return {"CHARACTER_MAXIMUM_LENGTH": size, "CHARACTER_OCTET_LENGTH": size}
    if one.kind == "decimal":
        digits, decimals = (*one.sizes, 0, 0)[:2] if one.sizes else (10, 0)
        return {"NUMERIC_PRECISION": digits, "NUMERIC_SCALE": decimals}
    if one.kind in _DIGITS:
        digits = _DIGITS[one.kind] + (one.unsigned and one.kind in ("mediumint", "bigint"))
        return {"NUMERIC_PRECISION": digits, "NUMERIC_SCALE": 0 if one.kind.endswith("int") else None}
    return {"DATETIME_PRECISION": (*one.sizes, 0)[0]} if one.kind in ("datetime", "timestamp", "time") else {}


def _keys(visitor: Visitor) -> Iterator[tuple[str, str, str, ColumnDefinition, Stored]]:
    """Return the columns that are keys, with the names of database, table and key."""
    for database, name, table in _own(visitor):
        for one in table.columns if table is not None and not table.query else ():
            if table is not None and (one.primary or one.unique):
                step()
                yield database, name, "PRIMARY" if one.primary else one.name, one, table


def _statistics(visitor: Visitor) -> Iterator[_Row]:
    for database, name, key, one, table in _keys(visitor):
        yield {
            "TABLE_CATALOG": "def", "TABLE_SCHEMA": database, "TABLE_NAME": name, "NON_UNIQUE": 0,
            "INDEX_SCHEMA": database, "INDEX_NAME": key, "SEQ_IN_INDEX": 1, "COLUMN_NAME": one.name, "COLLATION": "A",
            "CARDINALITY": len(table.rows), "NULLABLE": "" if one.not_null else "YES", "INDEX_TYPE": "BTREE",
            "COMMENT": "", "IGNORED": "NO",
        }  # fmt: skip


def _key_columns(visitor: Visitor) -> Iterator[_Row]:
    for database, name, key, one, _ in _keys(visitor):
        yield {
            "CONSTRAINT_CATALOG": "def", "CONSTRAINT_SCHEMA": database, "CONSTRAINT_NAME": key, "TABLE_CATALOG": "def",
            "TABLE_SCHEMA": database, "TABLE_NAME": name, "COLUMN_NAME": one.name, "ORDINAL_POSITION": 1,
        }  # fmt: skip


def _constraints(visitor: Visitor) -> Iterator[_Row]:
    for database, name, key, one, _ in _keys(visitor):
        yield {
            "CONSTRAINT_CATALOG": "def", "CONSTRAINT_SCHEMA": database, "CONSTRAINT_NAME": key,
            "TABLE_SCHEMA": database, "TABLE_NAME": name,
            "CONSTRAINT_TYPE": "PRIMARY KEY" if one.primary else "UNIQUE",
        }  # fmt: skip


def _views(visitor: Visitor) -> Iterator[_Row]:
    for database, name, table in _own(visitor):
        if table is not None and table.query:
            yield {
                "TABLE_CATALOG": "def", "TABLE_SCHEMA": database, "TABLE_NAME": name, "VIEW_DEFINITION": table.query,
                "CHECK_OPTION": "NONE", "IS_UPDATABLE": "YES", "DEFINER": "root@%", "SECURITY_TYPE": "DEFINER",
                "CHARACTER_SET_CLIENT": "utf8mb4", "COLLATION_CONNECTION": _COLLATION, "ALGORITHM": "UNDEFINED",
            }  # fmt: skip


def _privileges(visitor: Visitor) -> Iterator[_Row]:
    for user, one in visitor.catalogue.accounts.listed():
        for kind in ("SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "FILE", "SUPER"):
            yield {
                "GRANTEE": f"'{user}'@'{one.host}'", "TABLE_CATALOG": "def", "PRIVILEGE_TYPE": kind,
                "IS_GRANTABLE": "YES" if one.grants else "NO",
            }  # fmt: skip


def _variables(visitor: Visitor) -> Iterator[_Row]:
    for name, shown in shown_variables(visitor.catalogue, visitor.settings).items():
        yield {"VARIABLE_NAME": name.upper(), "VARIABLE_VALUE": shown}


def _processes(visitor: Visitor) -> Iterator[_Row]:
    yield {
        "ID": visitor.number, "USER": visitor.user, "HOST": visitor.address, "DB": visitor.database or None,
        "COMMAND": "Query", "TIME": 0, "STATE": "Filling schema table", "INFO": "",
    }  # fmt: skip


def _shown(name: str, *titles: str) -> Callable[[Visitor], Iterator[_Row]]:
    """Return what makes rows of a list that SHOW shows, whose columns have those names here."""

    def rows(_visitor: Visitor) -> Iterator[_Row]:
        for row in shown_lists()[name].rows:
            yield dict(zip(titles, row, strict=False))

    return rows


_ROWS: Final[dict[str, Callable[[Visitor], Iterator[_Row]]]] = {
    "schemata": _schemata,
    "tables": _tables,
    "columns": _columns,
    "statistics": _statistics,
    "key_column_usage": _key_columns,
    "table_constraints": _constraints,
    "views": _views,
    "user_privileges": _privileges,
    "global_variables": _variables,
    "session_variables": _variables,
    "processlist": _processes,
    "engines": _shown("ENGINES", "ENGINE", "SUPPORT", "COMMENT", "TRANSACTIONS", "XA", "SAVEPOINTS"),
    "character_sets": _shown("CHARACTER SET", "CHARACTER_SET_NAME", "DESCRIPTION", "DEFAULT_COLLATE_NAME", "MAXLEN"),
    "plugins": _shown("PLUGINS", "PLUGIN_NAME", "PLUGIN_STATUS", "PLUGIN_TYPE", "PLUGIN_LIBRARY", "PLUGIN_LICENSE"),
}
