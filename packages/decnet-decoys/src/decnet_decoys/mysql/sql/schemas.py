# SPDX-License-Identifier: MIT
"""Finds tables: those of visitors and personas, and those that the server makes when they are looked at."""

from functools import cache
from importlib.resources import files
from typing import Final

import msgspec

from decnet_decoys.mysql.catalogue import Visitor
from decnet_decoys.mysql.sql.budget import step
from decnet_decoys.mysql.sql.evaluation.scopes import StatementError
from decnet_decoys.mysql.sql.tables import ColumnDefinition, Stored

INFORMATION: Final = "information_schema"


def columns(*described: str) -> list[ColumnDefinition]:
    """Return columns by name, type and size: `User char 128`; an exclamation mark is NOT NULL."""
    made = []
    for one in described:
        words = one.removesuffix("!").split()
        unsigned = words[-1] == "unsigned"
        name, kind, *size = words[: len(words) - unsigned]
        sizes = tuple(map(int, size))
        made.append(
            ColumnDefinition(name, kind, sizes, unsigned=unsigned, not_null=one.endswith("!"), has_default=True)
        )
    return made


def no_database() -> StatementError:
    return StatementError(1046, "3D000", "No database selected")


def unknown_database(name: str) -> StatementError:
    return StatementError(1049, "42000", f"Unknown database '{name}'")


def of_the_server(visitor: Visitor) -> StatementError:
    """Return the error of a statement that would change the information schema."""
    return StatementError(1044, "42000", f"Access denied for user '{visitor.user}'@'%' to database '{INFORMATION}'")


def find(visitor: Visitor, database: str, name: str) -> tuple[str, Stored | None]:
    """Return the database that is meant and the table, None when it is not there; raises StatementError."""
    database = database or visitor.database
    if not database:
        raise no_database()
    if database.lower() == INFORMATION:
        return INFORMATION, _information(visitor, name.lower())
    tables = visitor.catalogue.databases.get(database)
    if tables is None:
        return database, None
    table = tables.get(name)
    if table is None and database == "mysql":
        return database, _of_mysql(visitor, name)
    return database, table


def table_of(visitor: Visitor, database: str, name: str) -> tuple[str, Stored]:
    """Return a table and its database; raises StatementError."""
    found, table = find(visitor, database, name)
    if table is None:
        if found == INFORMATION:
            raise StatementError(1109, "42S02", f"Unknown table '{name}' in information_schema")
        raise StatementError(1146, "42S02", f"Table '{found}.{name}' doesn't exist")
    return found, table


_USER: Final = (
    "Host char 255!",
    "User char 128!",
    "Password longtext",
    "Select_priv varchar 1",
    "Insert_priv varchar 1",
    "Update_priv varchar 1",
    "Delete_priv varchar 1",
    "Create_priv varchar 1",
    "Drop_priv varchar 1",
    "Reload_priv varchar 1",
    "Shutdown_priv varchar 1",
    "Process_priv varchar 1",
    "File_priv varchar 1",
    "Grant_priv varchar 1",
    "Super_priv varchar 1",
    "plugin longtext!",
    "authentication_string longtext!",
)
_MYSQL_NAMES: Final = (
    "column_stats",
    "columns_priv",
    "db",
    "event",
    "func",
    "general_log",
    "global_priv",
    "gtid_slave_pos",
    "help_category",
    "help_keyword",
    "help_relation",
    "help_topic",
    "index_stats",
    "innodb_index_stats",
    "innodb_table_stats",
    "plugin",
    "proc",
    "procs_priv",
    "proxies_priv",
    "roles_mapping",
    "servers",
    "slow_log",
    "table_stats",
    "tables_priv",
    "time_zone",
    "time_zone_leap_second",
    "time_zone_name",
    "time_zone_transition",
    "time_zone_transition_type",
    "transaction_registry",
    "user",
)
_MYSQL: Final = {
    "func": ("name char 64!", "ret tinyint 1!", "dl char 128!", "type varchar 9!"),
    "plugin": ("name varchar 64!", "dl varchar 128!"),
    "db": ("Host char 255!", "Db char 64!", "User char 128!", "Select_priv varchar 1!", "Insert_priv varchar 1!"),
    "global_priv": ("Host char 255!", "User char 128!", "Priv longtext!"),
    "tables_priv": ("Host char 255!", "Db char 64!", "User char 128!", "Table_name char 64!"),
}


def _of_mysql(visitor: Visitor, name: str) -> Stored | None:
    if name == "user":
        rows = []
        for user, one in visitor.catalogue.accounts.listed():
            secret = one.password_hash
            rows.append((one.host, user, secret, *"YYYYYYYYYYYY", "mysql_native_password", secret))
        return Stored(columns(*_USER), rows)
    if name == "func":
        found = [(one, 0, "lib.so", "function") for one in sorted(visitor.catalogue.functions)]
        return Stored(columns(*_MYSQL["func"]), list(found))
    return (
        Stored(columns(*_MYSQL[name]))
        if name in _MYSQL
        else Stored(columns("name char 64!"))
        if name in _MYSQL_NAMES
        else None
    )


def names_of(visitor: Visitor, database: str) -> list[str]:
    """Return the names of a database's tables, in order."""
    if database == INFORMATION:
        return [name.upper() for name in information_columns()]
    own = visitor.catalogue.databases.get(database, {})
    step(1 + len(own))
    return sorted({*own, *(_MYSQL_NAMES if database == "mysql" else ())})


@cache
def information_columns() -> dict[str, list[str]]:
    """Return the tables of the information schema of MariaDB 10.11, by name in small letters, with their columns."""
    data = files("decnet_decoys.mysql").joinpath("information_columns.json").read_bytes()
    return msgspec.json.decode(data, type=dict[str, list[str]])


def _information(visitor: Visitor, name: str) -> Stored | None:
    from decnet_decoys.mysql.sql.information import rows_of  # which finds tables here

    described = information_columns().get(name)
    if described is None:
        return None
    made = columns(*described)
    for one in made:
        one.has_default = False  # which is how the server describes them
    empty = {one.name: None if not one.not_null else "" if one.kind in ("varchar", "longtext") else 0 for one in made}
    rows = []
    for row in rows_of(visitor, name):
        step(2 + len(made) // 4)
        rows.append(tuple((empty | row).values()))
    return Stored(made, rows)
